"""Push: what one says, where it goes, and those who carry it (Web Push, FCM, APNs)."""

from .apns import Apns, ApnsKey
from .device import Device, Platform, Pusher, Unusable
from .exchange import trusting
from .fcm import Fcm
from .google import ServiceAccount
from .outcome import Gone, Outcome, Rejected, Retry, Sent
from .payload import Payload, Urgency
from .pushers import Pushers
from .vapid import Vapid, VapidKeys
from .webpush import WebPush

__all__ = [
    "Apns",
    "ApnsKey",
    "Device",
    "Fcm",
    "Gone",
    "Outcome",
    "Payload",
    "Platform",
    "Pusher",
    "Pushers",
    "Rejected",
    "Retry",
    "Sent",
    "ServiceAccount",
    "Unusable",
    "Urgency",
    "Vapid",
    "VapidKeys",
    "WebPush",
    "trusting",
]

"""Notifications: what a person wants to hear of, what they are told, and why."""

from .delivery import Target, deliver, list_targets, record_outcome
from .device import NewApns, NewDevice, NewFcm, NewWebPush, PushDevice, SubscriptionKeys
from .devices import delete_device, forget_devices, get_device, list_devices, register_device
from .errors import DeviceNotFound, PlatformNotSetUp, ScopeNotFound, WebPushNotSetUp
from .events import DurableEvent, NotificationPreferencesUpdated, QuietHoursUpdated
from .explaining import Explained, explain
from .facts import Action, Decision, Explicit, Facts, State, Verdict
from .jobs import SendTestPush, send_test_push
from .kinds import CHANNELS, KINDS, Channel, Kind, KindTraits, Reach
from .preference import (
    GlobalPreference,
    GlobalPreferenceChange,
    Instant,
    Preference,
    PreferenceChange,
    PushPrivacy,
)
from .preferences import (
    change_global_preference,
    change_preference,
    forget_preference,
    forget_scope,
    get_global_preference,
    get_preference,
    list_preferences,
)
from .providers import open_pushers
from .quiet import QuietHours, Window, quiet_until
from .quiet_hours import NewQuietHours, QuietHoursShown, get_quiet_hours, set_quiet_hours
from .recipients import Recipient, get_recipients
from .record import keep_record
from .resolve import resolve
from .rules import RULES, Rule
from .scopes import DEFAULT_LEVELS, Level, PlaceKind, Scope, ScopeKind, conversation

__all__ = [
    "CHANNELS",
    "DEFAULT_LEVELS",
    "KINDS",
    "RULES",
    "Action",
    "Channel",
    "Decision",
    "DeviceNotFound",
    "DurableEvent",
    "Explained",
    "Explicit",
    "Facts",
    "GlobalPreference",
    "GlobalPreferenceChange",
    "Instant",
    "Kind",
    "KindTraits",
    "Level",
    "NewApns",
    "NewDevice",
    "NewFcm",
    "NewQuietHours",
    "NewWebPush",
    "NotificationPreferencesUpdated",
    "PlaceKind",
    "PlatformNotSetUp",
    "Preference",
    "PreferenceChange",
    "PushDevice",
    "PushPrivacy",
    "QuietHours",
    "QuietHoursShown",
    "QuietHoursUpdated",
    "Reach",
    "Recipient",
    "Rule",
    "Scope",
    "ScopeKind",
    "ScopeNotFound",
    "SendTestPush",
    "State",
    "SubscriptionKeys",
    "Target",
    "Verdict",
    "WebPushNotSetUp",
    "Window",
    "change_global_preference",
    "change_preference",
    "conversation",
    "delete_device",
    "deliver",
    "explain",
    "forget_devices",
    "forget_preference",
    "forget_scope",
    "get_device",
    "get_global_preference",
    "get_preference",
    "get_quiet_hours",
    "get_recipients",
    "keep_record",
    "list_devices",
    "list_preferences",
    "list_targets",
    "open_pushers",
    "quiet_until",
    "record_outcome",
    "register_device",
    "resolve",
    "send_test_push",
    "set_quiet_hours",
]

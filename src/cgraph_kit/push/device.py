"""Where pushes go, and who carries them."""

from datetime import datetime
from typing import ClassVar, Literal, Protocol

import msgspec

from .outcome import Outcome
from .payload import Payload

Platform = Literal["webpush", "fcm", "apns"]


class Device(msgspec.Struct, frozen=True):
    """One token, as a provider gave it to an app or a browser."""

    platform: Platform
    token: str
    """Of webpush the endpoint's URL."""
    registered_at: datetime
    """When the app last brought this token."""
    p256dh: str = ""
    """The browser's public key and …"""
    auth: str = ""
    """… its secret, both base64url; for webpush only."""

    def __repr__(self) -> str:
        """Who holds a token can push, so it is kept out of logs."""
        return f"Device({self.platform!r}, …)"


class Unusable(ValueError):
    """A token that could never be pushed to: `field` says which part, `reason` why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


class Pusher(Protocol):
    """Carries pushes to the devices of one platform."""

    platform: ClassVar[Platform]

    def check(self, device: Device) -> None:
        """Whether a device looks as those of this platform do; nobody is asked. Raises `Unusable`."""
        ...

    async def send(self, device: Device, payload: Payload) -> Outcome:
        """Hand one push over. Whatever the provider does is an outcome; what is raised is a bug."""
        ...

    async def close(self) -> None: ...

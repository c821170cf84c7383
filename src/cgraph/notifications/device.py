"""A push device: the token by which one app or one browser of a person is reached."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph_kit import push
from cgraph_kit.db import columns
from cgraph_kit.push import Platform
from cgraph_kit.validation import Input, Text

TOKEN_MAX = 2048
KEY_MAX = 200
Token = Annotated[Text, msgspec.Meta(min_length=1, max_length=TOKEN_MAX)]
Key = Annotated[Text, msgspec.Meta(min_length=1, max_length=KEY_MAX)]

ENDPOINT = "https://push.example.org/subscription/5f1c"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
"""The keys of RFC 8291 §5: examples."""


class SubscriptionKeys(Input, frozen=True):
    """Of a browser's subscription, in base64url."""

    p256dh: Annotated[Key, msgspec.Meta(examples=[P256DH])]
    auth: Annotated[Key, msgspec.Meta(examples=[AUTH])]


class NewWebPush(Input, frozen=True, tag_field="platform", tag="webpush"):
    """A browser's subscription, as `PushSubscription.toJSON()` has it."""

    endpoint: Annotated[Token, msgspec.Meta(examples=[ENDPOINT])]
    keys: SubscriptionKeys
    expiration_time: float | None = msgspec.field(name="expirationTime", default=None)
    """Milliseconds since 1970."""

    def device(self, now: datetime) -> push.Device:
        return push.Device("webpush", self.endpoint, now, self.keys.p256dh, self.keys.auth)

    @property
    def expires_at(self) -> datetime | None:
        """Raises `ValueError` for a time no calendar has."""
        if self.expiration_time is None:
            return None
        try:
            return datetime.fromtimestamp(self.expiration_time / 1000, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(str(error)) from None


class NewFcm(Input, frozen=True, tag_field="platform", tag="fcm"):
    """An app's registration token from Firebase."""

    token: Token

    def device(self, now: datetime) -> push.Device:
        return push.Device("fcm", self.token, now)

    @property
    def expires_at(self) -> None:
        return None


class NewApns(Input, frozen=True, tag_field="platform", tag="apns"):
    """An app's device token from Apple, in hexadecimal."""

    token: Annotated[Token, msgspec.Meta(examples=["a1" * 32])]

    def device(self, now: datetime) -> push.Device:
        # One token, however its hexadecimal is written.
        return push.Device("apns", self.token.lower(), now)

    @property
    def expires_at(self) -> None:
        return None


NewDevice = NewWebPush | NewFcm | NewApns


class PushDevice(msgspec.Struct, frozen=True):
    """What a person is shown of a device of theirs: not its token, for who has it can push."""

    id: UUID
    session_id: UUID
    """Where it was registered; the device ends with it."""
    platform: Platform
    inserted_at: datetime
    registered_at: datetime
    """When the app last brought the token."""
    expires_at: datetime | None
    """When the browser said the subscription would end."""
    last_sent_at: datetime | None
    """When a provider last took a push for it; right to ten seconds."""
    failing_since: datetime | None
    """Null: the last push was taken, or there has been none."""
    retry_at: datetime | None
    """While it fails: nothing is sent before."""
    disabled_at: datetime | None
    """Given up after a day of failure, until the app brings the token again or a test succeeds."""
    last_error: str | None
    last_error_at: datetime | None


PUSH_DEVICE = columns(PushDevice, "d")

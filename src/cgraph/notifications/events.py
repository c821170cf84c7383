"""What has happened to a person's notifications; for all their devices, durable in their own stream.

The payloads are the whole of what was changed: `Preference` or `GlobalPreference`, `QuietHoursShown`, or an entry of the
inbox. They hold no text of anybody: what was deleted would live on in the log.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from cgraph.accounts import UserEvent

from .notification import Notification


class NotificationPreferencesUpdated(UserEvent, frozen=True):
    """What is set at one scope has changed; all null: it is as the next wider scope has it."""

    type: ClassVar[str] = "notification_preferences_updated"


class QuietHoursUpdated(UserEvent, frozen=True):
    """Quiet hours were set anew."""

    type: ClassVar[str] = "quiet_hours_updated"


class InboxEntry(msgspec.Struct, frozen=True):
    """Payload of `notification_created` and `notification_updated`."""

    notification: Notification
    unread: int
    """Entries of the inbox that are unread now."""


class NotificationCreated(UserEvent, frozen=True):
    """There is a new entry in the inbox, or one that was read begins anew."""

    type: ClassVar[str] = "notification_created"


class NotificationUpdated(UserEvent, frozen=True):
    """More of the same happened, or some of it was taken back."""

    type: ClassVar[str] = "notification_updated"


class InboxMarked(msgspec.Struct, frozen=True):
    """Payload of `notifications_read`, `notifications_seen` and `notifications_removed`."""

    ids: Sequence[UUID] | None
    """Which; null: all whose `last_event_at` is not after `until`."""
    until: datetime | None
    unread: int


class NotificationsRead(UserEvent, frozen=True):
    """They were read, here or where they happened."""

    type: ClassVar[str] = "notifications_read"


class NotificationsSeen(UserEvent, frozen=True):
    """They were looked at, which is not to say read."""

    type: ClassVar[str] = "notifications_seen"


class NotificationsRemoved(UserEvent, frozen=True):
    """They are in the inbox no longer."""

    type: ClassVar[str] = "notifications_removed"


DurableEvent = (
    NotificationPreferencesUpdated
    | QuietHoursUpdated
    | NotificationCreated
    | NotificationUpdated
    | NotificationsRead
    | NotificationsSeen
    | NotificationsRemoved
)

"""What has happened to a person's notifications; for all their devices, durable in their own stream.

The payloads are the whole of what was changed: `Preference` or `GlobalPreference`, and `QuietHoursShown`.
"""

from typing import ClassVar

from cgraph.accounts import UserEvent


class NotificationPreferencesUpdated(UserEvent, frozen=True):
    """What is set at one scope has changed; all null: it is as the next wider scope has it."""

    type: ClassVar[str] = "notification_preferences_updated"


class QuietHoursUpdated(UserEvent, frozen=True):
    """Quiet hours were set anew."""

    type: ClassVar[str] = "quiet_hours_updated"


DurableEvent = NotificationPreferencesUpdated | QuietHoursUpdated

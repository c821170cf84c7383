"""A message to be said later: as it is asked for, and as its author sees it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, Self
from uuid import UUID

import msgspec

from cgraph.files import Attachment, NewAttachment
from cgraph_kit import clock
from cgraph_kit.db import columns
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, Text

from .access import Topic
from .calling import AllowedMentions

SOONEST = timedelta(minutes=1)
LATEST = timedelta(days=365)
AT_MOST_LATE = timedelta(hours=24)
"""What could not be said for so long (nobody was at work) is not said any more: its hour has gone."""


class NewScheduledMessage(Input, frozen=True):
    """Something to say, and when."""

    content: Text
    """Empty only where something comes with it."""
    send_at: datetime
    """A minute to a year from now."""
    reply_to_id: UUID | None = None
    """A message of the same conversation this one answers."""
    attachments: list[NewAttachment] = msgspec.field(default_factory=list)
    """Files that come with it, in this order."""
    allowed_mentions: AllowedMentions | None = None
    """Whom the text may call at most; null: whomever it names."""
    suppress_previews: bool = False
    """Show no previews of its links."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "send_at", _checked(self.send_at))


class ScheduledMessageChange(Input, frozen=True):
    """What shall be different about it."""

    content: Text | msgspec.UnsetType = msgspec.UNSET
    send_at: datetime | msgspec.UnsetType = msgspec.UNSET
    attachments: list[NewAttachment] | msgspec.UnsetType = msgspec.UNSET
    """All that shall come with it, in this order."""
    allowed_mentions: AllowedMentions | msgspec.UnsetType | None = msgspec.UNSET
    suppress_previews: bool | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if isinstance(self.send_at, datetime):
            msgspec.structs.force_setattr(self, "send_at", _checked(self.send_at))


class ScheduledMessage(msgspec.Struct, frozen=True):
    """A message that is not said yet; its author's alone."""

    id: UUID
    """When it is said, also its `client_id`."""
    conversation_id: UUID
    content: str
    reply_to_id: UUID | None
    send_at: datetime
    state: Literal["scheduled", "failed"]
    failure: str | None
    """Why it could not be said: an error's code."""
    inserted_at: datetime
    updated_at: datetime
    attachments: Sequence[Attachment] = ()
    allowed_mentions: AllowedMentions | None = None
    place: Topic = "conversation"
    """What `conversation_id` is the id of."""
    suppress_previews: bool = False
    """No previews of its links will be shown."""

    def changed(self, change: ScheduledMessageChange) -> Self:
        """With what the change gives, but for files; what had failed is tried again."""
        given = {name: getattr(change, name) for name in _GIVEN}
        values = {name: value for name, value in given.items() if value is not msgspec.UNSET}
        return msgspec.structs.replace(self, **values, state="scheduled", failure=None)


_GIVEN = ("content", "send_at", "allowed_mentions", "suppress_previews")
SCHEDULED = columns(ScheduledMessage, "s").replace(
    "s.attachments", "coalesce(s.attachments, '[]'::jsonb)"
)
"""Of what `typed` makes a `ScheduledMessage`."""
JOB = "send_scheduled"
"""The name of the job that says it; at most one waits for each message."""
GET = f"SELECT {SCHEDULED} FROM scheduled_messages s WHERE s.id = $1 AND s.sender_id = $2"


def typed(row: ScheduledMessage) -> ScheduledMessage:
    """A row as the driver has it, with what came with it as what it says."""
    return msgspec.convert(msgspec.structs.asdict(row), ScheduledMessage)


def _checked(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise Invalid.field("send_at", "must have a time zone")
    now = clock.now()
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise Invalid.field("send_at", "must be at most a year from now") from None
    if at < now + SOONEST:
        raise Invalid.field("send_at", "must be at least a minute from now")
    if at > now + LATEST:
        raise Invalid.field("send_at", "must be at most a year from now")
    return at

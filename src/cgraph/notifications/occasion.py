"""Something that happened, as it may concern one person: what contexts hand to `notify`."""

from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from .kinds import Kind
from .scopes import Scope


class Subject(msgspec.Struct, frozen=True):
    """What a notification is about: events of one kind about the same subject are one entry of the inbox."""

    type: str
    """`message`, `conversation`, `scheduled_message` …"""
    id: UUID


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """One event and one person whom it may concern."""

    user_id: UUID
    kind: Kind
    event_id: UUID
    """That of the message it made; else `event_id`."""
    happened_at: datetime
    """The event's own time, the same at every try."""
    subject: Subject
    actor_id: UUID | None = None
    """Who did it."""
    place: Scope | None = None
    seq: int | None = None
    """The event's number in the place's stream: who has read up to there has read it."""
    object_id: UUID | None = None
    """What is shown of it, in the place's own words: the message."""
    gone: bool = False
    may_see: bool = True
    read: bool = False
    urgent: bool = False


def event_id(stream_id: UUID, seq: int) -> UUID:
    """The id of an event that made nothing with an id of its own."""
    return uuid5(stream_id, str(seq))

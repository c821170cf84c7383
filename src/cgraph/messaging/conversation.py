"""A conversation: as it is asked for, and as one of its people sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input

from .content import is_blank
from .policy import Kind

SHOWN = 10
"""Participants shown in a list of conversations; `participant_count` counts all."""

MessageTtl = Annotated[int, msgspec.Meta(ge=30, le=2_419_200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]


def check_name(name: str | None) -> None:
    """Raise `Invalid` for a name that shows nothing."""
    if name is not None and is_blank(name):
        raise Invalid.field("name", "can't be blank")


class NewConversation(Input, frozen=True):
    """With whom to talk: nobody or only oneself for notes to self, one other person, or several for a group."""

    participant_ids: Annotated[list[UUID], msgspec.Meta(max_length=1000)]
    name: Name | None = None
    """Of a group."""


class NewGroup(Input, frozen=True):
    """A group of oneself and others."""

    participant_ids: Annotated[list[UUID], msgspec.Meta(max_length=1000)]
    name: Name | None = None


class ConversationChange(Input, frozen=True):
    """What shall be different: name and owner are a group's alone."""

    name: Name | msgspec.UnsetType | None = msgspec.UNSET
    owner_id: UUID | msgspec.UnsetType = msgspec.UNSET
    """Hands the conversation over."""
    message_ttl: MessageTtl | msgspec.UnsetType | None = msgspec.UNSET
    """Seconds after which what is said from now on disappears: 30 to four weeks; null: it stays."""


class LastMessage(msgspec.Struct, frozen=True):
    """The newest message, for a list of conversations."""

    id: UUID
    seq: int
    kind: str
    content: str
    """Its first 200 characters; empty once deleted."""
    sender_id: UUID | None
    sender_name: str | None
    data: dict[str, Any] | None
    inserted_at: datetime
    deleted_at: datetime | None
    attached: Sequence[str] = ()
    """The content types of what came with it."""
    voice: bool = False


class Conversation(msgspec.Struct, frozen=True):
    """A conversation as one of its people sees it."""

    id: UUID
    kind: Kind
    name: str | None
    owner_id: UUID | None
    participants: Sequence[Person]
    """At most ten, the longest there first."""
    participant_count: int
    read_only: bool
    """Nothing can be said in it any more."""
    seq: int
    """Last number of its stream."""
    last_message: LastMessage | None
    active_at: datetime
    unread: int
    mentions: int
    """Unread messages that mention the reader."""
    read_seq: int
    marked_unread: bool
    muted: bool
    muted_until: datetime | None
    """With `muted`, None: for good."""
    archived: bool
    """Put away, and nobody has mentioned the reader since."""
    message_ttl: int | None
    """Seconds after which what is said now disappears; None: it stays."""
    inserted_at: datetime

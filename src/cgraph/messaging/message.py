"""A message: as it is given, as the log keeps it, and as a reader sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph.accounts import Actor, Person
from cgraph.files import Attachment, NewAttachment
from cgraph.previews import Preview
from cgraph_kit.validation import NO_NUL, Input, Text

from .attaching import NewVoice, Voice
from .calling import AllowedMentions

TEXT = "text"
"""The kind of what people say. Only these count as unread."""
PREVIEW = 200
"""Code points of a message that are shown where another answers it."""

ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=NO_NUL)]


class NewMessage(Input, frozen=True):
    """Something to say, or to show."""

    content: Text = ""
    """Empty only where something comes with it."""
    reply_to_id: UUID | None = None
    """A message of the same conversation this one answers."""
    client_id: ClientId | None = None
    """A name of the client's choice. The same again is not said again: the first answer comes back."""
    allowed_mentions: AllowedMentions | None = None
    """Whom the text may call at most; null: whomever it names."""
    attachments: list[NewAttachment] = msgspec.field(default_factory=list)
    """Files that come with it, in this order."""
    voice: NewVoice | None = None
    """It is somebody's voice: one attachment, and no text."""
    suppress_previews: bool = False
    """Show no previews of its links."""


class MessageEdit(Input, frozen=True):
    """What a message shall say instead; what is left out stays."""

    content: Text | UnsetType = UNSET
    client_id: ClientId | None = None
    """A name of the client's choice. The same again does not undo a later edit: the first answer comes back."""
    allowed_mentions: AllowedMentions | None = None
    """Whom the text may call at most; null: whomever it names."""
    attachments: list[NewAttachment] | UnsetType = UNSET
    """All that shall come with it, in this order: what did before and is not among them is taken away."""


class MessagePayload(msgspec.Struct, frozen=True):
    """A message as it was sent: payload of `new_message`, and what all later views of it begin with.

    Kinds other than `text` are system messages with an empty content; `data` holds their facts.
    """

    id: UUID
    conversation_id: UUID
    kind: str
    content: str
    sender_id: UUID | None
    sender: Person | None
    """None: the account is gone."""
    reply_to_id: UUID | None
    mentions: Sequence[UUID]
    data: dict[str, Any] | None
    inserted_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    client_id: str | None = None
    """The sender's name for it, so that their other views of it can be matched."""
    mention_roles: Sequence[UUID] = ()
    """In channels and threads: the roles it calls; the group's id is @everyone's, the place's own stands for @here."""
    attachments: Sequence[Attachment] = ()
    """Files that came with it."""
    voice: Voice | None = None
    """It is a voice message: its only attachment is the sound."""


class ReactionCount(msgspec.Struct, frozen=True):
    """One emoji on a message."""

    emoji: str
    count: int
    me: bool
    """Whether the reader gave it too."""


class Quoted(msgspec.Struct, frozen=True):
    """The message that another answers, as it is now."""

    id: UUID
    seq: int
    sender_id: UUID | None
    sender: Person | None
    kind: str
    content: str
    """Its first 200 characters."""
    attached: Sequence[str] = ()
    """The content types of what came with it."""
    voice: bool = False


class Message(msgspec.Struct, frozen=True):
    """A message as a reader sees it."""

    id: UUID
    conversation_id: UUID
    seq: int
    kind: str
    content: str
    """Empty once deleted."""
    sender_id: UUID | None
    sender: Person | None
    reply_to_id: UUID | None
    reply_to: Quoted | None
    """None also where the answered message was deleted, or is from before the reader's time."""
    mentions: Sequence[UUID]
    data: dict[str, Any] | None
    reactions: Sequence[ReactionCount]
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    deleted_by: UUID | None
    pinned_at: datetime | None
    pinned_by: UUID | None
    expires_at: datetime | None
    """When it disappears; None: it stays."""
    mention_roles: Sequence[UUID] = ()
    """In channels and threads: the roles it calls; the group's id is @everyone's, the place's own stands for @here."""
    attachments: Sequence[Attachment] = ()
    """Files that came with it."""
    voice: Voice | None = None
    """It is a voice message: its only attachment is the sound."""
    previews: Sequence[Preview] = ()
    """What the pages behind its links say of themselves; they come some moments after the message."""
    previews_suppressed: bool = False
    """Its author, or who manages messages here, wants none shown."""


def person(actor: Actor) -> Person:
    """Who acts, as shown beside what they do."""
    return Person(actor.id, actor.user_id, actor.username, actor.display_name, actor.avatar_url)

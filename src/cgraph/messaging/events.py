"""What has happened in conversations.

`ConversationEvent`s and `UserEvent`s are durable: written into a stream, with the payload that goes over the wire. Their
payload structs are here too, for the log holds them as they are. The others live only while they are told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from cgraph.accounts import UserEvent
from cgraph.files import Attachment
from cgraph.previews import Preview

from .access import Topic


class _Hideable(msgspec.Struct, frozen=True, kw_only=True):
    hidden_from: Sequence[UUID] = ()
    """Participants who are not told: it is about a message from before their time."""
    place: Topic = "conversation"
    """What kind of place it is."""


class ConversationEvent(_Hideable, frozen=True):
    """A durable event of a conversation, channel or thread, pushed as `type` on `topic`."""

    type: ClassVar[str]
    conversation_id: UUID
    seq: int
    payload: bytes
    """The JSON object clients get, `seq` included."""

    @property
    def topic(self) -> str:
        """Where it is told: `conversation:<id>`, `channel:<id>` or `thread:<id>`."""
        return f"{self.place}:{self.conversation_id}"


class MessageSent(ConversationEvent, frozen=True):
    """Somebody said something, or (`kind` other than `text`) something about the conversation itself changed."""

    type: ClassVar[str] = "new_message"
    id: UUID
    sender_id: UUID | None
    kind: str
    participant_ids: Sequence[UUID] | None
    """Whose lists of conversations this moves; None in conversations too large to tell each."""
    mentioned: Sequence[UUID] = ()
    enqueued: bool = False
    """With it a job was enqueued that is to be done at once."""


class MessageEdited(ConversationEvent, frozen=True):
    """A message says something else now.

    `newly_mentioned`: those whom the edit mentions and the text before did not.
    """

    type: ClassVar[str] = "message_edited"
    id: UUID
    newly_mentioned: Sequence[UUID] = ()


class MessageDeleted(ConversationEvent, frozen=True):
    """A message was taken back, or its time had come; an empty one keeps its place."""

    type: ClassVar[str] = "message_deleted"
    id: UUID


class MessagesDeleted(ConversationEvent, frozen=True):
    """Many at once, by a moderator."""

    type: ClassVar[str] = "messages_deleted"
    ids: Sequence[UUID]


class ReactionAdded(ConversationEvent, frozen=True):
    """Somebody put an emoji under a message."""

    type: ClassVar[str] = "reaction_added"


class ReactionRemoved(ConversationEvent, frozen=True):
    """Somebody took an emoji away."""

    type: ClassVar[str] = "reaction_removed"


class MessageUnpinned(ConversationEvent, frozen=True):
    """A message is pinned no longer. (That one was pinned is a message of its own, of kind `pinned`.)"""

    type: ClassVar[str] = "message_unpinned"
    id: UUID


class PreviewsUpdated(ConversationEvent, frozen=True):
    """Other previews of its links are shown with a message now, or none."""

    type: ClassVar[str] = "previews_updated"
    id: UUID


class ConversationAdded(UserEvent, frozen=True):
    """They are in a conversation now; its state is to be fetched."""

    type: ClassVar[str] = "conversation_added"


class ConversationRemoved(UserEvent, frozen=True):
    """They are in it no longer."""

    type: ClassVar[str] = "conversation_removed"


class ReadMarked(UserEvent, frozen=True):
    """They moved their own marker."""

    type: ClassVar[str] = "read_marked"
    conversation_id: UUID
    gated: bool = False
    """It is in a channel or thread."""


class ConversationSettingsUpdated(UserEvent, frozen=True):
    """They muted, archived or the reverse."""

    type: ClassVar[str] = "conversation_settings_updated"


class AccessLost(msgspec.Struct, frozen=True):
    """A person is no longer in a conversation: their topic must close now, on every node."""

    conversation_id: UUID
    user_id: UUID


class ScheduledMessageUpdated(UserEvent, frozen=True):
    """Something is to be said later, at another time, differently, or could not be said; the payload is all of it."""

    type: ClassVar[str] = "scheduled_message_updated"


class ScheduledMessageRemoved(UserEvent, frozen=True):
    """It has been said, or is not to be said after all."""

    type: ClassVar[str] = "scheduled_message_removed"


class ScheduledMessageGone(msgspec.Struct, frozen=True):
    """Payload of `scheduled_message_removed`; `message_id`: what it has become, null if it was cancelled."""

    id: UUID
    conversation_id: UUID
    message_id: UUID | None


class ReadUpdated(msgspec.Struct, frozen=True):
    """How far a person has read, as others may know it; only the newest matters.

    Receipts are reciprocal: it is not for those in `hidden_from`, who show nobody what they read.
    """

    conversation_id: UUID
    user_id: UUID
    read_seq: int
    hidden_from: Sequence[UUID]


class DeliveredUpdated(msgspec.Struct, frozen=True):
    """How far any device of a person has got; only the newest matters."""

    conversation_id: UUID
    user_id: UUID
    delivered_seq: int


class CountersDrifted(msgspec.Struct, frozen=True):
    """Counting by difference and counting one by one disagreed. Never, if all is well."""

    user_id: UUID
    conversation_ids: Sequence[UUID]


class EditedPayload(msgspec.Struct, frozen=True):
    """Payload of `message_edited`. `seq`, spliced in, is the edit's number; `message_seq` the message's."""

    conversation_id: UUID
    id: UUID
    message_seq: int
    sender_id: UUID | None
    content: str
    mentions: Sequence[UUID]
    edited_at: datetime
    client_id: str | None = None
    mention_roles: Sequence[UUID] = ()
    attachments: Sequence[Attachment] = ()
    """All that comes with it now."""


class DeletedPayload(msgspec.Struct, frozen=True):
    """Payload of `message_deleted`."""

    conversation_id: UUID
    id: UUID
    message_seq: int
    deleted_at: datetime
    deleted_by: UUID | None
    """Null: its time had come."""


class AllDeletedPayload(msgspec.Struct, frozen=True):
    """Payload of `messages_deleted`: their ids and, in the same order, their numbers."""

    conversation_id: UUID
    ids: Sequence[UUID]
    message_seqs: Sequence[int]
    deleted_at: datetime
    deleted_by: UUID | None


class ReactionPayload(msgspec.Struct, frozen=True):
    """Payload of `reaction_added` and `reaction_removed`; `count`: how many gave it, now."""

    conversation_id: UUID
    message_id: UUID
    message_seq: int
    emoji: str
    user_id: UUID
    count: int


class UnpinnedPayload(msgspec.Struct, frozen=True):
    """Payload of `message_unpinned`."""

    conversation_id: UUID
    id: UUID
    message_seq: int
    user_id: UUID


class PreviewsPayload(msgspec.Struct, frozen=True):
    """Payload of `previews_updated`: all that are shown now."""

    conversation_id: UUID
    id: UUID
    message_seq: int
    previews: Sequence[Preview]
    previews_suppressed: bool


AboutMessage = (
    EditedPayload
    | DeletedPayload
    | AllDeletedPayload
    | ReactionPayload
    | UnpinnedPayload
    | PreviewsPayload
)
"""What has become of what was said before."""


class ConversationPayload(msgspec.Struct, frozen=True):
    """Payload of `conversation_added` and `conversation_removed`."""

    conversation_id: UUID

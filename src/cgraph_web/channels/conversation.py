"""`conversation:<id>`: the people of one conversation, while they are online."""

from collections.abc import Iterator
from typing import get_args
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph_kit.channels import OK, Joined, JoinParams, Outgoing, Reply, on
from cgraph_kit.idempotency import KeyReused
from cgraph_kit.limiter import Limit
from cgraph_kit.validation import Input

from .base import JoinRefused, PersonalChannel, resumed
from .keys import user_key


class OfMessage(Input, frozen=True):
    """Names a message of this conversation."""

    id: UUID


class EditMessage(messaging.MessageEdit, frozen=True, kw_only=True):
    """A message and what it shall say instead."""

    id: UUID


class React(Input, frozen=True):
    """An emoji on a message."""

    message_id: UUID
    emoji: str


class Named(msgspec.Struct, frozen=True):
    """The message it was about."""

    id: UUID


class Numbered(msgspec.Struct, frozen=True):
    """The message, and the number of what was done."""

    id: UUID
    seq: int


IN_CONVERSATION = (messaging.ConversationNotFound, messaging.MessageNotFound)


class ConversationChannel(PersonalChannel):
    """Messages and what becomes of them, typing, read marks and presence of one conversation.

    Every durable push carries `seq`; a join with `{"since": n}` gets what came after n.
    """

    PREFIX = "conversation:"
    topic = "conversation:*"

    conversation_id: UUID

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Participants only; anybody else hears `unauthorized`, whether the conversation exists or not."""
        await self.socket.still_signed_in()
        try:
            self.conversation_id = UUID(id)
            missed = await messaging.read_since(
                self.db, self.actor, self.conversation_id, params.since, limits=self.limits
            )
        except (ValueError, messaging.ConversationNotFound):
            raise JoinRefused from None
        if id != str(self.conversation_id):  # another spelling would be a topic nobody speaks on
            raise JoinRefused
        if params.since is None:
            return Joined({"seq": missed.seq}, missed.seq)
        return resumed(missed)

    async def joined(self) -> None:
        """See who is here and be seen, unless invisible, or with a block between the two."""
        if await messaging.can_type(self.db, self.actor, self.conversation_id):
            await self.socket.statuses.show(self)
            self.show_presence()

    async def left(self, reason: str) -> None:  # noqa: ARG002 (every end is alike)
        """Be seen no longer."""
        self.socket.statuses.hide(self)

    @property
    def limits(self) -> messaging.Limits:
        return self.app.limits.messaging

    @on("new_message", errors=(*IN_CONVERSATION, messaging.CannotSend, KeyReused))
    async def new_message(self, new: messaging.NewMessage) -> Numbered:
        """Say something. Replies `{id, seq}`; the message itself comes as `new_message`."""
        sent = await messaging.send_message(
            self.db, self.actor, self.conversation_id, new, limits=self.limits
        )
        if sent.replayed:
            await self.repeated("new_message")
        return Numbered(sent.id, sent.seq)

    @on(
        "edit_message",
        errors=(
            *IN_CONVERSATION,
            messaging.NotAuthor,
            messaging.EditWindowClosed,
            messaging.CannotSend,
            KeyReused,
        ),
    )
    async def edit_message(self, edit: EditMessage) -> Numbered:
        """Say it differently, as its author. Everybody hears `message_edited`."""
        new = messaging.MessageEdit(edit.content, edit.client_id)
        edited = await messaging.edit_message(
            self.db,
            self.actor,
            self.conversation_id,
            edit.id,
            new,
            limits=self.limits,
        )
        return Numbered(edited.id, edited.seq)

    @on("delete_message", errors=(*IN_CONVERSATION, messaging.NotAuthor))
    async def delete_message(self, message: OfMessage) -> Named:
        """Take it back, for everybody. Everybody hears `message_deleted`."""
        await messaging.delete_message(self.db, self.actor, self.conversation_id, message.id)
        return Named(message.id)

    @on(
        "react",
        errors=(
            *IN_CONVERSATION,
            messaging.CannotSend,
            messaging.CannotReact,
            messaging.TooManyReactions,
        ),
    )
    async def react(self, reaction: React) -> Reply:
        """Put an emoji on a message; again: nothing more happens. Everybody hears `reaction_added`."""
        await messaging.add_reaction(
            self.db,
            self.actor,
            self.conversation_id,
            reaction.message_id,
            reaction.emoji,
            limits=self.limits,
        )
        return OK

    @on("unreact", errors=(*IN_CONVERSATION, messaging.CannotSend))
    async def unreact(self, reaction: React) -> Reply:
        """Take an emoji back. Everybody hears `reaction_removed`."""
        await messaging.remove_reaction(
            self.db, self.actor, self.conversation_id, reaction.message_id, reaction.emoji
        )
        return OK

    @on("read", errors=IN_CONVERSATION)
    async def read(self, marker: messaging.ReadMarker) -> messaging.Unread:
        """Everything up to a place has been read. Replies the own counters; others hear `read_updated`."""
        return await messaging.mark_read(self.db, self.actor, self.conversation_id, marker)

    @on("delivered", errors=IN_CONVERSATION)
    async def delivered(self, marker: messaging.DeliveredMarker) -> None:
        """This device has everything up to `seq`. No reply; the others hear `delivered_updated`."""
        await messaging.mark_delivered(self.db, self.actor, self.conversation_id, marker)

    @on("typing")
    async def typing(self) -> None:
        """About to say something. No reply; the others hear `user_typing`, at most once in `typing_seconds`.

        What is said more often, or where one may not speak, is dropped without a word.
        """
        seconds = self.app.settings.typing_seconds
        key = f"{self.actor.id}:{self.conversation_id}"
        if not self.socket.limits.local.check_now(key, Limit("typing", 1, seconds)).allowed:
            return
        if await messaging.can_type(self.db, self.actor, self.conversation_id):
            # Twice the shortest pause: a client that goes on typing is never seen to stop in between.
            payload = {"user_id": self.actor.id, "expires_in": 2 * seconds}
            self.broadcast_from("user_typing", payload)


def _durable(happened: messaging.ConversationEvent) -> Iterator[Outgoing]:
    topic = f"conversation:{happened.conversation_id}"
    yield Outgoing(
        topic,
        happened.type,
        msgspec.Raw(happened.payload),
        happened.seq,
        hidden_from=[user_key(id) for id in happened.hidden_from],
    )


for _kind in get_args(messaging.DurableConversationEvent):
    ConversationChannel.push(_kind.type, when=_kind)(_durable)


@ConversationChannel.push("read_updated", when=messaging.ReadUpdated)
def _read_updated(happened: messaging.ReadUpdated) -> Iterator[Outgoing]:
    yield Outgoing(
        f"conversation:{happened.conversation_id}",
        "read_updated",
        {"user_id": happened.user_id, "read_seq": happened.read_seq},
        coalesce_key=f"read:{happened.user_id}",
        hidden_from=[user_key(id) for id in happened.hidden_from],
    )


@ConversationChannel.push("delivered_updated", when=messaging.DeliveredUpdated)
def _delivered_updated(happened: messaging.DeliveredUpdated) -> Iterator[Outgoing]:
    yield Outgoing(
        f"conversation:{happened.conversation_id}",
        "delivered_updated",
        {"user_id": happened.user_id, "delivered_seq": happened.delivered_seq},
        coalesce_key=f"delivered:{happened.user_id}",
    )

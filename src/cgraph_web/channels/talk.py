"""Places where people talk: what the topics of conversations, channels and threads have in common."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from cgraph import files, messaging
from cgraph.messaging import Gate
from cgraph_kit.channels import OK, Joined, JoinParams, Outgoing, Reply, on
from cgraph_kit.errors import Error, NotFound
from cgraph_kit.idempotency import KeyReused
from cgraph_kit.limiter import Limit
from cgraph_kit.validation import Input

from .base import JoinRefused, PersonalChannel, resumed
from .keys import user_key


class OfMessage(Input, frozen=True):
    """Names a message of this place."""

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


class TalkChannel(PersonalChannel):
    """Messages and what becomes of them, typing, read marks and presence of one place.

    Every durable push carries `seq`; a join with `{"since": n}` gets what came after n.
    """

    gate: ClassVar[Gate]
    refusals: ClassVar[tuple[type[Error], ...]]
    """With what the gate refuses who may not speak, for the documentation."""

    place_id: UUID

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.handlers = {event: _refusing(cls, handler) for event, handler in cls.handlers.items()}

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Only who may look there; anybody else hears `unauthorized`, whether there is such a place or not."""
        await self.socket.still_signed_in()
        try:
            self.place_id = UUID(id)
            await self.look(self.place_id)
            missed = await messaging.read_since(
                self.db,
                self.actor,
                self.place_id,
                params.since,
                limits=self.limits,
                gate=self.gate,
            )
        except (ValueError, NotFound):
            raise JoinRefused from None
        if id != str(self.place_id):  # another spelling would be a topic nobody speaks on
            raise JoinRefused
        if params.since is None:
            return Joined({"seq": missed.seq}, missed.seq)
        return resumed(missed)

    async def look(self, place_id: UUID) -> None:
        """What else is asked before somebody comes in. Raises `NotFound` to refuse."""

    async def can_be_seen(self) -> bool:
        """Whether those who are there see each other."""
        return await messaging.can_type(self.db, self.actor, self.place_id, gate=self.gate)

    async def joined(self) -> None:
        """See who is here and be seen, unless invisible."""
        if await self.can_be_seen():
            await self.socket.statuses.show(self)
            self.show_presence()

    async def left(self, reason: str) -> None:  # noqa: ARG002 (every end is alike)
        """Be seen no longer."""
        self.socket.statuses.hide(self)

    @property
    def limits(self) -> messaging.Limits:
        return self.app.limits.messaging

    @on("new_message", errors=(*files.ATTACHING, KeyReused))
    async def new_message(self, new: messaging.NewMessage) -> Numbered:
        """Say something. Replies `{id, seq}`; the message itself comes as `new_message`."""
        sent = await messaging.send_message(
            self.db, self.actor, self.place_id, new, limits=self.limits, gate=self.gate
        )
        if sent.replayed:
            await self.repeated("new_message")
        return Numbered(sent.id, sent.seq)

    @on(
        "edit_message",
        errors=(
            messaging.MessageNotFound,
            messaging.NotAuthor,
            messaging.VoiceStays,
            messaging.EditWindowClosed,
            *files.ATTACHING,
            KeyReused,
        ),
    )
    async def edit_message(self, edit: EditMessage) -> Numbered:
        """Say it differently, as its author. Everybody hears `message_edited`."""
        new = messaging.MessageEdit(
            edit.content, edit.client_id, edit.allowed_mentions, edit.attachments
        )
        edited = await messaging.edit_message(
            self.db,
            self.actor,
            self.place_id,
            edit.id,
            new,
            limits=self.limits,
            gate=self.gate,
        )
        return Numbered(edited.id, edited.seq)

    @on("delete_message", errors=(messaging.MessageNotFound, messaging.NotAuthor))
    async def delete_message(self, message: OfMessage) -> Named:
        """Take it back, for everybody. Everybody hears `message_deleted`."""
        await messaging.delete_message(
            self.db, self.actor, self.place_id, message.id, gate=self.gate
        )
        return Named(message.id)

    @on(
        "react",
        errors=(messaging.MessageNotFound, messaging.CannotReact, messaging.TooManyReactions),
    )
    async def react(self, reaction: React) -> Reply:
        """Put an emoji on a message; again: nothing more happens. Everybody hears `reaction_added`."""
        await messaging.add_reaction(
            self.db,
            self.actor,
            self.place_id,
            reaction.message_id,
            reaction.emoji,
            limits=self.limits,
            gate=self.gate,
        )
        return OK

    @on("unreact", errors=(messaging.MessageNotFound,))
    async def unreact(self, reaction: React) -> Reply:
        """Take an emoji back. Everybody hears `reaction_removed`."""
        await messaging.remove_reaction(
            self.db,
            self.actor,
            self.place_id,
            reaction.message_id,
            reaction.emoji,
            gate=self.gate,
        )
        return OK

    @on("read", errors=(messaging.MessageNotFound,))
    async def read(self, marker: messaging.ReadMarker) -> messaging.Unread:
        """Everything up to a place has been read. Replies the own counters; in conversations others hear `read_updated`."""
        return await messaging.mark_read(self.db, self.actor, self.place_id, marker, gate=self.gate)

    @on("delivered", errors=(messaging.MessageNotFound,))
    async def delivered(self, marker: messaging.DeliveredMarker) -> None:
        """This device has everything up to `seq`. No reply; in conversations the others hear `delivered_updated`."""
        await messaging.mark_delivered(self.db, self.actor, self.place_id, marker, gate=self.gate)

    @on("typing")
    async def typing(self) -> None:
        """About to say something. No reply; the others hear `user_typing`, at most once in `typing_seconds`.

        What is said more often, or where one may not speak or has to wait, is dropped without a word.
        """
        seconds = self.app.settings.typing_seconds
        key = f"{self.actor.id}:{self.place_id}"
        if not self.socket.limits.local.check_now(key, Limit("typing", 1, seconds)).allowed:
            return
        if await messaging.can_type(self.db, self.actor, self.place_id, gate=self.gate):
            # Twice the shortest pause: a client that goes on typing is never seen to stop in between.
            payload = {"user_id": self.actor.id, "expires_in": 2 * seconds}
            self.broadcast_from("user_typing", payload)


_SPEAKING = frozenset({"new_message", "edit_message", "react", "unreact"})


def _refusing(channel: type[TalkChannel], handler: Any) -> Any:
    """A handler that names what the gate refuses with, too."""
    gate: Gate | None = getattr(channel, "gate", None)
    if gate is None or handler.name == "typing":
        return handler
    speaking = channel.refusals if handler.name in _SPEAKING else ()
    slow = (messaging.SlowMode,) if gate.gated and handler.name == "new_message" else ()
    errors = dict.fromkeys((gate.not_found, *speaking, *slow, *handler.errors))
    return msgspec.structs.replace(handler, errors=tuple(errors))


def durable(place: messaging.Topic) -> Callable[[messaging.ConversationEvent], Iterator[Outgoing]]:
    """What the topics of one kind of place are told of durable events."""

    def tell(happened: messaging.ConversationEvent) -> Iterator[Outgoing]:
        if happened.place == place:
            yield Outgoing(
                happened.topic,
                happened.type,
                msgspec.Raw(happened.payload),
                happened.seq,
                hidden_from=[user_key(id) for id in happened.hidden_from],
            )

    return tell

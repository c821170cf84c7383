"""What one topic is: who may join it, what clients may say in it, what it tells them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Protocol, TypeVar, overload

import msgspec

from cgraph_kit.errors import Error

from .handler import ERRORS, EVENT, Handler, join_params
from .protocol import to_json

if TYPE_CHECKING:
    from cgraph_kit.presence import Payload, Presence

    from .lane import Lane
    from .socket import Socket
    from .voice import Voice

Method = TypeVar("Method", bound=Callable[..., Any])


class JoinParams(msgspec.Struct, frozen=True):
    """What a client may send with a join. Unknown fields pass: official clients add their own."""

    since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The last `seq` the client has seen of this topic: it wants what came after."""


class Joined(msgspec.Struct, frozen=True):
    """An accepted join.

    `seq` is the position in the topic's log that `response` reflects: the client gets every durable
    event after it exactly once and none up to it. None: the topic has no log.
    """

    response: Any = msgspec.field(default_factory=dict)
    seq: int | None = None


class Reply(msgspec.Struct, frozen=True):
    """An answer to a push with its own status. A handler that returns a plain value answers `ok`."""

    status: str
    response: Any = msgspec.field(default_factory=dict)


OK: Final = Reply("ok")
"""The empty `ok` reply. (None is no reply at all.)"""


class Outgoing(msgspec.Struct, frozen=True):
    """A message for everyone on a topic.

    With `seq` it is durable: delivered in that order, without holes. With `coalesce_key` only the
    newest of its key matters. With neither it is ephemeral: the first to go under pressure.
    """

    topic: str
    event: str
    payload: Any
    seq: int | None = None
    coalesce_key: str | None = None
    hidden_from: Sequence[str] = ()
    """Ids or keys of the sockets that are not told, on any node."""


Say = Callable[[Any], Iterable[Outgoing]]
PushFunction = TypeVar("PushFunction", bound=Say)


class Push(msgspec.Struct, frozen=True):
    """A function that says what topics are told when something has happened."""

    event: str
    when: type
    function: Say


class _Register(Protocol):
    def __call__(
        self, event: str, *, when: type[Any]
    ) -> Callable[[PushFunction], PushFunction]: ...


class _Send(Protocol):
    def __call__(self, event: str, payload: Any) -> None: ...


class _PushWord:
    """`Channel.push(event, when=…)` on the class registers; `self.push(event, payload)` sends."""

    @overload
    def __get__(self, channel: None, owner: type["Channel"]) -> _Register: ...
    @overload
    def __get__(self, channel: "Channel", owner: type["Channel"]) -> _Send: ...
    def __get__(self, channel: "Channel | None", owner: type["Channel"]) -> Any:
        return owner._register if channel is None else channel._send  # noqa: SLF001


def on(event: str, *, errors: Sequence[type[Error]] = ()) -> Callable[[Method], Method]:
    """The method answers this event. The payload is decoded into the type of its one parameter.

    What it returns is the `ok` reply (`Reply` for another status, `OK` for an empty one, None for
    none); an `errors.Error` is the error reply; any other exception crashes this channel only. `errors` names
    those it raises by itself, for the documentation.
    """

    def mark(method: Method) -> Method:
        setattr(method, EVENT, event)
        setattr(method, ERRORS, tuple(errors))
        return method

    return mark


class Channel:
    """One joined topic of one socket; the author subclasses it once per kind of topic.

    A channel lives from join to leave. Its own messages are handled strictly in order; other
    channels of the same socket do not wait for it. Instances are made anew for every join.
    """

    topic: ClassVar[str]
    """`"name:*"` (the rest is `id`) or one whole topic."""

    handlers: ClassVar[dict[str, Handler]] = {}
    pushes: ClassVar[list[Push]] = []
    decode_params: ClassVar[Callable[[Any], Any]]
    intercepts: ClassVar[Sequence[str]] = ()
    """Events of the topic that each client is told by its own channel; see `handle_out`."""
    intercepted: ClassVar[frozenset[bytes]] = frozenset()
    says_goodbye: ClassVar[bool] = False
    """The author has something to do when it ends."""
    push = _PushWord()
    """`self.push(event, payload)`: to this client only, from `joined` on. `bytes` go as binary."""

    _lane: "Lane"
    _voice: "Voice"
    _live: bool | None = None
    """None: not yet."""
    _presence: "Presence | None" = None
    """Set once this channel has used it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.pushes = []
        cls.decode_params = staticmethod(join_params(cls.join))
        cls.intercepted = frozenset(map(to_json, cls.intercepts))
        cls.says_goodbye = cls.left is not Channel.left
        cls.handlers = {  # inherited ones anew: the method may be replaced without a mark
            event: Handler.of(handler.name, getattr(cls, handler.name))
            for event, handler in cls.handlers.items()
        }
        for name, value in vars(cls).items():
            if (event := getattr(value, EVENT, None)) is not None:
                cls.handlers[event] = Handler.of(name, value)

    def __init__(self, socket: "Socket", topic_name: str, id: str) -> None:
        self.socket = socket
        self.topic_name = topic_name
        self.id = id

    async def join(self, id: str, params: Any) -> Joined | dict[str, Any] | None:  # noqa: ARG002
        """Let the socket in (None or a response), or raise an `errors.Error` to refuse.

        The subscription is already on and held back, so what is read here misses nothing.
        """
        return None

    async def joined(self) -> None:
        """The reply to the join has been sent: track presence, push a first state."""

    async def left(self, reason: str) -> None:
        """Called once for each joined channel, whatever ended it.

        `reason` is `"left"` (by the client), `"closed"` (the connection is gone), `"rejoined"`,
        `"crashed"` or what `close` was given. Nothing can be pushed any more.
        """

    def handle_out(self, event: str, payload: Any) -> Any:  # noqa: ARG002
        """What this client is told of an event that is intercepted: a payload, or None for nothing.

        `payload` is read once for all channels: make another, change nothing. Called for each client, whenever the event
        is said, in the order in which things are said: it cannot wait. Presence, and what `join` reads of the log, do not
        come this way; the same client may be told a durable event by either.
        """
        return payload

    def lost(self) -> None:
        """Ephemeral messages were dropped while the client did not read; it reads again now.

        Presence shown with `show_presence` is set right without this.
        """

    def broadcast(self, event: str, payload: Any) -> None:
        """To everyone on the topic, this socket included. Not durable. `bytes` go as binary."""
        self._lane.endpoint.broadcast(self.topic_name, event, payload)

    def broadcast_from(self, event: str, payload: Any) -> None:
        """To everyone on the topic but this socket."""
        lane = self._lane
        lane.endpoint.broadcast(self.topic_name, event, payload, excluded=[lane.outlet])

    def close(self, reason: str = "") -> None:
        """End this channel from the server's side; the client does not rejoin by itself."""
        self._lane.close(reason)

    # --- presence

    def track(self, key: str, meta: Mapping[str, Any], *, topic: str | None = None) -> None:
        """Show `key` as present on this topic, or another, until `untrack` or the channel's end; again: an update."""
        self._presences().track(topic or self.topic_name, key, self, meta)

    def untrack(self, key: str, *, topic: str | None = None) -> None:
        self._presences().untrack(topic or self.topic_name, key, self)

    def show_presence(self) -> None:
        """From `joined` on: the client gets `presence_state` now and every `presence_diff` after it."""
        self._presences().subscribe(self.topic_name, self)

    def push_presence(self, event: str, payload: "Payload") -> None:
        """For the presence: packed once for all clients that can share the bytes."""
        if self._live:
            self._voice.push_presence(event, payload)

    def _presences(self) -> "Presence":
        if self._presence is None:
            self._presence = self._lane.presence()
        return self._presence

    # --- for the lane

    def _attach(self, lane: "Lane", voice: "Voice") -> None:
        self._lane, self._voice = lane, voice

    def _detach(self) -> None:
        self._live = False
        if self._presence is not None:
            self._presence.unsubscribe(self.topic_name, self)
            self._presence.untrack_all(self)

    def _lost(self) -> None:
        if self._presence is not None:
            self.show_presence()
        self.lost()

    def _send(self, event: str, payload: Any) -> None:
        if self._live:
            self._voice.push(event, payload)
        elif self._live is None:
            raise RuntimeError("a channel can push once it is joined: in joined(), not in join()")

    @classmethod
    def _register(cls, event: str, *, when: type[Any]) -> Callable[[PushFunction], PushFunction]:
        def register(function: PushFunction) -> PushFunction:
            cls.pushes.append(Push(event, when, function))
            return function

        return register

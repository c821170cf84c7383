"""One client's connection: what it says is decoded, counted and sent to the lane of its topic."""

from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING

from . import replies
from .closecodes import CloseCode
from .lane import Lane
from .outlet import Outlet
from .protocol import EMPTY, NULL, Malformed, Message, to_json
from .socket import Socket
from .transport import Transport
from .wire import Wire

if TYPE_CHECKING:
    from .endpoint import Endpoint

_MAX_NAME = 255  # bytes of a topic or join_ref that is kept; binary frames could not say more


class Connection:
    """The `Receiver` above a transport."""

    __slots__ = ("_allowance", "context", "endpoint", "gone", "lanes", "names", "outlet", "socket")

    def __init__(
        self,
        endpoint: "Endpoint",
        socket: Socket,
        transport: Transport,
        wire: Wire,
        context: Context,
    ) -> None:
        self.endpoint = endpoint
        self.socket = socket
        self.context = context
        """What handlers run in, each in a copy."""
        self.outlet = Outlet(endpoint.hub, transport, wire)
        self.lanes: dict[str, Lane] = {}
        self.gone = False
        self.names: tuple[str, ...] = ()
        """The id and the keys it is registered under."""
        self._allowance = 0.0
        """The time at which a steady sender at the allowed rate would be where this one is now."""

    # --- from the transport

    def receive_text(self, data: bytes) -> None:
        self._receive(self.outlet.wire.decode_text, data)

    def receive_binary(self, data: bytes) -> None:
        self._receive(self.outlet.wire.decode_binary, data)

    def pause(self) -> None:
        self.outlet.pause()

    def resume(self) -> None:
        self.outlet.resume()

    def closed(self, code: int) -> None:  # noqa: ARG002
        """May come from inside the hub's flush, where no application code may run."""
        self.outlet.closed = True
        if self.endpoint.hub.flushing:
            self.endpoint.loop.call_soon(self._end)
        else:
            self._end()

    # --- from the server

    def close(self, code: int, reason: str = "") -> None:
        self.outlet.close(code, reason)

    def close_topic(self, topic: str, reason: str) -> None:
        """End the channel of that topic, or refuse the join under way."""
        if (lane := self.lanes.get(topic)) is not None:
            lane.close(reason)

    # --- from the lanes

    def stray(self, message: Message) -> None:
        """A message to a topic that is not joined."""
        ref, topic = to_json(message.ref), to_json(message.topic)
        reply = self.outlet.wire.reply
        if message.event == "phx_leave":
            data = reply(to_json(message.join_ref), ref, topic, replies.OK, EMPTY)
        else:
            data = reply(NULL, ref, topic, replies.ERROR, replies.UNMATCHED)
        self.outlet.send(data)

    def forget(self, lane: Lane) -> None:
        if self.lanes.get(lane.name) is lane:
            del self.lanes[lane.name]

    # --- within

    def _receive(self, decode: Callable[[bytes], Message], data: bytes) -> None:
        if not self._may_speak():
            return
        try:
            message = decode(data)
        except Malformed:
            self.close(CloseCode.INTERNAL)
            return
        if (lane := self.lanes.get(message.topic)) is not None:
            lane.take(message)
        else:
            self._take_stray(message)

    def _take_stray(self, message: Message) -> None:
        if message.event == "phx_join":
            self._join(message)
        elif message.topic == "phoenix" and message.event == "heartbeat":
            ref = to_json(message.ref)
            self.outlet.send(self.outlet.wire.reply(NULL, ref, b'"phoenix"', replies.OK, EMPTY))
        else:
            self.stray(message)

    def _join(self, message: Message) -> None:
        match = self.endpoint.channel_for(message.topic)
        join_ref = to_json(message.join_ref)
        if match is None or len(message.topic.encode()) > _MAX_NAME or len(join_ref) > _MAX_NAME:
            self.stray(message)
        elif len(self.lanes) >= self.endpoint.limits.max_channels:
            ref, topic = to_json(message.ref), to_json(message.topic)
            self.outlet.send(
                self.outlet.wire.reply(join_ref, ref, topic, replies.ERROR, replies.TOO_MANY)
            )
        else:
            kind, id = match
            lane = self.lanes[message.topic] = Lane(self, message.topic, kind, id)
            lane.take(message)

    def _may_speak(self) -> bool:
        """Generic cell rate algorithm: a burst, then the steady rate; too much closes the connection."""
        if self.outlet.closed:
            return False
        endpoint = self.endpoint
        endpoint.stats.frames_in += 1
        now = endpoint.loop.time()
        allowance = max(self._allowance, now) + endpoint.interval
        if allowance - now > endpoint.burst:
            self.close(CloseCode.TOO_MANY_MESSAGES)
            return False
        self._allowance = allowance
        return True

    def _end(self) -> None:
        self.gone = True
        self.outlet.end()
        self.endpoint.gone(self)
        for lane in list(self.lanes.values()):
            lane.disconnect()

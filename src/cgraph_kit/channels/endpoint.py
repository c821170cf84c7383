"""The whole: one node's sockets, topics and bus, and what the application tells them."""

import asyncio
import logging
import math
import random
from collections.abc import Coroutine, Iterable, Sequence
from contextvars import Context, copy_context
from functools import partial
from secrets import token_hex
from typing import Any

from cgraph_kit.errors import Error, RateLimited, Unavailable
from cgraph_kit.logging import about
from cgraph_kit.presence import Presence
from cgraph_kit.pubsub import PubSub

from .bus import Bus, CloseTopic, Disconnect, Order, Said
from .channel import Channel, Outgoing, Push
from .closecodes import CloseCode
from .connection import Connection
from .hub import Hub
from .limits import Limits, Stats
from .origin import OriginMode, origin_allowed
from .outlet import Outlet
from .protocol import binary_broadcast, to_json
from .repair import LastSeqs, ReadLog, Repair
from .socket import Socket
from .topic import Event, Topic
from .transport import Accepted, Handshake, Refused, Transport
from .wire import COMPRESSED, WEBSOCKET, Packing, Wire, negotiate

_log = logging.getLogger(__name__)
_SLICES = 20
_SLICE = 100  # sockets that may well reconnect at once


class Endpoint:
    """Serves one kind of `Socket`. `accept` is what transports are mounted with.

    `check_origin` says which pages of browsers may connect (see `origin`), by default those of the same host;
    `own_host` is needed for the mode True only.

    `pubsub` is for this endpoint alone (`pubsub.split` makes one of a shared bus). `read_log` closes holes in durable
    topics; `last_seqs` finds messages whose loss nothing else would show, and is needed only with several nodes.
    """

    def __init__(
        self,
        socket: type[Socket],
        pubsub: PubSub,
        *,
        app: Any = None,
        presence: Presence | None = None,
        limits: Limits | None = None,
        check_origin: OriginMode = "conn",
        own_host: str = "",
        read_log: ReadLog | None = None,
        last_seqs: LastSeqs | None = None,
    ) -> None:
        """Made inside the event loop it lives on."""
        self.loop = asyncio.get_running_loop()
        self.socket = socket
        self.app = app
        self.presence = presence
        self.check_origin: OriginMode = check_origin
        self.own_host = own_host
        self.limits = limits or Limits()
        self.stats = Stats()
        self.hub = Hub(self.limits, self.stats)
        self.bus = Bus(pubsub, self)
        self.repair = Repair(self.hub, read_log, last_seqs)
        self.interval = 1 / self.limits.messages_per_second
        self.burst = self.limits.message_burst * self.interval
        self.tasks: set[asyncio.Task[None]] = set()
        """Handlers running now."""
        self.draining = False
        """New sockets are refused."""
        self.closing = False
        """Queued messages are dropped."""
        self._connections: set[Connection] = set()
        self._by_name: dict[str, dict[Connection, None]] = {}
        self._pushes = _pushes(socket)
        self.hub.on_topic_end = self._on_topic_end
        pubsub.on_reconnect = self.repair.verify

    async def start(self) -> None:
        await self.bus.start()
        self.repair.start()

    async def drain(self, seconds: float = 5.0) -> None:
        """Refuse new sockets, ask those there are to reconnect (1012), in slices, and finish what is running.

        A few go at once; many are spread over the first half of the time, so that the others can take them up.
        """
        self.draining = True
        deadline = self.loop.time() + seconds
        connections = random.sample(list(self._connections), len(self._connections))
        size = max(_SLICE, math.ceil(len(connections) / _SLICES))
        for at in range(0, len(connections), size):
            if at:
                await asyncio.sleep(random.uniform(0.5, 1.5) * seconds / 2 / _SLICES)  # noqa: S311
            for connection in connections[at : at + size]:
                connection.close(CloseCode.RESTART)
        await self._finish(deadline - self.loop.time())

    async def close(self, seconds: float = 1.0) -> None:
        """Close what is still there; what then runs longer than that is cancelled. To be polite, `drain` first."""
        self.draining = self.closing = True
        for connection in list(self._connections):
            connection.close(CloseCode.RESTART)
        await self._finish(seconds)
        while tasks := list(self.tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self.tasks.difference_update(tasks)
            await self._finish(seconds)  # the end of a handler brings its channel's left()
        await self.repair.close()
        await self.bus.close()

    async def _finish(self, seconds: float) -> None:
        deadline = self.loop.time() + seconds
        while self.tasks and (left := deadline - self.loop.time()) > 0:
            await asyncio.wait(self.tasks, timeout=left)

    # --- telling clients

    def broadcast(
        self,
        topic: str,
        event: str,
        payload: Any,
        *,
        seq: int | None = None,
        key: str | None = None,
        hidden_from: Sequence[str] = (),
        excluded: Sequence[Outlet] = (),
    ) -> None:
        """To everyone on the topic, on every node; the rest as in `Outgoing`. `bytes` go as binary."""
        binary, word = isinstance(payload, bytes), to_json(event)
        body = payload if isinstance(payload, bytes) else to_json(payload)
        if binary:
            binary_broadcast(to_json(topic), word, b"")  # raises ValueError here, not in the flush
        if (here := self.hub.topics.get(topic)) is not None:
            without = [*excluded, *self._outlets(hidden_from)] if hidden_from else excluded
            self.hub.deliver(here, Event(here.json, word, body, seq, key, binary, without))
        self.bus.say(topic, Said(word, body, seq, key, binary, hidden_from))

    def publish(self, outgoing: Outgoing) -> None:
        self.broadcast(
            outgoing.topic,
            outgoing.event,
            outgoing.payload,
            seq=outgoing.seq,
            key=outgoing.coalesce_key,
            hidden_from=outgoing.hidden_from,
        )

    def publish_events(self, events: Iterable[Any]) -> None:
        """Tell the topics what has happened, by the channels' push functions. A failing one is logged, not raised."""
        for event in events:
            for push in self._pushes.get(type(event), ()):
                try:
                    for outgoing in push.function(event):
                        self.publish(outgoing)
                except Exception:
                    _log.exception("a push failed", extra={"event_name": push.event})

    def names(self, prefix: str) -> list[str]:
        """The ids and keys of this node's sockets that begin so."""
        return [name for name in self._by_name if name.startswith(prefix)]

    def topics(self, *prefixes: str) -> list[str]:
        """The topics with subscribers on this node that begin so; those who are just joining count."""
        return [name for name in self.hub.topics if name.startswith(prefixes)]

    def sockets_on(self, topic: str) -> list[Socket]:
        """This node's sockets that are on a topic, or just joining it."""
        here = self.hub.topics.get(topic)
        return [one.owner.socket for one in here.subscriptions()] if here is not None else []

    def disconnect(self, key: str, code: int = CloseCode.GOING_AWAY) -> None:
        """Close every socket with that id or key, on every node."""
        self._tell(Disconnect(key, code))

    def close_topic_for(self, key: str, topic: str, reason: str = "") -> None:
        """End that topic for every socket with that id or key, on every node; a join under way is refused."""
        self._tell(CloseTopic(key, topic, reason))

    # --- connections

    async def accept(
        self, handshake: Handshake, packing: Packing | None = None
    ) -> Refused | Accepted:
        """See `transport.Accept`. A version that is not spoken is refused with 403, as in Phoenix."""
        packing = packing or (COMPRESSED if handshake.inflates else WEBSOCKET)
        wire = negotiate(packing, handshake.params.get("vsn", "1.0.0"))
        answer = Refused(503) if self.draining else Refused()
        if wire is not None and not self.draining and self.allows_origin(handshake):
            known: dict[str, Any] = {"socket_id": token_hex(8)}
            about.set(known)  # not added to: this may be a task of another request's making
            admitted = await self._admit(handshake)
            if not isinstance(admitted, Refused):
                known |= admitted.about()
                return Accepted(partial(self._open, admitted, wire, copy_context()))
            answer = admitted
        self.stats.refused += 1
        return answer

    def allows_origin(self, handshake: Handshake) -> bool:
        """Whether the browser's page, if it is one, may talk to this endpoint."""
        origin = handshake.headers.get("origin")
        return origin_allowed(origin, self.check_origin, handshake, self.own_host)

    async def _admit(self, handshake: Handshake) -> Socket | Refused:
        try:
            socket = await self.socket.connect(handshake, self.app)
        except Error as error:
            return Refused(_status(error))
        except Exception:
            _log.exception("a connect crashed")
            return Refused(500)
        if isinstance(socket, Refused):
            return socket
        id = socket.id()
        if id is not None and len(self._by_name.get(id, ())) >= self.limits.max_sockets:
            return Refused(429)
        return socket

    def _open(
        self, socket: Socket, wire: Wire, context: Context, transport: Transport
    ) -> Connection:
        connection = Connection(self, socket, transport, wire, context)
        socket._connection = connection  # noqa: SLF001
        id = socket.id()
        connection.names = (*([] if id is None else [id]), *socket.keys())
        for name in connection.names:
            self._by_name.setdefault(name, {})[connection] = None
        self._connections.add(connection)
        self.stats.sockets += 1
        self.stats.sockets_opened += 1
        return connection

    def gone(self, connection: Connection) -> None:
        """The connection's own call, once, at its end."""
        self._connections.discard(connection)
        self.stats.sockets -= 1
        for name in connection.names:
            same = self._by_name[name]
            same.pop(connection, None)
            if not same:
                del self._by_name[name]

    def channel_for(self, topic: str) -> tuple[type[Channel], str] | None:
        """The first channel of the socket that matches, and the topic's id."""
        for kind in self.socket.channels:
            pattern = kind.topic
            if pattern == topic:
                return kind, ""
            if pattern.endswith("*") and topic.startswith(pattern[:-1]):
                return kind, topic[len(pattern) - 1 :]
        return None

    def spawn(self, work: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        """Run a lane's work, which takes its task out of `tasks` at its end."""
        task = self.loop.create_task(work, context=context.copy())
        self.tasks.add(task)
        return task

    # --- the bus

    def heard(self, topic: str, said: Said) -> None:
        """See `bus.Listener`."""
        if (here := self.hub.topics.get(topic)) is not None:
            kinds = (said.seq, said.key, said.binary)
            without = self._outlets(said.hidden_from)
            self.hub.deliver(here, Event(here.json, said.event, said.payload, *kinds, without))

    def obey(self, order: Order) -> None:
        """See `bus.Listener`."""
        for connection in list(self._by_name.get(order.key, ())):
            if isinstance(order, Disconnect):
                connection.close(order.code)
            else:
                connection.close_topic(order.topic, order.reason)

    def _tell(self, order: Order) -> None:
        self.obey(order)
        self.bus.order(order)

    def _outlets(self, names: Sequence[str]) -> list[Outlet]:
        return [one.outlet for name in names for one in self._by_name.get(name, ())]

    def _on_topic_end(self, topic: Topic) -> None:
        self.repair.forget(topic)
        self.bus.drop(topic.name)


def _status(error: Error) -> int:
    if isinstance(error, RateLimited):
        return 429
    return 503 if isinstance(error, Unavailable) else 403


def _pushes(socket: type[Socket]) -> dict[type, list[Push]]:
    pushes: dict[type, list[Push]] = {}
    for kind in socket.channels:
        for push in kind.pushes:
            pushes.setdefault(push.when, []).append(push)
    return pushes

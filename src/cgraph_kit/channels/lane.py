"""Everything that happens to one topic of one connection, strictly in order.

A message runs when the lane is idle and queues only while another one runs; other lanes never wait. The lane outlives
its channel while a rejoin replaces it.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from cgraph_kit.errors import Error
from cgraph_kit.presence import Presence

from . import admission, replies
from .channel import Channel
from .closecodes import CloseCode
from .handler import Handler
from .outlet import Outlet
from .protocol import EMPTY, BinaryMessage, Message, to_json
from .seat import CLOSED, CRASHED, LEFT, REJOINED, RESYNC, Ending, Seat
from .socket import Socket
from .timing import Handling, enter
from .topic import Event
from .voice import Voice

if TYPE_CHECKING:
    from .connection import Connection
    from .endpoint import Endpoint

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9_:.-]{1,64}")
"""What an event's name looks like where somebody meant it as one."""


class Lane:
    """`take` is the client's only way in; `close`, `resync` and `disconnect` are the server's."""

    __slots__ = (
        "_busy",
        "_connection",
        "_ending",
        "_kind",
        "_queue",
        "_seat",
        "_task",
        "id",
        "name",
    )

    def __init__(self, connection: "Connection", name: str, kind: type[Channel], id: str) -> None:
        self.name = name
        self.id = id
        self._connection = connection
        self._kind = kind
        self._seat: Seat | None = None
        self._ending: Ending | None = None
        """The channel is to end as soon as the lane is idle."""
        self._busy = False
        self._task: asyncio.Task[None] | None = None
        self._queue: deque[Message] | None = None

    # --- from the client

    def take(self, message: Message) -> None:
        """Handle the message now, or after those before it."""
        if self._busy:
            self._enqueue(message)
        else:
            self._handle(message)
            self._settle()

    def _enqueue(self, message: Message) -> None:
        limits = self.endpoint.limits
        if self._queue is None:
            self._queue = deque()
        if len(self._queue) >= limits.queued_messages:
            self._connection.close(CloseCode.TOO_MANY_MESSAGES)
            return
        self._queue.append(message)
        if message.event == "phx_join" and self._seat is not None and self._task is not None:
            # The client has given up on the old channel: its handler may finish, but not forever.
            asyncio.get_running_loop().call_later(limits.shutdown_timeout, self._task.cancel)

    def _handle(self, message: Message) -> None:
        if message.event == "phx_join":
            self._start(self._rejoin(message))
        elif (seat := self._seat) is None:
            self._connection.stray(message)
        elif seat.voice.stale(message):
            pass
        elif message.event == "phx_leave":
            seat.voice.answer(message.ref, replies.OK)
            self._ending = LEFT
        else:
            self._dispatch(seat, message)

    def _dispatch(self, seat: Seat, message: Message) -> None:
        handler = seat.channel.handlers.get(message.event)
        if handler is None or handler.binary != (type(message) is BinaryMessage):
            self._connection.context.copy().run(self._tell_unknown, message.event)
            self._crashed()
        elif handler.asynchronous:
            self._start(self._await(seat, handler, message))
        else:
            self._call(seat, handler, message)

    def _tell_unknown(self, event: str) -> None:
        # The client's doing, not ours: no one should be woken by it. And it may have put anything there.
        enter(self.name, event if _NAME.fullmatch(event) else "?")
        _log.info("no handler for an event")

    def _call(self, seat: Seat, handler: Handler, message: Message) -> None:
        self._busy = True
        self._connection.context.copy().run(self._call_now, seat, handler, message)
        self._busy = False

    def _call_now(self, seat: Seat, handler: Handler, message: Message) -> None:
        enter(self.name, message.event)
        try:
            seat.voice.reply(message.ref, handler.call(seat.channel, message.payload))
        except Exception as error:
            self._failed(seat, message, error)

    async def _await(self, seat: Seat, handler: Handler, message: Message) -> None:
        try:
            with self._handling(message.event) as handling:
                try:
                    outcome = await handler.call(seat.channel, message.payload)
                    seat.voice.reply(message.ref, outcome)
                except Exception as error:
                    handling.failed(error)
                    self._failed(seat, message, error)
                except asyncio.CancelledError as error:  # a rejoin did not want to wait any longer
                    handling.failed(error)
                    _log.warning("a handler was cancelled")
        finally:
            self._idle()

    def _handling(self, event: str) -> Handling:
        return Handling(self._kind.topic, self.name, event, self.endpoint.limits.slow_seconds)

    # --- joining

    async def _rejoin(self, message: Message) -> None:
        """The new join is answered before the old channel is closed, as Phoenix does it."""
        try:
            with self._handling("phx_join") as handling:
                if (old := self._seat) is None:
                    await self._join(message, handling)
                else:
                    self._unseat(old)
                    await old.say_goodbye(REJOINED)
                    await self._join(message, handling)
                    old.end(REJOINED)
        finally:
            self._idle()

    async def _join(self, message: Message, handling: Handling) -> None:
        hub = self.endpoint.hub
        self._ending = None
        subscription = hub.subscribe(self.outlet, self.name, self, self._kind.intercepted)
        voice = Voice(self.outlet, subscription.topic.json, message)
        channel = self._kind(self._connection.socket, self.name, self.id)
        channel._attach(self, voice)  # noqa: SLF001
        try:
            joined = await admission.ask(self.endpoint, channel, subscription, message.payload)
            response = to_json(joined.response)
        except BaseException as error:
            hub.unsubscribe(subscription)
            if not isinstance(error, Exception):
                raise
            handling.failed(error)
            voice.answer_join(message, replies.ERROR, admission.refused(error))
            return
        if self._ending is not None or self._connection.gone:  # meanwhile, from the server's side
            hub.unsubscribe(subscription)
            revoked = self._ending.payload if self._ending else EMPTY
            voice.answer_join(message, replies.ERROR, revoked)
            return
        voice.answer_join(message, replies.OK, response)
        self._seat = Seat(channel, subscription, voice)
        self._seat.take(self.endpoint, joined.seq)
        await self._greet(channel)

    async def _greet(self, channel: Channel) -> None:
        try:
            await channel.joined()
        except Exception as error:
            self._crash(error)
        except asyncio.CancelledError:
            _log.warning("a joined() was cancelled")

    # --- from the server

    def close(self, reason: str) -> None:
        """End the channel, or refuse the join under way. The handler that runs still replies."""
        payload = to_json({"reason": reason}) if reason else EMPTY
        self._end_soon(Ending(reason or "closed", payload=payload))

    def resync(self) -> None:
        """See `topic.Owner`."""
        self._end_soon(RESYNC)

    def lost(self) -> None:
        """See `topic.Owner`."""
        if self._seat is not None:
            self._seat.channel._lost()  # noqa: SLF001

    def intercept(self, event: Event) -> None:
        """See `topic.Owner`."""
        if (seat := self._seat) is not None:
            self._connection.context.copy().run(self._intercept, seat, event)

    def _intercept(self, seat: Seat, event: Event) -> None:
        name = msgspec.json.decode(event.event, type=str)
        enter(self.name, name)
        try:
            payload = seat.channel.handle_out(name, event.content)
            if payload is not None:
                seat.voice.push(name, payload, event)
        except Exception as error:
            # Not now: whoever is telling it goes on with the others.
            asyncio.get_running_loop().call_soon(self._intercept_failed, seat, error)

    def _intercept_failed(self, seat: Seat, error: Exception) -> None:
        if self._seat is seat:
            self._crash(error)
            if not self._busy:
                self._settle()

    def disconnect(self) -> None:
        """The connection is gone: what is queued is still handled, then the channel is told."""
        if not self._busy:
            self._settle()

    @property
    def endpoint(self) -> "Endpoint":
        return self._connection.endpoint

    @property
    def outlet(self) -> Outlet:
        return self._connection.outlet

    @property
    def socket(self) -> Socket:
        return self._connection.socket

    def presence(self) -> Presence:
        """Raises RuntimeError if the endpoint was made without one."""
        presence = self.endpoint.presence
        if presence is None:
            raise RuntimeError("this endpoint has no presence")
        return presence

    # --- ending

    def _end_soon(self, ending: Ending) -> None:
        self._ending = ending
        if self._seat is not None:
            self.endpoint.hub.unsubscribe(self._seat.subscription)
        if not self._busy:
            self._settle()

    def _settle(self) -> None:
        """Idle: whatever is next, until something takes time."""
        while not self._busy:
            if self._seat is not None and self._ending is not None:
                self._end(self._seat, self._ending)
            elif self._queue and not self.endpoint.closing:
                self._handle(self._queue.popleft())
            elif self._seat is None:
                self._connection.forget(self)
                return
            elif self._connection.gone:
                self._ending = CLOSED
            else:
                return

    def _end(self, seat: Seat, ending: Ending) -> None:
        self._ending = None
        self._unseat(seat)
        if seat.channel.says_goodbye:
            self._start(self._leave(seat, ending))
        else:
            seat.end(ending)

    async def _leave(self, seat: Seat, ending: Ending) -> None:
        try:
            enter(self.name, "phx_leave")
            await seat.say_goodbye(ending)
            seat.end(ending)
        finally:
            self._idle()

    def _unseat(self, seat: Seat) -> None:
        self._seat = None
        seat.leave(self.endpoint)

    # --- running

    def _failed(self, seat: Seat, message: Message, error: Exception) -> None:
        if isinstance(error, Error):
            seat.voice.answer(message.ref, replies.ERROR, replies.refusal(error))
        else:
            self._crash(error)

    def _crash(self, error: Exception) -> None:
        _log.error("a channel crashed", exc_info=error)
        self._crashed()

    def _crashed(self) -> None:
        self.endpoint.stats.crashes += 1
        self._ending = CRASHED

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._busy = True
        self._task = self.endpoint.spawn(work, self._connection.context)

    def _idle(self) -> None:
        """The end of every task of the lane."""
        if self._task is not None:
            self.endpoint.tasks.discard(self._task)
        self._task, self._busy = None, False
        self._settle()

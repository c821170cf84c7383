"""Closing holes: what the bus did not bring is read from the event log."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from .hub import Hub
from .protocol import to_json
from .topic import Event, Subscription, Topic

_log = logging.getLogger(__name__)
_CHUNK = 1000  # topics asked for at once

Logged: TypeAlias = tuple[int, str, bytes]
"""seq, event, payload as JSON text."""
ReadLog = Callable[[str, int, int], Awaitable[Sequence[Logged] | None]]
"""`(topic, after, up_to)` to what the log has there, in order, at least the first of it; None: it has lost it."""
LastSeqs = Callable[[list[str]], Awaitable[dict[str, int]]]
"""Topics to the last numbers of their logs; topics without a log are left out."""


class Repair:
    """Watches the hub's topics for holes, and, where it can ask the log, for ends that never came."""

    def __init__(self, hub: Hub, read_log: ReadLog | None, last_seqs: LastSeqs | None) -> None:
        self._hub = hub
        self._read_log = read_log
        self._last_seqs = last_seqs
        self._verifier: asyncio.Task[None] | None = None
        self._verify_now = asyncio.Event()
        hub.on_incomplete = self.watch

    def start(self) -> None:
        if self._last_seqs is not None:
            self._verifier = asyncio.get_running_loop().create_task(self._verify_forever())

    async def close(self) -> None:
        tasks = [topic.repair for topic in self._hub.topics.values() if topic.repair is not None]
        tasks += [self._verifier] if self._verifier else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(
            *(task for task in tasks if isinstance(task, asyncio.Task)), return_exceptions=True
        )

    def verify(self) -> None:
        """Messages may have been lost: compare every topic with the log now."""
        self._verify_now.set()

    def watch(self, topic: Topic) -> None:
        """Give what is missing a moment to come by itself."""
        if topic.repair is None:
            self._hub.stats.holes_seen += 1
            wait = self._hub.limits.hole_wait
            topic.repair = asyncio.get_running_loop().call_later(wait, self._check, topic)

    def forget(self, topic: Topic) -> None:
        """Nobody listens to the topic any more."""
        if topic.repair is not None:
            topic.repair.cancel()
            topic.repair = None

    async def bridge(self, subscription: Subscription, seq: int | None) -> bool:
        """Fetch what a join that read the log at `seq` has missed before its subscription began.

        That takes a reader that lags, such as a replica. False: the log cannot give it.
        """
        buffer, begun = subscription.buffer, subscription.begun
        if buffer is None or begun is None or seq is None or seq >= begun:
            return True
        topic = subscription.topic
        missed: list[Event] = []
        while seq < begun:
            logged = await self._read(topic, seq, begun)
            if not logged:
                return False
            missed += [_event(topic, entry) for entry in logged]
            seq = logged[-1][0]
        for event in missed:  # said before everything in the buffer
            event.order = 1
        buffer[:0] = missed
        return True

    def _check(self, topic: Topic) -> None:
        topic.repair = None
        if topic.sequence.incomplete:
            topic.repair = asyncio.get_running_loop().create_task(self._repair(topic))

    async def _repair(self, topic: Topic) -> None:
        limits, attempt = self._hub.limits, 0
        while attempt < limits.repair_attempts and topic.sequence.incomplete:
            before = topic.sequence.cursor or 0
            logged = await self._read(topic, before, topic.sequence.target)
            if logged is None:
                break
            for entry in logged:
                self._deliver(topic, entry)
            if topic.sequence.cursor == before:  # not in the log yet, or the log is away
                await asyncio.sleep(limits.hole_wait * 2**attempt)
                attempt += 1
        topic.repair = None
        if topic.sequence.incomplete:
            _log.warning("a hole could not be closed", extra={"topic": topic.name})
            self._hub.resync(topic)

    async def _read(self, topic: Topic, after: int, up_to: int) -> Sequence[Logged] | None:
        if self._read_log is None:
            return None
        try:
            return await self._read_log(topic.name, after, up_to)
        except Exception:
            _log.exception("the event log could not be read", extra={"topic": topic.name})
            return ()

    def _deliver(self, topic: Topic, logged: Logged) -> None:
        cursor = topic.sequence.cursor
        if cursor is not None and logged[0] > cursor:  # else it has come by itself meanwhile
            self._hub.stats.holes_repaired += 1
            self._hub.deliver(topic, _event(topic, logged))

    async def _verify_forever(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._hub.limits.verify_every):
                    await self._verify_now.wait()
            except TimeoutError:
                pass
            self._verify_now.clear()
            topics = [t for t in self._hub.topics.values() if t.sequence.cursor is not None]
            for at in range(0, len(topics), _CHUNK):
                await self._verify(topics[at : at + _CHUNK])

    async def _verify(self, topics: list[Topic]) -> None:
        assert self._last_seqs is not None  # noqa: S101
        try:
            last = await self._last_seqs([topic.name for topic in topics])
        except Exception:
            _log.exception("the ends of the event logs could not be read")
            return
        for topic in topics:
            if (seq := last.get(topic.name)) is not None:
                self._hub.expect(topic, seq)


def _event(topic: Topic, logged: Logged) -> Event:
    seq, event, payload = logged
    return Event(topic.json, to_json(event), payload, seq=seq)

"""Keeps the nodes' presences alike: each tells the others what it owns, and forgets who falls silent."""

import logging
import random
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

import msgspec

from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub.base import PubSub

from .base import PresenceSettings, Scheduler, Timer
from .entry import Entry
from .messages import Bye, Delta, Heartbeat, Message, Request, State, decode, encode
from .remote import Change, Remote

log = logging.getLogger(__name__)

EVERYONE = "all"
ENTRIES_PER_MESSAGE = 2_000
SECONDS_PER_PART = 0.005
ASK_AGAIN_SECONDS = 1.0


class Replicas:
    """One owner per entry, so nothing conflicts: a node's deltas are numbered, and whoever finds one missing
    asks for the node's whole state. Every node holds every entry.
    """

    def __init__(
        self,
        bus: PubSub,
        scheduler: Scheduler,
        settings: PresenceSettings,
        own: Callable[[], Iterable[Entry]],
        changed: Callable[[Change], None],
    ) -> None:
        self._bus = bus
        self._scheduler = scheduler
        self._settings = settings
        self._own = own
        self._changed = changed
        self._clock = 0
        self._joins: dict[str, Entry] = {}
        self._leaves: list[str] = []
        self._flush_timer: Timer | None = None
        self._heartbeat_timer: Timer | None = None
        self._remotes: dict[str, Remote] = {}
        self._gone: dict[str, float] = {}
        self._beat_at = scheduler.time()
        self._parts: dict[str, deque[State]] = {}
        self._parts_timer: Timer | None = None
        self._stopped = False

    @property
    def nodes(self) -> list[str]:
        """The other nodes that are up."""
        return list(self._remotes)

    async def start(self) -> None:
        self._bus.on_message = self._receive
        self._bus.on_reconnect = self._reconnected
        await self._bus.subscribe(EVERYONE)
        await self._bus.subscribe(_to(self._bus.node))
        self._beat(ask=True)

    async def stop(self) -> None:
        """The others drop this node's people at once; what changes afterwards is not told."""
        self._stopped = True
        for timer in (self._flush_timer, self._heartbeat_timer, self._parts_timer):
            if timer is not None:
                timer.cancel()
        with suppress(Unavailable):
            await self._bus.publish(EVERYONE, encode(Bye(self._bus.node)))
        await self._bus.unsubscribe(EVERYONE)
        await self._bus.unsubscribe(_to(self._bus.node))

    def joined(self, entry: Entry) -> None:
        self._joins[entry.ref] = entry
        self._flush_soon()

    def left(self, entry: Entry) -> None:
        if self._joins.pop(entry.ref, None) is None:
            self._leaves.append(entry.ref)
            self._flush_soon()

    # -- telling

    def _flush_soon(self) -> None:
        if self._flush_timer is None and not self._stopped:
            self._flush_timer = self._scheduler.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_timer = None
        joins, leaves = list(self._joins.values()), self._leaves
        self._joins, self._leaves = {}, []
        for start in range(0, max(len(joins), len(leaves)), ENTRIES_PER_MESSAGE):
            end = start + ENTRIES_PER_MESSAGE
            self._clock += 1
            self._tell(Delta(self._bus.node, self._clock, joins[start:end], leaves[start:end]))

    def _tell(self, message: Message, topic: str = EVERYONE) -> None:
        self._bus.publish_soon(topic, encode(message))

    def _beat(self, *, ask: bool) -> None:
        self._tell(Heartbeat(self._bus.node, self._clock, ask))
        self._forget_silent()
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()
        rest = self._settings.beat * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
        self._heartbeat_timer = self._scheduler.call_later(rest, self._regular_beat)

    def _regular_beat(self) -> None:
        self._beat(ask=False)

    def _reconnected(self) -> None:
        """Either side may have missed something, and the clocks show what."""
        self._beat(ask=True)

    def _send_state(self, node: str) -> None:
        """In parts with a pause between, so that a large one does not fill the bus's queue."""
        if node in self._parts:
            return
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush()
        entries = list(self._own())
        starts = range(0, max(1, len(entries)), ENTRIES_PER_MESSAGE)
        self._parts[node] = deque(
            State(
                self._bus.node,
                self._clock,
                part,
                len(starts),
                entries[start : start + ENTRIES_PER_MESSAGE],
            )
            for part, start in enumerate(starts)
        )
        if self._parts_timer is None:
            self._send_part()

    def _send_part(self) -> None:
        """One part to one of the nodes that wait, in turn."""
        node, parts = next(iter(self._parts.items()))
        del self._parts[node]
        self._tell(parts.popleft(), _to(node))
        if parts:
            self._parts[node] = parts
        self._parts_timer = (
            self._scheduler.call_later(SECONDS_PER_PART, self._send_part) if self._parts else None
        )

    # -- listening

    def _receive(self, _topic: str, payload: bytes) -> None:
        try:
            message = decode(payload)
        except msgspec.MsgspecError:
            log.warning("a presence message was not understood; do all nodes run the same version?")
            return
        if message.node in self._gone:
            return
        match message:
            case Heartbeat():
                self._hear_heartbeat(message)
            case Delta():
                self._hear_delta(message)
            case State():
                self._hear_state(message)
            case Request():
                self._send_state(message.node)
            case Bye():
                self._gone[message.node] = self._scheduler.time() + self._settings.down_after
                self._forget(message.node)

    def _hear_heartbeat(self, heartbeat: Heartbeat) -> None:
        # A clock of 0 says that there is nothing to know yet.
        remote = self._remote(heartbeat.node, heartbeat.clock == 0)
        if remote.is_behind(heartbeat.clock):
            self._ask(heartbeat.node, remote)
        if heartbeat.ask:
            self._tell(Heartbeat(self._bus.node, self._clock, ask=False), _to(heartbeat.node))

    def _hear_delta(self, delta: Delta) -> None:
        remote = self._remote(delta.node, delta.clock == 1)
        self._apply(remote.apply_delta(delta))
        if remote.is_behind(delta.clock):
            self._ask(delta.node, remote)

    def _hear_state(self, state: State) -> None:
        remote = self._remote(state.node, new=False)
        remote.asked_at = self._scheduler.time()
        self._apply(remote.apply_state(state))

    def _remote(self, node: str, new: bool) -> Remote:
        remote = self._remotes.get(node)
        if remote is None:
            remote = self._remotes[node] = Remote(0 if new else None)
        remote.heard_at = self._scheduler.time()
        return remote

    def _ask(self, node: str, remote: Remote) -> None:
        """Once a second at most: deltas keep coming while the state is on its way."""
        now = self._scheduler.time()
        if now - remote.asked_at >= ASK_AGAIN_SECONDS:
            remote.asked_at = now
            self._tell(Request(self._bus.node), _to(node))

    def _apply(self, change: Change) -> None:
        if change.joins or change.leaves:
            self._changed(change)

    def _forget_silent(self) -> None:
        now = self._scheduler.time()
        if now - self._beat_at > 2 * self._settings.beat:
            # This node slept, so it may well be the one that has not listened.
            for remote in self._remotes.values():
                remote.heard_at = now
        self._beat_at = now
        for node, remote in list(self._remotes.items()):
            if now - remote.heard_at >= self._settings.down_after:
                log.warning(
                    "node %s has been silent for %.0f s: its people have left",
                    node,
                    now - remote.heard_at,
                )
                self._forget(node)
        self._gone = {node: until for node, until in self._gone.items() if until > now}

    def _forget(self, node: str) -> None:
        remote = self._remotes.pop(node, None)
        if remote is not None:
            self._apply(Change([], list(remote.entries.values())))


def _to(node: str) -> str:
    return f"to:{node}"

"""What presence needs from others, and what it hands them."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

STATE_EVENT = "presence_state"
DIFF_EVENT = "presence_diff"
COUNT_EVENT = "presence_count"


class Payload:
    """The JSON of one event of one topic, encoded once: the same object goes to every subscriber.

    The rest is room for whoever packs frames: `frames` for the last one of each kind and what it was made for, while
    a batch goes out; `deflated` for the JSON compressed in whatever way, as long as the JSON lives.
    """

    __slots__ = ("deflated", "frames", "json")

    def __init__(self, json: bytes) -> None:
        self.json = json
        self.frames: dict[Hashable, tuple[bytes, bytes]] = {}
        self.deflated: bytes | None = None


class Subscriber(Protocol):
    """Whoever shows a topic's presence to a client: one per (socket, topic), hashable by identity."""

    def push_presence(self, event: str, payload: Payload) -> None:
        """Called on the event loop and must not block. Who drops a push has to subscribe again: diffs build on
        each other, and subscribing anew gets a fresh `presence_state`.
        """
        ...


class Timer(Protocol):
    def cancel(self) -> None: ...


class Scheduler(Protocol):
    """The part of an event loop that presence lives by; tests pass one that stands still."""

    def time(self) -> float: ...

    def call_soon(self, callback: Callable[..., object], *args: Any) -> Timer: ...

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Timer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSettings:
    frames_per_second: int = 2_000
    """Frames of one topic per second while it is busy: a batch of n frames is followed by a rest of n/2,000 s."""

    longest_rest: float = 1.0
    """Seconds; the rest after a batch is never longer, however many subscribe."""

    shown: int = 1_000
    """People of one topic whom its subscribers see; of those beyond, only the count is told."""

    heartbeat: float = 5.0
    """Seconds between a node's signs of life; a third of `down_after` if that is less."""

    down_after: float = 30.0
    """Seconds of silence after which a node's people have left; the same on every node."""

    @property
    def beat(self) -> float:
        """Seconds between signs of life, so that two may be lost without harm."""
        return min(self.heartbeat, self.down_after / 3)

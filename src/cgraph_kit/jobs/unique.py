"""When a job is the same as one that is there already."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from .job import State

LONGEST_KEY = 250
"""Characters of a pending key; a longer one is hashed."""


class Unique(msgspec.Struct, frozen=True):
    """At most one such job within a period, whatever has become of it (by default: unless it was given up).

    Whoever asks for it again is given the one that is there. Those who ask at the same time wait for each other's
    commit; asked for in a transaction, it is best asked for last.
    """

    period: float | None = 60
    """Seconds since the other was inserted; None: for as long as it is kept."""
    keys: tuple[str, ...] = ()
    """Arguments that count; none named: all of them."""
    states: tuple[State, ...] = ("available", "scheduled", "executing", "retryable", "completed")
    """The other counts only in one of these."""


class OnePending(msgspec.Struct, frozen=True):
    """At most one such job waits at any time: what is asked for meanwhile is done by it. Once it has begun, it is not.

    Of different times that are asked for the earliest counts; but what failed waits until it is tried again. A unique
    index sees to it, in the inserting statement itself. The arguments named are ids; none named: it is one for all.
    """

    keys: tuple[str, ...] = ()


def unique_key(worker: str, queue: str, args: dict[str, Any]) -> bytes:
    """Sixteen bytes that are the same for the same job; `args`: what counts of its arguments."""
    named = msgspec.json.encode([worker, queue, args], order="sorted")
    return hashlib.blake2b(named, digest_size=16).digest()


def lock_of(key: bytes) -> int:
    """The advisory lock whoever looks for a key takes."""
    return int.from_bytes(key[:8], "big", signed=True)


def pending_key(worker: str, values: Sequence[Any]) -> str:
    """`worker:value:value`, as SQL can build it, too."""
    key = ":".join([worker, *map(str, values)])
    if len(key) <= LONGEST_KEY:
        return key
    return f"{worker}:{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"

"""What a job may return instead of nothing, and how long it waits before it is tried again."""

import random

import msgspec

PADDING = 15
"""Seconds every retry waits at least."""
STEEPEST = 20
"""Attempts over which the wait doubles; whoever has more of them goes the same way in smaller steps."""
JITTER = 0.1
"""At most this share is added, so that what failed together is not tried again together."""


class Cancel(msgspec.Struct, frozen=True):
    """It is not to be done, now or later. The reason is kept among the job's errors."""

    reason: str


class Snooze(msgspec.Struct, frozen=True):
    """Not yet: again in so many seconds. Counts as no attempt."""

    seconds: float


class Nothing(msgspec.Struct, frozen=True):
    """There was nothing to do: completed, and of no interest to anybody later. For what comes by the clock, often.

    Its row goes at once, unless it tells of an earlier attempt that failed.
    """


Result = Cancel | Snooze | Nothing | None


def backoff(attempt: int, max_attempts: int = STEEPEST) -> float:
    """Seconds to wait after so many attempts: 17, 19, 23, 31, 47, 79 …, and up to a tenth more."""
    if max_attempts > STEEPEST:
        attempt = round(attempt / max_attempts * STEEPEST)
    exact = PADDING + 2.0**attempt
    return exact + exact * JITTER * random.random()  # noqa: S311 (spreads load, keeps no secret)

"""What makes one post or comment stand above another: every formula, without a database.

Votes up `u` and down `d`; times in unix seconds, ages in hours. `hot`, `best` and `controversy` are functions of the row
alone and do not fade: they are generated columns, indexed (of posts in `post_ranks`, migration 0020), and the same
functions in SQL (0016; a test compares them). `rising` and `scaled` fade, and are written by a job for what is recent.
Every rank is ordered from high to low, and what is equal by time, then id, newest first.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

Sort = Literal[
    "hot",
    "top",
    "best",
    "controversial",
    "active",
    "rising",
    "scaled",
    "most_comments",
    "new_comments",
]
"""The orders of posts that votes or comments move. (By time, nothing moves.)"""
Window = Literal["hour", "day", "week", "month", "year", "all"]
"""How far back "top" looks."""

HOT_EPOCH = 1_134_028_003
HOT_SECONDS = 45_000
"""What a vote ten times as strong is worth in time: 12.5 hours."""
Z_80 = 1.281551565545
"""The normal quantile of a confidence of 80 %."""

WINDOWS: Mapping[Window, timedelta | None] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
    "all": None,
}

FADED_HOURS = 168
"""Age after which a post is no longer worth anything to `lemmy_hot` and `scaled`."""
RISING_HOURS = 2
"""How long a vote lifts what rises."""
ACTIVE_DAYS = 2
"""Age from which comments no longer bring a post back to the top of "active"."""


def hot(u: int, d: int, at: float, *, epoch: int = HOT_EPOCH, seconds: int = HOT_SECONDS) -> float:
    """Votes by order of magnitude, plus time: ten times the votes are worth `seconds` of being newer.

    Source: reddit, `_sorts.pyx`; rounded to seven digits as there, halves up.
    """
    score = u - d
    sign = (score > 0) - (score < 0)
    order = sign * math.log10(max(abs(score), 1))
    return math.floor((order + (at - epoch) / seconds) * 1e7 + 0.5) / 1e7


def best(u: int, d: int) -> float:
    """How large the share of up-votes is at least, with a confidence of 80 % (Wilson 1927); 0 without any."""
    n = u + d
    if u == 0:
        return 0.0
    p, z = u / n, Z_80
    return (p + z * z / (2 * n) - z * math.sqrt((p * (1 - p) + z * z / (4 * n)) / n)) / (
        1 + z * z / n
    )


def controversy(u: int, d: int) -> float:
    """Many votes, evenly parted; 0 where all agree. Source: reddit, `_sorts.pyx`, the newer form."""
    if u == 0 or d == 0:
        return 0.0
    return math.pow(u + d, min(u, d) / max(u, d))


def lemmy_hot(score: int, hours: float) -> float:
    """The order of magnitude of a score, fading with age; 0 from a week on. Source: Lemmy, `r.hot_rank`."""
    if not 0 < hours < FADED_HOURS:
        return 0.0
    return math.log10(max(2, score + 2)) / math.pow(hours + 2, 1.8)


def scaled(score: int, hours: float, monthly: int) -> float:
    """`lemmy_hot` in proportion to how busy the forum is (its comments and posts of a month): small ones are seen too."""
    return lemmy_hot(score, hours) / math.log10(2 + monthly)


def rising(gained: int, hours: float) -> float:
    """What a post has gained in the last two hours, in proportion to its age; 0 for what falls."""
    return max(gained, 0) / (max(hours, 0) + 2)


def counts_as_activity(*, by_author: bool, hours: float) -> bool:
    """Whether a comment brings its post to the top of "active": not the author's own, nor one on an old post.

    `hours`: the post's age. Source: Lemmy, `newest_comment_time_necro`.
    """
    return not by_author and hours < ACTIVE_DAYS * 24


def hacker_news(points: int, hours: float, *, penalty: float = 1.0) -> float:
    """For comparison, and for importers: the author's own point left out. Source: Hacker News, its Arc code as quoted."""
    return math.pow(max(points - 1, 0), 0.8) / math.pow(hours + 2, 1.8) * penalty

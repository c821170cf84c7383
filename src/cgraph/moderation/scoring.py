"""How urgent a case is: facts about its reports in, a number out. No I/O.

After Discourse's reviewables: a case has the sum of its reports, a report the more weight the more often its reporter was
right and the worse its reason; a moderator's own word weighs most.
"""

from typing import Literal, get_args

Reason = Literal[
    "spam",
    "harassment",
    "hate",
    "violence",
    "sexual",
    "self_harm",
    "illegal",
    "misinformation",
    "off_topic",
    "other",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
Priority = Literal["low", "medium", "high"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""In order: what is stored is the index."""

BASE = 1.0
GRAVE = 2.0
"""More for what may harm somebody right now."""
MODERATOR = 5.0
MOST_ACCURACY = 5.0
LEAST_ACCURACY = -0.9
ENOUGH = 5
"""Decided reports before a reporter's accuracy counts."""
MANY = 100
"""After which it counts in full."""
_GRAVE: frozenset[Reason] = frozenset({"violence", "self_harm", "illegal"})


def weight(reason: Reason, *, right: int, wrong: int, moderator: bool) -> float:
    """What a report counts, of a reporter whose earlier ones were approved (`right`) or rejected (`wrong`) so often.

    Never less than a tenth, so that nobody's word is worth nothing.
    """
    total = BASE + accuracy(right, wrong)
    if reason in _GRAVE:
        total += GRAVE
    if moderator:
        total += MODERATOR
    return max(0.1, round(total, 3))


def accuracy(right: int, wrong: int) -> float:
    """Between -0.9 for who was never right and `MOST_ACCURACY` for who was right a hundred times; 0: too little is known."""
    decided = right + wrong
    if decided < ENOUGH:
        return 0.0
    lead = (right - wrong) / decided
    if lead < 0:
        return LEAST_ACCURACY * -lead
    return MOST_ACCURACY * lead * min(1.0, decided / MANY)


def priority(score: float, *, medium: float, high: float) -> int:
    """The index of a score's priority."""
    return (score >= medium) + (score >= high)

"""Comment trees: how many comments which post has, and what answers what. No I/O."""

from collections.abc import Sequence

from .dice import Dice, parted

_ROOTS = 0.3
_CHAIN = 0.35
"""Answers to the newest comment, which make trees deep."""
_FALL = 0.6
_NEAR = 40


def shares(dice: Dice, posts: int, comments: int, largest: int) -> list[int]:
    """How many comments each post has: one has the most, some many, many few or none."""
    weights = [1 / (n + 1) ** _FALL for n in range(posts - 1)]
    counts = parted(comments - largest, weights)
    dice.shuffle(counts)
    counts.insert(dice.randrange(len(counts) + 1), largest)
    return counts


def parents(dice: Dice, count: int) -> Sequence[int | None]:
    """What each of so many comments answers: the number of one before it, or None at the top."""
    return [_parent(dice, n) for n in range(count)]


def _parent(dice: Dice, n: int) -> int | None:
    roll = dice.random()
    if n == 0 or roll < _ROOTS:
        return None
    if roll < _ROOTS + _CHAIN:
        return n - 1
    return dice.randrange(max(n - _NEAR, 0), n)

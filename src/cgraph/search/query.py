"""What somebody looks for, as the grammar understood it: words and conditions, with where they stand in what was typed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args

import msgspec

Operator = Literal[
    "from", "in", "forum", "mentions", "tag", "has", "is", "type", "before", "after", "on", "score"
]
Has = Literal["link", "image", "video", "audio", "file", "poll", "code", "mention"]
"""What a thing holds: features of the thing, by these names."""
Is = Literal["pinned", "edited", "locked", "reply", "thread", "unread", "mentioned", "saved"]
"""What a thing is. The first five are features of the thing, the last three depend on who asks."""
Type = Literal["message", "post", "comment", "file", "user", "group", "channel", "forum"]
How = Literal["word", "phrase", "prefix", "infix"]

OPERATORS: tuple[Operator, ...] = get_args(Operator)
CHOICES: Mapping[Operator, tuple[str, ...]] = {
    "has": get_args(Has),
    "is": get_args(Is),
    "type": get_args(Type),
}
"""The operators whose values are counted, and those values."""
OF_THE_READER: frozenset[str] = frozenset({"unread", "mentioned", "saved"})
"""What of `is:` no index knows."""
SIGNS: Mapping[Operator, str] = {
    "from": "@",
    "mentions": "@",
    "in": "#",
    "forum": "#",
    "tag": "#",
}
"""The sign a value may begin with that is not part of it."""


class Term(msgspec.Struct, frozen=True):
    """Something the words of a thing must hold; `negated`: must not."""

    how: How
    text: str
    """Without quotes and stars."""
    negated: bool = False
    start: int = 0
    length: int = 0
    """Where it was typed, in code points, with its signs."""

    def __str__(self) -> str:
        marks = {"word": "{}", "phrase": "{}", "prefix": "{}*", "infix": "*{}*"}
        text = quoted(self.text) if self.how == "phrase" else self.text
        return ("-" if self.negated else "") + marks[self.how].format(text)


class Value(msgspec.Struct, frozen=True):
    """One value of an operator: without quotes, without its sign; of `has:`, `is:` and `type:` in lower case."""

    text: str
    start: int = 0
    length: int = 0


class Condition(msgspec.Struct, frozen=True):
    """An operator and its values, one of which must hold; `negated`: none."""

    operator: Operator
    values: tuple[Value, ...]
    negated: bool = False
    start: int = 0
    length: int = 0

    def __str__(self) -> str:
        values = ",".join(_bare(value.text) for value in self.values)
        return f"{'-' if self.negated else ''}{self.operator}:{values}"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """All of it holds. Conditions of one operator that are not negated are alternatives, but for bounds, which all hold."""

    terms: tuple[Term, ...] = ()
    conditions: tuple[Condition, ...] = ()
    """As they were written."""
    since: datetime | None = None
    """What `after:`, `before:` and `on:` come to: from this moment on …"""
    before: datetime | None = None
    """… until just before this one."""
    score_above: int | None = None
    score_below: int | None = None

    def values(self, operator: Operator, *, negated: bool = False) -> tuple[Value, ...]:
        """What one of must hold (none must hold); empty: nothing was said of it."""
        return tuple(
            value
            for condition in self.conditions
            if condition.operator == operator and condition.negated == negated
            for value in condition.values
        )

    def __str__(self) -> str:
        """As the grammar reads it again: conditions first, then words."""
        parts: Sequence[Condition | Term] = (*self.conditions, *self.terms)
        return " ".join(map(str, parts))


def quoted(text: str) -> str:
    """In quotes, with those inside escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


QUOTES = '"“„”'
"""What opens a quotation; any of them but „ closes it. Phones type the curved ones."""


def _bare(text: str) -> str:
    """A value, in quotes if it needs them."""
    plain = not any(mark.isspace() or mark in QUOTES or mark == "," for mark in text)
    return text if plain and text[:1] not in ("@", "#", "") else quoted(text)

"""What somebody is typing: the part of a search that has the cursor."""

import msgspec

from .query import OPERATORS, QUOTES, SIGNS, Operator

_CLOSING = '"“”'


class Half(msgspec.Struct, frozen=True):
    """A part of a search that is not complete, or may not be."""

    operator: Operator | None
    """Whose value it is; None: a word."""
    fragment: str
    """What has been typed of it before the cursor, without quotes and sign."""
    sign: str
    """`@` or `#`, if it begins with one."""
    start: int
    length: int
    """All of it, behind the cursor too: what a suggestion takes the place of."""


def half_typed(q: str, cursor: int) -> Half:
    """The word or value at the cursor, which lies within `q`. Reads what no search could be, too."""
    start, quoted = _start(q, cursor)
    negated = q[start : start + 1] == "-"
    start += negated
    name, colon, _ = q[start:cursor].partition(":")
    operator = next((one for one in OPERATORS if one == name.lower()), None) if colon else None
    if operator is not None:
        start = _value_start(q, start + len(name) + 1, cursor)
    typed = (
        q[start:cursor].lstrip(QUOTES) if q[start : start + 1] in tuple(QUOTES) else q[start:cursor]
    )
    sign = typed[:1] if typed[:1] in ("@", "#") else ""
    # A value of `in:` may begin with @, which says what it is.
    kept = sign if operator is None or sign == SIGNS.get(operator) else ""
    end = _end(q, cursor, quoted=quoted, value=operator is not None)
    return Half(operator, typed.removeprefix(kept), kept, start, end - start)


def _start(q: str, cursor: int) -> tuple[int, bool]:
    """Where the part at the cursor begins, and whether the cursor is in quotes."""
    start, quoted, before = 0, False, " "
    escaped = False
    for at, mark in enumerate(q[:cursor]):
        if quoted:
            quoted = escaped or mark not in _CLOSING
            escaped = mark == "\\" and not escaped
        elif mark in QUOTES and (before.isspace() or before in ":,-"):
            quoted = True
        elif mark.isspace():
            start = at + 1
        before = mark
    return start, quoted


def _value_start(q: str, start: int, cursor: int) -> int:
    """Where the last of some values begins."""
    quoted = False
    first = start
    for at in range(start, cursor):
        if quoted:
            quoted = q[at] not in _CLOSING
        elif q[at] in QUOTES and at == first:
            quoted = True
        elif q[at] == ",":
            first = at + 1
    return first


def _end(q: str, cursor: int, *, quoted: bool, value: bool) -> int:
    for at in range(cursor, len(q)):
        if quoted and q[at] in _CLOSING:
            return at + 1
        if not quoted and (q[at].isspace() or (value and q[at] == ",")):
            return at
    return len(q)

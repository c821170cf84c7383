"""Parts of a representation (RFC 9110 §14): one range, from the front or from the end."""

import re
from collections.abc import Mapping

from .errors import RangeNotSatisfiable

_ONE = re.compile(rb"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE)


def wanted(headers: Mapping[bytes, bytes], size: int, tag: bytes) -> tuple[int, int] | None:
    """First byte and the one after the last; None: the whole, also for what is no range we know, and for several.

    `tag`: the strong ETag an If-Range must name. Raises `RangeNotSatisfiable` for what begins after the end.
    """
    asked = _ONE.fullmatch(headers.get(b"range", b""))
    if asked is None or headers.get(b"if-range", tag) != tag:
        return None
    first, last = asked.groups()
    if not first:
        return _suffix(last, size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable(size=size)
    return start, min(int(last) + 1, size) if last else size


def _suffix(last: bytes, size: int) -> tuple[int, int] | None:
    if not last:
        return None
    if not int(last) or not size:
        raise RangeNotSatisfiable(size=size)
    return max(0, size - int(last)), size

"""Pages by opaque keyset cursors; never offsets."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec

from .errors import Invalid
from .validation import Input, Text

T = TypeVar("T")
K = TypeVar("K")

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
BIGINT = 2**63
FIRST, LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
"""Times that are some time in every zone."""
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]


class WhichPage(Input, frozen=True):
    """Which page of a list that is read onwards."""

    limit: Limit = DEFAULT_LIMIT
    after: Text | None = None
    """A cursor of this list."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some of many. A cursor is None where the list ends on that side."""

    items: list[T]
    before: str | None = None
    """Cursor of what precedes the first item in the list's order."""
    after: str | None = None
    """Cursor of what follows the last item."""


def encode_cursor(key: object) -> str:
    """A position as an opaque, URL-safe string."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str, type: type[K], field: str = "cursor") -> K:
    """The position in a cursor this server made. Raises `Invalid` for anything else.

    Cursors are typed, not signed: a forged one is just another position in a list the caller may read anyway.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        key = msgspec.json.decode(raw, type=type)
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        raise Invalid.field(field, "is not a cursor of this list") from None
    if encode_cursor(key) != cursor or not _is_known(key):
        raise Invalid.field(field, "is not a cursor of this list")
    return key


def _is_known(key: object) -> bool:
    """Whether the database can be asked about it: forged ones may hold what no column can."""
    match key:
        case datetime():
            # Without a zone it is no time that could be compared with others.
            return key.tzinfo is not None and FIRST <= key.replace(tzinfo=UTC) <= LAST
        case int():
            return -BIGINT <= key < BIGINT
        case str():
            return "\x00" not in key
        case msgspec.Struct():
            return all(map(_is_known, msgspec.structs.astuple(key)))
        case tuple() | list():
            return all(map(_is_known, key))
    return True


def forward_page(rows: Sequence[T], limit: int, key: Callable[[T], object]) -> Page[T]:
    """A page from `limit + 1` rows of a list that is read onwards only."""
    items = list(rows[:limit])
    return Page(items, after=encode_cursor(key(items[-1])) if len(rows) > limit else None)

"""How those who answer the same stand among each other, and where a page of them goes on. No I/O."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from cgraph_kit.errors import Invalid
from cgraph_kit.paging import decode_cursor, encode_cursor

from .comment import CommentSort
from .comment_view import Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Key = Literal["best", "score", "hot", "inserted_at", "controversy", "lifted"]


class Order(NamedTuple):
    """An order by columns and then by id, so that no two are equal."""

    columns: Sequence[Key]
    ascending: bool = False
    """Of the columns."""
    oldest_first: bool = True
    """Of those alike in them."""

    def sql(self) -> str:
        """For ORDER BY, over comments `c` that answer the same.

        What they answer leads, so that for those at the top, too, the planner knows an index that has them in order.
        """
        way = "" if self.ascending else " DESC"
        keys = [f"c.{name}{way}" for name in self.columns]
        last = "" if self.oldest_first else " DESC"
        return ", ".join([f"c.parent_id{last}", *keys, f"c.id{last}"])

    def after(self, first: int) -> str:
        """A condition for what comes after a position, whose parameters begin at this number; its index finds the place."""
        sign = ">" if self.ascending else "<"
        last = first + len(self.columns)
        beyond = f"c.id {'>' if self.oldest_first else '<'} ${last}::uuid"
        for n, name in reversed(list(enumerate(self.columns, first))):
            value = f"${n}::{_TYPES[name]}"
            beyond = f"c.{name} {sign}= {value} AND (c.{name} {sign} {value} OR {beyond})"
        return beyond


_TYPES: dict[Key, str] = {
    "best": "float8",
    "score": "int",
    "hot": "float8",
    "controversy": "float8",
    "inserted_at": "timestamptz",
    "lifted": "bool",
}

ORDERS: dict[CommentSort, Order] = {
    "best": Order(["best"]),
    "top": Order(["score"]),
    "hot": Order(["hot"]),
    "controversial": Order(["controversy"]),
    "qa": Order(["lifted", "best"]),
    "new": Order(["inserted_at"], oldest_first=False),
    "old": Order(["inserted_at"], ascending=True),
}


class Position(NamedTuple):
    """Where the answers to something go on."""

    sort: CommentSort
    parent_id: UUID | None
    last: tuple[list[float], UUID] | None
    """The last one shown, by what it is ordered by and its id; None: none was. Times are microseconds since 1970."""

    def arguments(self) -> list[object]:
        """For `Order.after`."""
        if self.last is None:
            return []
        values, id = self.last
        columns = ORDERS[self.sort].columns
        return [*(_value(name, value) for name, value in zip(columns, values, strict=True)), id]


def position_after(sort: CommentSort, parent_id: UUID | None, row: Row | None) -> str:
    """A cursor: the answers to one comment, or the post, on from one of them, or from the first."""
    last = None
    if row is not None:
        last = [_number(getattr(row, name)) for name in ORDERS[sort].columns], row.id
    return encode_cursor(Position(sort, parent_id, last))


def read_position(cursor: str) -> Position:
    """Raises `Invalid`."""
    position = decode_cursor(cursor, Position, "cursor")
    if position.last is not None:
        values, _ = position.last
        if len(values) != len(ORDERS[position.sort].columns):
            raise _not_a_cursor()
        try:
            position.arguments()
        except (ValueError, OverflowError):
            raise _not_a_cursor() from None
    return position


def _number(value: float | datetime) -> float:
    return float((value - EPOCH) // _MICROSECOND if isinstance(value, datetime) else value)


def _value(name: Key, value: float) -> object:
    """Raises `ValueError`, `OverflowError` for what no comment has."""
    match name:
        case "inserted_at":
            return EPOCH + int(value) * _MICROSECOND
        case "score":
            if abs(value) >= 2**31:
                raise ValueError(value)
            return int(value)
        case "lifted":
            return bool(value)
        case _:
            return value


def _not_a_cursor() -> Invalid:
    return Invalid.field("cursor", "is not a cursor of this list")

"""What `before:`, `after:`, `on:` and `score:` say, as bounds that all hold."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple, NoReturn

from .errors import InvalidQuery
from .query import Condition

DATES = ("2026-11-23", "2026-11", "2026", "today", "yesterday", "7d", "12h", "4w")
SCORES = (">5", ">=5", "<5", "<=5", "5")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAY = timedelta(days=1)
_YEARS = range(1970, 3000)
_MONTHS = 12
_DIGITS_MOST = 4
_SCORE_DIGITS = 9
_LENGTHS = [4, 2, 2]


class Period(NamedTuple):
    """From `start` until just before `end`. Both are the same for a number of days or hours ago."""

    start: datetime
    end: datetime


class Bounds:
    """The narrowest of all bounds taken."""

    def __init__(self, text: str, now: datetime, zone: tzinfo) -> None:
        self._text = text
        self._now = now.astimezone(zone)
        self._since: datetime | None = None
        self._before: datetime | None = None
        self._above: int | None = None
        self._below: int | None = None

    def asdict(self) -> dict[str, Any]:
        """The fields of a query."""
        return {
            "since": self._since,
            "before": self._before,
            "score_above": self._above,
            "score_below": self._below,
        }

    def take(self, condition: Condition) -> None:
        """Narrow by this; other operators than those of bounds say nothing here. Raises `InvalidQuery`."""
        match condition.operator:
            case "score":
                self._take_score(condition)
            case "before" | "after" | "on":
                self._take_date(condition)

    def _take_date(self, condition: Condition) -> None:
        operator, negated = condition.operator, condition.negated
        if operator == "on":
            self._take_day(condition)
        elif operator == "before":
            start = self._period(condition).start
            self._narrow(since=start) if negated else self._narrow(before=start)
        else:
            end = self._period(condition).end
            self._narrow(before=end) if negated else self._narrow(since=end)

    def _take_day(self, condition: Condition) -> None:
        if condition.negated:
            self._refuse(condition, "not_negatable", "on: has no contrary; say before: or after:")
        start, end = self._period(condition)
        if start == end:
            start, end = _days(start.date(), start.date() + _DAY, self._now)
        self._narrow(since=start, before=end)

    def _narrow(self, *, since: datetime | None = None, before: datetime | None = None) -> None:
        if since is not None:
            self._since = max(since, self._since or since)
        if before is not None:
            self._before = min(before, self._before or before)

    def _period(self, condition: Condition) -> Period:
        period = period_of(condition.values[0].text, self._now)
        if period is None:
            reason = f"{condition.operator}: wants a date like {', '.join(DATES)}"
            self._refuse(condition, "bad_date", reason, DATES)
        return period

    def _take_score(self, condition: Condition) -> None:
        compare, number = _score(condition.values[0].text)
        if number is None:
            reason = f"score: wants a number like {', '.join(SCORES)}"
            self._refuse(condition, "bad_score", reason, SCORES)
        if condition.negated:
            if compare == "=":
                self._refuse(condition, "not_negatable", "score: has no contrary; say < or >")
            compare = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[compare]
        above, below = _between(compare, number)
        if above is not None:
            self._above = above if self._above is None else max(above, self._above)
        if below is not None:
            self._below = below if self._below is None else min(below, self._below)

    def _refuse(
        self, condition: Condition, reason: str, message: str, allowed: tuple[str, ...] = ()
    ) -> NoReturn:
        where = condition if reason == "not_negatable" else condition.values[0]
        raise InvalidQuery.at(
            self._text, where.start, where.length, reason, message, allowed=allowed
        )


def period_of(text: str, now: datetime) -> Period | None:
    """A date as people type it, in the time zone of `now`; None: it is none."""
    word = text.lower()
    today = now.date()
    if word in ("today", "yesterday"):
        first = today if word == "today" else today - _DAY
        return _days(first, first + _DAY, now)
    if word[-1:] in _UNITS and _is_number(word[:-1]) and len(word) - 1 <= _DIGITS_MOST:
        # By what has passed, not by what clocks showed: they may have been put forward or back meanwhile.
        passed = now.astimezone(UTC) - int(word[:-1]) * _UNITS[word[-1]]
        moment = passed.astimezone(now.tzinfo)
        return Period(moment, moment)
    return _calendar(word.split("-"), now)


def _calendar(numbers: list[str], now: datetime) -> Period | None:
    if not all(map(_is_number, numbers)) or [*map(len, numbers)] != _LENGTHS[: len(numbers)]:
        return None
    year, month, day = [*map(int, numbers), *[1] * (3 - len(numbers))]
    if year not in _YEARS:
        return None
    try:
        first = date(year, month, day)
    except ValueError:
        return None
    match len(numbers):
        case 1:
            after = date(year + 1, 1, 1)
        case 2:
            after = date(year + month // _MONTHS, month % _MONTHS + 1, 1)
        case _:
            after = first + _DAY
    return _days(first, after, now)


def _days(first: date, after: date, now: datetime) -> Period:
    return Period(*(datetime.combine(day, time(), now.tzinfo) for day in (first, after)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _score(text: str) -> tuple[str, int | None]:
    compare = next((sign for sign in (">=", "<=", ">", "<", "=") if text.startswith(sign)), "")
    digits = text[len(compare) :]
    if not _is_number(digits.removeprefix("-")) or len(digits) > _SCORE_DIGITS:
        return compare, None
    return compare or "=", int(digits)


def _between(compare: str, number: int) -> tuple[int | None, int | None]:
    """Above what, and below what, a number is that compares so."""
    match compare:
        case ">":
            return number, None
        case ">=":
            return number - 1, None
        case "<":
            return None, number
        case "<=":
            return None, number + 1
    return number - 1, number + 1

"""Quiet hours: windows of local time, in instants. Pure; the zones come from `zoneinfo`.

A window belongs to the weekday it begins on and ends by the clock on the wall, the next day if its end is not after its
start. Where clocks change: a time that does not exist is the moment they are put forward; of a time that comes twice, a
window begins at the first and ends at the second, so that nobody is woken in between.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec

DAYS = 7
DAY_MINUTES = 24 * 60
AT_MOST = timedelta(days=14)
"""How far ahead an end is looked for; windows that leave no gap in it are treated as ending there."""

WallTime = Annotated[
    str,
    msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5, examples=["22:00"]),
]


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` on a weekday to the next `end`; the same time twice is a whole day."""

    day: Annotated[int, msgspec.Meta(ge=1, le=DAYS)]
    """Monday is 1, Sunday 7 (ISO 8601)."""
    start: WallTime
    end: WallTime

    @property
    def minutes(self) -> int:
        """How long it is by the clock: 1 to 1440."""
        return (_minute(self.end) - _minute(self.start) - 1) % DAY_MINUTES + 1


class QuietHours(msgspec.Struct, frozen=True):
    """When a person's pushes and mail wait."""

    enabled: bool = False
    time_zone: str = "UTC"
    windows: Sequence[Window] = ()


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """When the quiet around `now` ends, in UTC; None: it is not quiet.

    Windows that touch or overlap are one: their end is that of the last.
    """
    if not hours.enabled or not hours.windows:
        return None
    zone = _zone(hours.time_zone)
    end = now
    while end - now < AT_MOST and (later := _end_of_windows(hours.windows, zone, end)):
        end = later
    return end if end > now else None


def _end_of_windows(windows: Sequence[Window], zone: ZoneInfo, at: datetime) -> datetime | None:
    """The last end of the windows in which an instant lies."""
    today = at.astimezone(zone).date()
    ends = [
        end
        for first in (today - timedelta(days=1), today)
        for window in windows
        if window.day == first.isoweekday()
        for start, end in [_instants(window, first, zone)]
        if start <= at < end
    ]
    return max(ends, default=None)


@lru_cache(maxsize=4096)  # many people keep the same hours
def _instants(window: Window, first: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = _minute(window.start), _minute(window.end)
    last = first if end > start else first + timedelta(days=1)
    return (
        _instant(first, start, zone, fold=0),
        _instant(last, end, zone, fold=1),
    )


def _instant(day: date, minute: int, zone: ZoneInfo, *, fold: int) -> datetime:
    """A local time in UTC. One that the clocks skip is the moment they are put forward."""
    wall = datetime.combine(day, time(*divmod(minute, 60)), tzinfo=zone)
    first, second = (wall.replace(fold=which).astimezone(UTC) for which in (0, 1))
    if (
        second < first
    ):  # skipped (PEP 495): read by the clock before the change, and by the one after
        return _change_between(second, first, zone)
    return second if fold else first


def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the zone's offset changes; to the second, by halving."""
    before = early.astimezone(zone).utcoffset()
    while (span := late - early) > timedelta(seconds=1):
        middle = early + timedelta(seconds=int(span.total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def never_ends(windows: Sequence[Window]) -> bool:
    """Whether the windows leave no minute of the week."""
    taken = bytearray(DAYS * DAY_MINUTES)
    for window in windows:
        start = (window.day - 1) * DAY_MINUTES + _minute(window.start)
        for minute in range(start, start + window.minutes):
            taken[minute % len(taken)] = 1
    return all(taken)


def is_time_zone(name: str) -> bool:
    """Whether it names a zone of the IANA database as this machine has it."""
    return name in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> ZoneInfo:
    """UTC for a name that has gone from the database since it was chosen."""
    return ZoneInfo(name if is_time_zone(name) else "UTC")


def _minute(wall: str) -> int:
    hours, _, minutes = wall.partition(":")
    return int(hours) * 60 + int(minutes)

"""Quiet hours on the wall clocks of several places, through both changes of the year."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cgraph.notifications import QuietHours, Window, quiet_until
from cgraph.notifications.quiet import is_time_zone, never_ends

PARIS = "Europe/Paris"
NIGHTS = [(day, "22:00", "07:00") for day in range(1, 8)]


def hours(windows: Any, zone: str = PARIS, *, enabled: bool = True) -> QuietHours:
    return QuietHours(enabled, zone, [Window(*window) for window in windows])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str, zone: str = PARIS, fold: int = 0) -> datetime:
    """A local time, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


class TestQuietUntil:
    @pytest.mark.parametrize(
        ("windows", "now", "end"),
        [
            # 2026-01-07 is a Wednesday.
            ([(3, "13:00", "14:00")], "2026-01-07T13:30", "2026-01-07T14:00"),
            ([(3, "13:00", "14:00")], "2026-01-07T13:00", "2026-01-07T14:00"),
            ([(3, "13:00", "14:00")], "2026-01-07T14:00", None),
            ([(3, "13:00", "14:00")], "2026-01-07T12:59", None),
            ([(3, "13:00", "14:00")], "2026-01-08T13:30", None),
            ([(3, "22:00", "07:00")], "2026-01-07T23:59", "2026-01-08T07:00"),
            ([(3, "22:00", "07:00")], "2026-01-08T06:59", "2026-01-08T07:00"),
            ([(3, "22:00", "07:00")], "2026-01-07T06:59", None),
            ([(3, "22:00", "07:00")], "2026-01-08T07:00", None),
            ([(3, "22:00", "00:00")], "2026-01-07T23:00", "2026-01-08T00:00"),
            ([(7, "22:00", "07:00")], "2026-01-12T05:00", "2026-01-12T07:00"),
            (NIGHTS, "2026-01-10T03:00", "2026-01-10T07:00"),
            # The same time twice is a whole day.
            ([(6, "08:00", "08:00")], "2026-01-10T08:00", "2026-01-11T08:00"),
            ([(6, "08:00", "08:00")], "2026-01-11T07:59", "2026-01-11T08:00"),
            # Windows that touch or overlap are one.
            (
                [(5, "18:00", "00:00"), (6, "00:00", "00:00"), (7, "00:00", "20:00")],
                "2026-01-09T19:00",
                "2026-01-11T20:00",
            ),
            (
                [(3, "12:00", "14:00"), (3, "13:00", "15:00")],
                "2026-01-07T12:30",
                "2026-01-07T15:00",
            ),
            (
                [(3, "12:00", "16:00"), (3, "13:00", "14:00")],
                "2026-01-07T13:30",
                "2026-01-07T16:00",
            ),
            (
                [(3, "12:00", "13:00"), (3, "14:00", "15:00")],
                "2026-01-07T12:30",
                "2026-01-07T13:00",
            ),
        ],
    )
    def test_by_weekday(self, windows: Any, now: str, end: str | None) -> None:
        assert quiet_until(hours(windows), wall(now)) == (wall(end) if end else None)

    @pytest.mark.parametrize(
        ("window", "now", "end"),
        [
            # Paris, Sunday 2026-03-29: at 01:00 UTC it is not 02:00 but 03:00.
            ((6, "22:00", "07:00"), "2026-03-28T22:00", "2026-03-29T05:00"),
            ((6, "22:00", "02:30"), "2026-03-29T00:30", "2026-03-29T01:00"),
            ((6, "22:00", "02:30"), "2026-03-29T01:00", None),
            ((7, "02:30", "05:00"), "2026-03-29T00:59", None),
            ((7, "02:30", "05:00"), "2026-03-29T01:00", "2026-03-29T03:00"),
            ((7, "02:10", "02:50"), "2026-03-29T01:00", None),
            ((7, "03:00", "04:00"), "2026-03-29T01:00", "2026-03-29T02:00"),
            # Sunday 2026-10-25: at 01:00 UTC it is not 03:00 but 02:00 again.
            ((6, "22:00", "07:00"), "2026-10-24T21:00", "2026-10-25T06:00"),
            ((6, "22:00", "02:30"), "2026-10-25T00:15", "2026-10-25T01:30"),
            ((6, "22:00", "02:30"), "2026-10-25T00:45", "2026-10-25T01:30"),
            ((6, "22:00", "02:30"), "2026-10-25T01:15", "2026-10-25T01:30"),
            ((6, "22:00", "02:30"), "2026-10-25T01:30", None),
            ((7, "02:30", "04:00"), "2026-10-25T00:29", None),
            ((7, "02:30", "04:00"), "2026-10-25T00:30", "2026-10-25T03:00"),
            ((7, "02:30", "04:00"), "2026-10-25T01:10", "2026-10-25T03:00"),
            ((6, "08:00", "08:00"), "2026-10-25T06:30", "2026-10-25T07:00"),
        ],
    )
    def test_when_clocks_change(
        self, window: tuple[int, str, str], now: str, end: str | None
    ) -> None:
        assert quiet_until(hours([window]), utc(now)) == (utc(end) if end else None)

    def test_where_midnight_does_not_exist(self) -> None:
        """Havana puts its clocks forward at midnight, to 01:00 on Sunday 2026-03-08."""
        midnight = utc("2026-03-08T05:00")
        ends = hours([(6, "20:00", "00:00")], "America/Havana")
        assert quiet_until(ends, utc("2026-03-08T04:59")) == midnight
        assert quiet_until(ends, midnight) is None
        begins = hours([(7, "00:00", "02:00")], "America/Havana")
        assert quiet_until(begins, midnight) == utc("2026-03-08T06:00")

    def test_where_a_day_does_not_exist(self) -> None:
        """Apia had no Friday 2011-12-30."""
        quiet = hours([(4, "22:00", "07:00")], "Pacific/Apia")
        assert quiet_until(quiet, utc("2011-12-30T09:59")) == utc("2011-12-30T10:00")
        assert quiet_until(quiet, utc("2011-12-30T10:00")) is None

    def test_in_another_zone(self) -> None:
        quiet = hours([(1, "22:00", "07:00")], "Asia/Kathmandu")
        assert quiet_until(quiet, utc("2026-01-05T16:15")) == utc("2026-01-06T01:15")
        assert quiet_until(quiet, utc("2026-01-05T16:14")) is None

    def test_off_or_never_set(self) -> None:
        now = wall("2026-01-10T03:00")
        assert quiet_until(hours(NIGHTS, enabled=False), now) is None
        assert quiet_until(QuietHours(enabled=True), now) is None

    def test_without_a_gap_ends_all_the_same(self) -> None:
        every = [(day, "00:00", "00:00") for day in range(1, 8)]
        end = quiet_until(hours(every), wall("2026-01-10T03:00"))
        assert end is not None
        assert 14 <= (end - wall("2026-01-10T03:00")).days <= 15

    def test_a_zone_that_has_gone_is_utc(self) -> None:
        quiet = hours([(3, "13:00", "14:00")], "Mars/Olympus")
        assert quiet_until(quiet, utc("2026-01-07T13:30")) == utc("2026-01-07T14:00")


ZONES = (PARIS, "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
windows = st.lists(st.builds(Window, st.integers(1, 7), times, times), min_size=1, max_size=8)
instants = st.integers(0, 366 * 24 * 60).map(lambda n: utc("2026-01-01") + timedelta(minutes=n))


def by_the_wall(hours: QuietHours, at: datetime) -> bool:
    """Whether the clock on the wall shows a time of some window."""
    local = at.astimezone(ZoneInfo(hours.time_zone))
    now = (local.isoweekday() - 1) * 24 * 60 + local.hour * 60 + local.minute
    for window in hours.windows:
        hour, minute = map(int, window.start.split(":"))
        start = (window.day - 1) * 24 * 60 + hour * 60 + minute
        if (now - start) % (7 * 24 * 60) < window.minutes:
            return True
    return False


class TestAnyQuietHours:
    @settings(max_examples=150, derandomize=True, database=None, deadline=None)
    @given(windows, st.sampled_from(ZONES), instants, st.floats(0, 1, exclude_max=True))
    def test_end_once_for_everything_in_them(
        self, windows: list[Window], zone: str, now: datetime, part: float
    ) -> None:
        assume(not never_ends(windows))
        quiet = QuietHours(True, zone, windows)
        end = quiet_until(quiet, now)
        if end is None:
            return
        assert end > now
        assert quiet_until(quiet, end) is None
        assert quiet_until(quiet, now + (end - now) * part) == end
        assert quiet_until(quiet, end - timedelta(microseconds=1)) == end

    @settings(max_examples=150, derandomize=True, database=None, deadline=None)
    @given(windows, st.sampled_from(ZONES), instants)
    def test_are_what_the_wall_shows_away_from_the_changes(
        self, windows: list[Window], zone: str, now: datetime
    ) -> None:
        day = timedelta(days=1)
        offsets = {(now + n * day).astimezone(ZoneInfo(zone)).utcoffset() for n in (-1, 0, 1)}
        assume(len(offsets) == 1)
        quiet = QuietHours(True, zone, windows)
        assert (quiet_until(quiet, now) is not None) == by_the_wall(quiet, now)


class TestNeverEnds:
    @pytest.mark.parametrize(
        ("windows", "never"),
        [
            ([], False),
            (NIGHTS, False),
            ([(day, "00:00", "00:00") for day in range(1, 8)], True),
            ([(day, "09:00", "09:00") for day in range(1, 8)], True),
            ([(day, "00:00", "23:59") for day in range(1, 8)], False),
            ([*NIGHTS, *((day, "07:00", "22:00") for day in range(1, 8))], True),
            ([*NIGHTS, *((day, "07:00", "22:00") for day in range(1, 7))], False),
        ],
    )
    def test_by_the_minutes_left(self, windows: Any, never: bool) -> None:
        assert never_ends([Window(*window) for window in windows]) is never


class TestIsTimeZone:
    @pytest.mark.parametrize("name", ["UTC", PARIS, "America/Argentina/Ushuaia", "Etc/GMT+5"])
    def test_knows(self, name: str) -> None:
        assert is_time_zone(name)

    @pytest.mark.parametrize("name", ["", "Europe", "europe/paris", "../etc/passwd", "CET+1", "/"])
    def test_refuses(self, name: str) -> None:
        assert not is_time_zone(name)

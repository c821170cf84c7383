"""Quiet hours as they are set and shown."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from cgraph.accounts import Actor
from cgraph.notifications import (
    NewQuietHours,
    QuietHoursUpdated,
    Window,
    get_quiet_hours,
    set_quiet_hours,
)
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import decode
from support.talk import Happened

NIGHT = Window(3, "22:00", "07:00")


class TestNewQuietHours:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"time_zone": "../etc/passwd"}, "time_zone"),
            ({"time_zone": "x" * 101}, "time_zone"),
            (
                {"windows": [{"day": d, "start": "00:00", "end": "00:00"} for d in range(1, 8)]},
                "windows",
            ),
            ({"windows": [{"day": 1, "start": "00:00", "end": "01:00"}] * 29}, "windows"),
            ({"windows": [{"day": 0, "start": "00:00", "end": "01:00"}]}, "windows[0].day"),
            ({"windows": [{"day": 8, "start": "00:00", "end": "01:00"}]}, "windows[0].day"),
            ({"windows": [{"day": 1, "start": "24:00", "end": "01:00"}]}, "windows[0].start"),
            ({"windows": [{"day": 1, "start": "9:00", "end": "01:00"}]}, "windows[0].start"),
            ({"windows": [{"day": 1, "start": "09:00", "end": "10:60"}]}, "windows[0].end"),
            ({"windows": [{"day": 1, "start": "09:00", "end": "10:00\n"}]}, "windows[0].end"),
            ({"windows": [{"day": 1, "start": "09:00"}]}, "windows[0].end"),
            ({"windows": [{"day": 1, "start": "09:00", "end": "10:00", "x": 1}]}, "windows[0].x"),
            ({"exceptions": [str(uuid4())] * 101}, "exceptions"),
            ({"exceptions": ["x"]}, "exceptions[0]"),
        ],
    )
    def test_refuses(self, change: dict[str, Any], field: str) -> None:
        body = {"time_zone": "Europe/Paris", "windows": [], **change}
        with pytest.raises(Invalid) as refused:
            decode(msgspec.json.encode(body), NewQuietHours)
        assert list(refused.value.fields) == [field]


class TestGetQuietHours:
    async def test_are_off_until_they_are_set(self, db: Transaction, ann: Actor) -> None:
        hours = await get_quiet_hours(db, ann)
        assert (hours.enabled, hours.time_zone, list(hours.windows)) == (False, "UTC", [])
        assert (list(hours.exceptions), hours.quiet_until) == ([], None)


class TestSetQuietHours:
    async def test_is_kept_and_says_whether_it_is_quiet(
        self, db: Transaction, ann: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 7, 23, tzinfo=UTC))
        new = NewQuietHours("Europe/Paris", [NIGHT], exceptions=[bob.id])
        hours = await set_quiet_hours(db, ann, new)
        assert hours == await get_quiet_hours(db, ann)
        assert (hours.enabled, hours.time_zone, list(hours.windows)) == (
            True,
            "Europe/Paris",
            [NIGHT],
        )
        assert [person.username for person in hours.exceptions] == [bob.username]
        assert hours.quiet_until == datetime(2026, 1, 8, 6, tzinfo=UTC)

    async def test_replaces_everything(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        await set_quiet_hours(db, ann, NewQuietHours("UTC", [NIGHT], exceptions=[bob.id]))
        hours = await set_quiet_hours(db, ann, NewQuietHours("Asia/Tokyo", [], enabled=False))
        assert (hours.enabled, hours.time_zone) == (False, "Asia/Tokyo")
        assert (list(hours.windows), list(hours.exceptions)) == ([], [])

    async def test_is_told_once(self, db: Transaction, ann: Actor, happened: Happened) -> None:
        for _ in range(2):
            await set_quiet_hours(db, ann, NewQuietHours("UTC", [NIGHT]))
        (event,) = happened(QuietHoursUpdated)
        told = msgspec.json.decode(event.body())
        assert told["windows"] == [{"day": 3, "start": "22:00", "end": "07:00"}]

    async def test_excepts_people_who_exist_each_once_and_not_oneself(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        new = NewQuietHours("UTC", [NIGHT], exceptions=[bob.id, ann.id, bob.id])
        hours = await set_quiet_hours(db, ann, new)
        assert [person.id for person in hours.exceptions] == [bob.id]
        with pytest.raises(Invalid) as refused:
            await set_quiet_hours(db, ann, NewQuietHours("UTC", [], exceptions=[uuid4()]))
        assert list(refused.value.fields) == ["exceptions"]

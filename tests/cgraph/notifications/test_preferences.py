"""Preferences as they are set and kept."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import (
    GlobalPreferenceChange,
    NotificationPreferencesUpdated,
    Preference,
    PreferenceChange,
    Scope,
    change_global_preference,
    change_preference,
    forget_preference,
    get_global_preference,
    get_preference,
    list_preferences,
)
from cgraph_kit import clock, streams
from cgraph_kit.db import Database, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from support.talk import Happened, make_actor

HOUR = timedelta(hours=1)


@pytest.fixture
def place() -> Scope:
    return notifications.conversation(new_id())


async def rows(db: Transaction, actor: Actor) -> int:
    count: int = await db.value(
        "SELECT count(*) FROM notification_preferences WHERE user_id = $1", actor.id
    )
    return count


class TestPreferenceChange:
    def test_refuses_contradictions_and_times_beyond_what_is_kept(self) -> None:
        with pytest.raises(Invalid) as refused:
            PreferenceChange(muted=False, muted_until=clock.now())
        assert list(refused.value.fields) == ["muted_until"]
        far = timedelta(hours=14)
        early = datetime(1, 1, 1, tzinfo=timezone(far))
        late = datetime(9999, 12, 31, 23, tzinfo=timezone(-far))
        for beyond in (early, late):
            with pytest.raises(Invalid):
                PreferenceChange(muted_until=beyond)

    def test_takes_back_what_is_left_out_when_whole(self) -> None:
        whole = PreferenceChange(level="none", muted=True).whole()
        assert (whole.level, whole.muted, whole.push, whole.muted_until) == (
            "none",
            True,
            None,
            None,
        )


class TestChangePreference:
    async def test_keeps_what_is_left_out(self, db: Transaction, ann: Actor, place: Scope) -> None:
        await change_preference(db, ann.id, place, PreferenceChange(level="mentions", push=False))
        await change_preference(db, ann.id, place, PreferenceChange(push=None, email=True))
        found = await get_preference(db, ann.id, place)
        assert found == Preference("conversation", place.id, level="mentions", email=True)

    async def test_is_told_whole_and_only_if_something_changed(
        self, db: Transaction, ann: Actor, place: Scope, happened: Happened
    ) -> None:
        for _ in range(2):
            after = await change_preference(db, ann.id, place, PreferenceChange(level="none"))
        (event,) = happened(NotificationPreferencesUpdated)
        assert event.user_id == ann.id
        told = msgspec.json.decode(event.body())
        assert told == {**msgspec.to_builtins(after), "seq": event.seq}
        assert await streams.last_seq(db, ann.id) == event.seq

    @pytest.mark.parametrize(
        ("before", "change", "after"),
        [
            ({}, {"muted": True}, (True, None)),
            ({}, {"muted_until": HOUR}, (True, HOUR)),
            ({}, {"muted": True, "muted_until": HOUR}, (True, HOUR)),
            ({}, {"muted_until": None}, (True, None)),
            ({"muted_until": HOUR}, {"muted": True}, (True, None)),
            ({"muted_until": HOUR}, {"muted_until": 2 * HOUR}, (True, 2 * HOUR)),
            ({"muted_until": HOUR}, {"level": "none"}, (True, HOUR)),
            ({"muted": True}, {"muted": False}, (False, None)),
            ({"muted": True}, {"muted": None}, (None, None)),
            ({"muted_until": HOUR}, {"muted": None, "muted_until": None}, (None, None)),
            ({"muted": True}, {"muted_until": -HOUR}, (None, None)),
            ({}, {"muted": True, "muted_until": timedelta(0)}, (None, None)),
        ],
    )
    async def test_mutes(
        self,
        db: Transaction,
        ann: Actor,
        place: Scope,
        monkeypatch: pytest.MonkeyPatch,
        before: dict[str, Any],
        change: dict[str, Any],
        after: tuple[bool | None, timedelta | None],
    ) -> None:
        now = datetime(2026, 1, 7, 12, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: now)

        def timed(values: dict[str, Any]) -> PreferenceChange:
            later = {k: now + v for k, v in values.items() if isinstance(v, timedelta)}
            return PreferenceChange(**values | later)

        await change_preference(db, ann.id, place, timed(before))
        found = await change_preference(db, ann.id, place, timed(change))
        muted, until = after
        assert (found.muted, found.muted_until) == (muted, until and now + until)
        assert await get_preference(db, ann.id, place) == found

    async def test_beyond_all_dates_is_for_good(
        self, db: Transaction, ann: Actor, place: Scope
    ) -> None:
        last = datetime.max.replace(tzinfo=UTC)
        found = await change_preference(db, ann.id, place, PreferenceChange(muted_until=last))
        assert (found.muted, found.muted_until) == (True, None)

    async def test_a_mute_ends_by_itself(
        self, db: Transaction, ann: Actor, place: Scope, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        until = clock.now() + HOUR
        await change_preference(db, ann.id, place, PreferenceChange(muted_until=until, push=True))
        monkeypatch.setattr(clock, "now", lambda: until)
        assert await get_preference(db, ann.id, place) == Preference(
            "conversation", place.id, push=True
        )

    async def test_leaves_no_row_where_nothing_is_set(
        self, db: Transaction, ann: Actor, place: Scope, happened: Happened
    ) -> None:
        await change_preference(db, ann.id, place, PreferenceChange(level="none"))
        for _ in range(2):
            await forget_preference(db, ann.id, place)
        assert await rows(db, ann) == 0
        assert [event.payload.level for event in happened(NotificationPreferencesUpdated)] == [
            "none",
            None,
        ]

    async def test_loses_nothing_of_two_at_once(self, database: Database, place: Scope) -> None:
        actor = await make_actor(database)
        changes = (
            PreferenceChange(level="mentions"),
            PreferenceChange(push=False),
            PreferenceChange(email=False),
            PreferenceChange(muted=True),
        )
        await asyncio.gather(*(change_preference(database, actor.id, place, c) for c in changes))
        found = await get_preference(database, actor.id, place)
        assert (found.level, found.push, found.email, found.muted) == (
            "mentions",
            False,
            False,
            True,
        )
        assert await streams.last_seq(database, actor.id) == len(changes)

    async def test_is_of_one_person(
        self, db: Transaction, ann: Actor, bob: Actor, place: Scope
    ) -> None:
        await change_preference(db, ann.id, place, PreferenceChange(level="none"))
        assert (await get_preference(db, bob.id, place)).level is None


class TestGlobalPreference:
    async def test_has_defaults_of_what_there_is_one_of(self, db: Transaction, ann: Actor) -> None:
        found = await get_global_preference(db, ann)
        assert (found.scope, found.scope_id, found.level) == ("global", ann.id, None)
        assert (found.push_privacy, found.email_batch_minutes) == ("sender", 2)

    async def test_changes(self, db: Transaction, ann: Actor, happened: Happened) -> None:
        change = GlobalPreferenceChange(
            level="mentions", push_privacy="full", email_batch_minutes=60
        )
        changed = await change_global_preference(db, ann, change)
        assert changed == await get_global_preference(db, ann)
        assert (changed.level, changed.push_privacy, changed.email_batch_minutes) == (
            "mentions",
            "full",
            60,
        )
        back = GlobalPreferenceChange(push_privacy=None, email_batch_minutes=None)
        changed = await change_global_preference(db, ann, back)
        assert (changed.level, changed.push_privacy, changed.email_batch_minutes) == (
            "mentions",
            "sender",
            2,
        )
        (first, _) = happened(NotificationPreferencesUpdated)
        assert msgspec.json.decode(first.body())["push_privacy"] == "full"

    async def test_back_to_the_defaults_leaves_no_row(self, db: Transaction, ann: Actor) -> None:
        await change_global_preference(db, ann, GlobalPreferenceChange(push_privacy="nothing"))
        await change_global_preference(db, ann, GlobalPreferenceChange().whole())
        assert await rows(db, ann) == 0


class TestListPreferences:
    async def test_goes_through_every_place_once(self, db: Transaction, ann: Actor) -> None:
        ids = [new_id() for _ in range(5)]
        for id in ids:
            place = notifications.conversation(id)
            await change_preference(db, ann.id, place, PreferenceChange(level="none"))
        await change_global_preference(db, ann, GlobalPreferenceChange(level="all"))
        found: list[UUID] = []
        after = None
        for _ in range(3):
            page = await list_preferences(db, ann, limit=2, after=after)
            found += [preference.scope_id for preference in page.items]
            after = page.after
        assert (found, after) == (ids, None)
        with pytest.raises(Invalid):
            await list_preferences(db, ann, after="x")


class TestForgetScope:
    async def test_forgets_for_those_who_left(
        self, db: Transaction, ann: Actor, bob: Actor, place: Scope, happened: Happened
    ) -> None:
        for actor in (ann, bob):
            await change_preference(db, actor.id, place, PreferenceChange(level="none"))
        await notifications.forget_scope(db, place.id, [ann.id])
        assert (await rows(db, ann), await rows(db, bob)) == (0, 1)
        assert len(happened(NotificationPreferencesUpdated)) == 2

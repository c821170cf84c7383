"""What is left in inboxes of places that are no more."""

from typing import Any
from uuid import UUID

import pytest

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import PreferenceChange, Scope, reading
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.talk import make_actors

_TELL = """
INSERT INTO notifications (id, user_id, kind, subject_type, subject_id, scope, scope_id, actor_count, event_count,
    first_event_at, last_event_at, payload)
VALUES (gen_random_uuid(), $1, 'mention', 'message', gen_random_uuid(), 'channel', $2, 1, 1, now(), now(), '{}')
"""
_ALERT = (
    "INSERT INTO notification_alerts (user_id, scope, scope_id, seq) VALUES ($1, 'channel', $2, 1)"
)


async def left(db: Transaction, table: str, scope_ids: list[UUID], unless: str = "") -> int:
    sql = f"SELECT count(*) FROM {table} WHERE scope_id = ANY($1) {unless}"
    found: int = await db.value(sql, scope_ids)
    return found


class TestForgetPlaces:
    async def test_takes_all_of_them_from_everybody(
        self, db: Transaction, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "AT_ONCE", 2)
        monkeypatch.setattr(reading, "ROWS_AT_ONCE", 2)
        gone, stays = [new_id() for _ in range(3)], new_id()
        people: list[Actor] = await make_actors(db, 5)
        for n, person in enumerate(people):
            for place in (*gone, stays):
                if n:
                    await db.value(_TELL, person.id, place)
                await db.value(_ALERT, person.id, place)
                change = PreferenceChange(muted=True)
                await notifications.change_preference(
                    db, person.id, Scope("channel", place), change
                )
        await notifications.forget_places(db, gone)
        for table, unless in (
            ("notifications", ""),
            ("notification_preferences", ""),
            ("notification_alerts", "AND NOT read"),
        ):
            assert await left(db, table, gone, unless) == 0, table
            assert await left(db, table, [stays], unless) >= 4, table
        inbox = await notifications.count_notifications(db, people[1])
        assert inbox.unread == 1

    @pytest.mark.parametrize("sql", [reading._IN_PLACES, reading._LEAVE, reading._LEAVE_ALERTS])
    async def test_finds_them_by_place(self, db: Transaction, sql: str) -> None:
        await db.value("SET LOCAL enable_seqscan = off")
        second: Any = 2 if sql == reading._IN_PLACES else [new_id()]
        plan = "\n".join(await db.values(f"EXPLAIN (GENERIC_PLAN) {sql}", [new_id()], second))
        assert "scope_id = ANY" in plan
        assert "Seq Scan" not in plan

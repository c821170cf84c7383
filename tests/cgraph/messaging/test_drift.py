"""Whether anybody would notice counters that are wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import NewMessage
from cgraph.messaging.drift import check_counters
from cgraph.messaging.unread import Verified
from cgraph_kit.db import TookTooLong, Transaction
from support.talk import make_actor


class TestCheckCounters:
    async def test_finds_who_is_told_something_wrong(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        happened: Callable[[type[Any]], list[Any]],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        id = (await messaging.open_direct(db, ann, bob.id)).conversation.id
        await messaging.send_message(db, ann, id, NewMessage("hello"))
        assert bob.id not in await check_counters(db, people=1_000_000)
        # As no operation can leave it.
        await db.value("UPDATE participants SET read_nth = read_nth - 1 WHERE user_id = $1", bob.id)
        assert bob.id in await check_counters(db, people=1_000_000)
        assert bob.id in [event.user_id for event in happened(messaging.CountersDrifted)]
        assert "unread counters are wrong" in caplog.text


class Patient:
    """A database that counts so many conversations in one statement, and gives up at more."""

    def __init__(self, db: Transaction, most: int) -> None:
        self._db = db
        self._most = most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    async def all(self, row: type[Any], sql: str, *args: Any) -> list[Any]:
        if row is Verified and (args[1] is None or len(args[1]) > self._most):
            raise TookTooLong
        return await self._db.all(row, sql, *args)


class TestWhatTakesTooLong:
    @pytest.fixture
    async def told(self, db: Transaction, ann: Actor, bob: Actor) -> Actor:
        """Bob, whom five people have written to, and one of his counters is wrong."""
        for name in "abcd":
            who = await make_actor(db, name)
            id = (await messaging.open_direct(db, who, bob.id)).conversation.id
            await messaging.send_message(db, who, id, NewMessage("hello"))
        id = (await messaging.open_direct(db, ann, bob.id)).conversation.id
        await messaging.send_message(db, ann, id, NewMessage("hello"))
        await db.value(
            "UPDATE participants SET read_nth = read_nth - 1 WHERE user_id = $1 AND conversation_id = $2",
            bob.id,
            id,
        )
        return bob

    async def test_is_checked_in_smaller_parts(self, db: Transaction, told: Actor) -> None:
        patient: Any = Patient(db, most=1)
        assert told.id in await check_counters(patient, people=1_000_000)

    async def test_in_any_part_keeps_nobody_else_from_being_checked(
        self, db: Transaction, told: Actor, caplog: pytest.LogCaptureFixture
    ) -> None:
        patient: Any = Patient(db, most=0)
        assert told.id not in await check_counters(patient, people=1_000_000)
        assert "cannot be checked in time" in caplog.text

"""Whether anybody would notice counters that are wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import NewMessage
from cgraph.messaging.drift import check_counters
from cgraph_kit.db import Transaction


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

"""What is said later."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from cgraph import accounts, messaging
from cgraph.accounts import Actor
from cgraph.messaging import (
    Limits,
    NewMessage,
    NewScheduledMessage,
    ScheduledMessage,
    ScheduledMessageChange,
)
from cgraph.messaging.due import send_due
from cgraph.messaging.scheduled import AT_MOST_LATE
from cgraph_kit import clock, jobs
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.jobs import testing

Happened = Callable[[type[Any]], list[Any]]


def soon(**later: float) -> datetime:
    return clock.now() + timedelta(**(later or {"minutes": 5}))


@pytest.fixture
async def conversation(db: Transaction, ann: Actor, bob: Actor) -> Any:
    return (await messaging.open_direct(db, ann, bob.id)).conversation.id


@pytest.fixture
async def later(db: Transaction, ann: Actor, conversation: Any) -> ScheduledMessage:
    new = NewScheduledMessage("good morning", soon())
    return await messaging.schedule_message(db, ann, conversation, new)


async def be_due(db: Transaction, message: ScheduledMessage, ago: timedelta) -> None:
    """As if time had passed."""
    at = clock.now() - ago
    await db.value("UPDATE scheduled_messages SET send_at = $2 WHERE id = $1", message.id, at)


async def said(db: Transaction, actor: Actor, conversation: Any) -> list[str]:
    page = await messaging.list_messages(db, actor, conversation)
    return [message.content for message in page.items]


class TestScheduleMessage:
    async def test_is_told_to_its_author_alone_and_done_at_its_time(
        self, db: Transaction, ann: Actor, bob: Actor, later: ScheduledMessage, happened: Happened
    ) -> None:
        (told,) = happened(messaging.ScheduledMessageUpdated)
        assert (told.user_id, told.payload) == (ann.id, later)
        (job,) = [one for one in await jobs.list_jobs(db) if "send_scheduled" in one.worker]
        assert (job.state, job.scheduled_at) == ("scheduled", later.send_at)
        assert (await messaging.list_scheduled_messages(db, bob)).items == []
        with pytest.raises(messaging.ScheduledMessageNotFound):
            await messaging.get_scheduled_message(db, bob, later.id)

    @pytest.mark.parametrize("at", [{"seconds": 30}, {"days": 366}, {"days": -1}])
    def test_is_for_a_minute_to_a_year_from_now(self, at: dict[str, float]) -> None:
        with pytest.raises(Invalid) as refused:
            NewScheduledMessage("x", soon(**at))
        assert list(refused.value.fields) == ["send_at"]

    def test_wants_a_time_zone(self) -> None:
        with pytest.raises(Invalid) as refused:
            NewScheduledMessage("x", datetime(2030, 1, 1))  # noqa: DTZ001
        assert refused.value.fields == {"send_at": ["must have a time zone"]}

    async def test_asks_whether_it_may_be_said(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, conversation: Any
    ) -> None:
        new = NewScheduledMessage("x", soon())
        with pytest.raises(messaging.ConversationNotFound):
            await messaging.schedule_message(db, eve, conversation, new)
        await accounts.block_user(db, bob, ann.id)
        with pytest.raises(messaging.CannotSend):
            await messaging.schedule_message(db, ann, conversation, new)

    async def test_has_a_bound(
        self, db: Transaction, ann: Actor, conversation: Any, later: ScheduledMessage
    ) -> None:
        new = NewScheduledMessage("x", soon())
        with pytest.raises(messaging.TooManyScheduledMessages):
            await messaging.schedule_message(
                db, ann, conversation, new, limits=Limits(scheduled_max=1)
            )

    async def test_answers_a_message_that_is_there(
        self, db: Transaction, ann: Actor, bob: Actor, conversation: Any
    ) -> None:
        said = await messaging.send_message(db, bob, conversation, NewMessage("when?"))
        new = NewScheduledMessage("then", soon(), reply_to_id=said.id)
        later = await messaging.schedule_message(db, ann, conversation, new)
        assert later.reply_to_id == said.id

    async def test_refuses_to_answer_what_is_not_there(
        self, db: Transaction, ann: Actor, conversation: Any
    ) -> None:
        new = NewScheduledMessage("then", soon(), reply_to_id=uuid4())
        with pytest.raises(Invalid) as refused:
            await messaging.schedule_message(db, ann, conversation, new)
        assert "reply_to_id" in refused.value.fields
        assert (await messaging.list_scheduled_messages(db, ann)).items == []


class TestSendDue:
    async def test_says_it_once(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        conversation: Any,
        later: ScheduledMessage,
        happened: Happened,
    ) -> None:
        await be_due(db, later, timedelta(seconds=1))
        await send_due(db, later.id)
        await send_due(db, later.id)
        assert await said(db, bob, conversation) == ["good morning"]
        (gone,) = happened(messaging.ScheduledMessageRemoved)
        (sent,) = happened(messaging.MessageSent)
        assert gone.payload.message_id == sent.id
        assert (await messaging.list_scheduled_messages(db, ann)).items == []

    async def test_waits_for_its_time(
        self, db: Transaction, ann: Actor, conversation: Any, later: ScheduledMessage
    ) -> None:
        # Also where it came a moment too early: jobs go by the database's clock.
        wait = await send_due(db, later.id)
        assert wait == pytest.approx(300, abs=60)
        assert await said(db, ann, conversation) == []
        assert (await messaging.get_scheduled_message(db, ann, later.id)).state == "scheduled"

    async def test_says_nothing_where_it_may_not_be_said_any_more(
        self, db: Transaction, ann: Actor, bob: Actor, later: ScheduledMessage, happened: Happened
    ) -> None:
        await accounts.block_user(db, bob, ann.id)
        await be_due(db, later, timedelta(seconds=1))
        await send_due(db, later.id)
        failed = await messaging.get_scheduled_message(db, ann, later.id)
        assert (failed.state, failed.failure) == ("failed", "cannot_send")
        assert happened(messaging.ScheduledMessageUpdated)[-1].payload == failed

    async def test_says_nothing_whose_hour_has_gone(
        self, db: Transaction, ann: Actor, conversation: Any, later: ScheduledMessage
    ) -> None:
        await be_due(db, later, AT_MOST_LATE + timedelta(minutes=1))
        await send_due(db, later.id)
        failed = await messaging.get_scheduled_message(db, ann, later.id)
        assert (failed.state, failed.failure) == ("failed", "too_late")
        assert await said(db, ann, conversation) == []

    async def test_speaks_for_nobody_who_has_gone(
        self, db: Transaction, ann: Actor, later: ScheduledMessage
    ) -> None:
        await db.value(
            "UPDATE users SET state = 'deactivated', deactivated_at = now() WHERE id = $1", ann.id
        )
        await be_due(db, later, timedelta(seconds=1))
        await send_due(db, later.id)
        failed = await messaging.get_scheduled_message(db, ann, later.id)
        assert failed.failure == "account_deactivated"


async def waiting(db: Transaction) -> list[jobs.Job]:
    """The jobs that wait to say something."""
    return await testing.list_enqueued(db, messaging.send_scheduled, states=jobs.PENDING)


class TestUpdateScheduledMessage:
    async def test_tries_again_what_had_failed(
        self, db: Transaction, ann: Actor, bob: Actor, conversation: Any, later: ScheduledMessage
    ) -> None:
        await be_due(db, later, AT_MOST_LATE * 2)
        await send_due(db, later.id)
        change = ScheduledMessageChange(content="good evening", send_at=soon())
        changed = await messaging.update_scheduled_message(db, ann, later.id, change)
        assert (changed.state, changed.failure, changed.content) == (
            "scheduled",
            None,
            "good evening",
        )
        await be_due(db, later, timedelta(seconds=1))
        await send_due(db, later.id)
        assert await said(db, bob, conversation) == ["good evening"]

    async def test_has_one_job_however_often_it_is_put_off(
        self, db: Transaction, ann: Actor, later: ScheduledMessage
    ) -> None:
        sooner = later.send_at - timedelta(minutes=2)
        for at in (later.send_at + timedelta(days=1), sooner, later.send_at + timedelta(days=2)):
            change = ScheduledMessageChange(send_at=at)
            await messaging.update_scheduled_message(db, ann, later.id, change)
        (job,) = await waiting(db)
        assert job.scheduled_at == sooner  # and waits on from there

    async def test_is_its_authors(
        self, db: Transaction, bob: Actor, later: ScheduledMessage
    ) -> None:
        for id in (later.id, uuid4()):
            with pytest.raises(messaging.ScheduledMessageNotFound):
                await messaging.update_scheduled_message(
                    db, bob, id, ScheduledMessageChange(content="x")
                )

    async def test_keeps_messages_within_their_limits(
        self, db: Transaction, ann: Actor, later: ScheduledMessage
    ) -> None:
        with pytest.raises(Invalid):
            await messaging.update_scheduled_message(
                db, ann, later.id, ScheduledMessageChange(content=" ")
            )


class TestCancel:
    async def test_takes_it_away(
        self, db: Transaction, ann: Actor, conversation: Any, later: ScheduledMessage
    ) -> None:
        await messaging.cancel_scheduled_message(db, ann, later.id)
        await be_due(db, later, timedelta(seconds=1))
        await send_due(db, later.id)
        assert await said(db, ann, conversation) == []
        with pytest.raises(messaging.ScheduledMessageNotFound):
            await messaging.cancel_scheduled_message(db, ann, later.id)

    async def test_leaves_its_words_nowhere(
        self, db: Transaction, ann: Actor, later: ScheduledMessage
    ) -> None:
        change = ScheduledMessageChange(content="good morning, all")
        await messaging.update_scheduled_message(db, ann, later.id, change)
        await messaging.cancel_scheduled_message(db, ann, later.id)
        found = await db.values("SELECT payload FROM events WHERE payload LIKE '%good morning%'")
        assert found == []

    async def test_leaves_no_job_behind(
        self, db: Transaction, ann: Actor, later: ScheduledMessage
    ) -> None:
        await messaging.cancel_scheduled_message(db, ann, later.id)
        assert await waiting(db) == []


class TestSendNow:
    async def test_does_not_wait(
        self, db: Transaction, ann: Actor, bob: Actor, conversation: Any, later: ScheduledMessage
    ) -> None:
        sent = await messaging.send_scheduled_message_now(db, ann, later.id)
        (message,) = (await messaging.list_messages(db, bob, conversation)).items
        assert (message.id, message.content) == (sent.id, "good morning")
        assert await waiting(db) == []
        with pytest.raises(messaging.ScheduledMessageNotFound):
            await messaging.send_scheduled_message_now(db, ann, later.id)


class TestListScheduledMessages:
    async def test_pages_from_the_next_one_on(
        self, db: Transaction, ann: Actor, conversation: Any
    ) -> None:
        for hours in (3, 1, 2):
            new = NewScheduledMessage(f"in {hours}", soon(hours=hours))
            await messaging.schedule_message(db, ann, conversation, new)
        first = await messaging.list_scheduled_messages(db, ann, limit=2)
        rest = await messaging.list_scheduled_messages(db, ann, limit=2, after=first.after)
        listed = [one.content for one in [*first.items, *rest.items]]
        assert listed == ["in 1", "in 2", "in 3"]
        assert rest.after is None

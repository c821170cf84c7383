"""What is unread after an import, for those who have never looked into the channel: its ids tell no times."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS, NewThread
from cgraph.messaging import ImportedMessage
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support.channels import say
from support.communities import enter

AT = datetime(2015, 1, 1, tzinfo=UTC)


async def take_over(
    db: Transaction, group: UUID, place: UUID, sender: Actor, count: int = 5
) -> list[UUID]:
    """Import so many messages, under ids as importers make them: anything."""
    said = [
        ImportedMessage(uuid4(), sender.id, f"old {n}", AT + timedelta(minutes=n))
        for n in range(count)
    ]
    await groups.import_channel_messages(db, group, {place: said})
    return [one.id for one in said]


async def come(db: Transaction, group: UUID, actor: Actor, **ago: float) -> None:
    """They are members since then."""
    await enter(db, group, actor)
    sql = "UPDATE group_members SET joined_at = $3 WHERE group_id = $1 AND user_id = $2"
    await db.value(sql, group, actor.id, clock.now() - timedelta(**ago))


async def unread(db: Transaction, actor: Actor, place: UUID) -> int:
    """As it is counted, first without a row and then with the one that looking makes; both say the same."""
    before = await groups.get_channel_unread(db, actor, place)
    await CHANNELS.enter(db, actor, place)
    after = await groups.get_channel_unread(db, actor, place)
    assert before.unread == after.unread
    return after.unread


class TestUnread:
    async def test_is_nothing_of_it_to_who_comes_later(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        await say(db, ann, channel, "before")
        for _ in range(3):
            await take_over(db, group, channel, ann)
        await come(db, group, eve, seconds=-1)
        assert await unread(db, eve, channel) == 0

    async def test_is_nothing_of_it_to_who_had_nothing_unread(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        await come(db, group, eve, days=30)
        for _ in range(3):
            await take_over(db, group, channel, ann)
        assert await unread(db, eve, channel) == 0

    async def test_is_all_of_it_to_who_had_something_unread(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        await come(db, group, eve, days=30)
        await say(db, ann, channel, "unread")
        await take_over(db, group, channel, ann)
        assert await unread(db, eve, channel) == 6

    async def test_is_what_is_said_after_it(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        await come(db, group, eve, days=30)
        await take_over(db, group, channel, ann)
        said = await say(db, ann, channel, "new")
        seen = await groups.get_channel_unread(db, eve, channel)
        assert (seen.unread, seen.first_unread_id) == (1, said.id)
        assert await unread(db, eve, channel) == 1

    async def test_is_the_same_in_threads(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        thread = await groups.create_thread(db, ann, channel, NewThread("plans"))
        await take_over(db, group, thread.id, ann)
        await come(db, group, eve, seconds=-1)
        assert await unread(db, eve, thread.id) == 0

    async def test_counters_are_right_whatever_comes_in_between(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        await come(db, group, eve, days=30)
        await take_over(db, group, channel, ann)
        await say(db, bob, channel, "live")
        await take_over(db, group, channel, bob, 2)
        assert await unread(db, eve, channel) == 3
        (verified,) = await groups.verify_channel_unread(db, eve, group)
        assert not verified.drifted

"""The audit log, for readers who do not see everything it is about."""

from uuid import UUID

import pytest

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import (
    AuditEntry,
    ChannelChange,
    NewChannel,
    NewOverwrite,
    NewThread,
    Permission,
    ThreadChange,
    WhichEntries,
)
from cgraph_kit.db import Transaction
from support.communities import enter, first_channel, give, make_role, overwrite
from support.talk import make_actor

VIEW = int(Permission.VIEW_CHANNEL)


@pytest.fixture
async def reader(db: Transaction, group: UUID, bob: Actor) -> Actor:
    """Bob, who may read the audit log and nothing else."""
    role = await make_role(db, group, int(Permission.VIEW_AUDIT_LOG))
    await give(db, group, bob, role)
    return bob


@pytest.fixture
async def hidden(db: Transaction, group: UUID, ann: Actor) -> UUID:
    """A channel only ann sees."""
    own = [NewOverwrite(target_id=group, deny=str(VIEW))]
    new = NewChannel(name="lay-offs", overwrites=own)
    return (await groups.create_channel(db, ann, group, new, reason="they must not know")).id


async def read(db: Transaction, actor: Actor, group: UUID, target: UUID) -> list[AuditEntry]:
    which = WhichEntries(target_id=target)
    return list((await groups.list_audit_entries(db, actor, group, which)).items)


def told(entries: list[AuditEntry]) -> list[tuple[str, bool]]:
    """What was done, and whether the reader learns more; without contradicting itself."""
    for entry in entries:
        if entry.withheld:
            assert entry.changes == {}
            assert entry.reason is None
    return [(entry.action, not entry.withheld) for entry in entries]


class TestListAuditEntries:
    async def test_says_nothing_of_hidden_channels_but_that_something_was_done(
        self, db: Transaction, ann: Actor, reader: Actor, group: UUID, hidden: UUID
    ) -> None:
        change = ChannelChange(topic="who goes")
        await groups.update_channel(db, ann, hidden, change, reason="so it is")
        entries = await read(db, reader, group, hidden)
        assert told(entries) == [("channel_updated", False), ("channel_created", False)]
        assert {entry.actor and entry.actor.id for entry in entries} == {ann.id}
        everything = await read(db, ann, group, hidden)
        assert told(everything) == [("channel_updated", True), ("channel_created", True)]
        assert everything[0].changes["topic"].after == "who goes"
        assert everything[0].reason == "so it is"

    async def test_tells_who_sees_the_channel_now(
        self, db: Transaction, reader: Actor, group: UUID, hidden: UUID
    ) -> None:
        await overwrite(db, hidden, reader.id, allow=VIEW)
        (entry,) = await read(db, reader, group, hidden)
        assert entry.changes["name"].after == "lay-offs"
        assert entry.reason == "they must not know"

    async def test_says_no_more_once_a_hidden_channel_is_gone(
        self, db: Transaction, ann: Actor, reader: Actor, group: UUID, hidden: UUID
    ) -> None:
        await groups.delete_channel(db, ann, hidden)
        entries = await read(db, reader, group, hidden)
        assert told(entries) == [("channel_deleted", False), ("channel_created", False)]
        assert all(shown for _, shown in told(await read(db, ann, group, hidden)))

    async def test_tells_of_a_deleted_channel_what_everybody_saw(
        self, db: Transaction, ann: Actor, reader: Actor, group: UUID
    ) -> None:
        made = await groups.create_channel(db, ann, group, NewChannel(name="open"))
        await overwrite(db, made.id, group, deny=VIEW)
        await groups.update_channel(db, ann, made.id, ChannelChange(name="closed"))
        await groups.delete_channel(db, ann, made.id)
        assert told(await read(db, reader, group, made.id)) == [
            ("channel_deleted", False),
            ("channel_updated", False),
            ("channel_created", True),
        ]

    async def test_overwrites_of_hidden_channels_are_hidden(
        self, db: Transaction, ann: Actor, reader: Actor, group: UUID, hidden: UUID
    ) -> None:
        carl = await make_actor(db, "carl")
        await enter(db, group, carl)
        change = groups.OverwriteChange(allow=str(VIEW))
        await groups.set_overwrite(db, ann, hidden, carl.id, change)
        assert ("overwrites_updated", False) in told(await read(db, reader, group, hidden))

    async def test_private_threads_are_for_who_follows_them(
        self, db: Transaction, ann: Actor, reader: Actor, group: UUID
    ) -> None:
        channel = await first_channel(db, group)
        carl = await make_actor(db, "carl")
        await enter(db, group, carl)
        new = NewThread("a surprise", private=True)
        thread = await groups.create_thread(db, carl, channel, new)
        await groups.update_thread(db, ann, thread.id, ThreadChange(name="for bob"))
        assert told(await read(db, reader, group, thread.id)) == [("thread_updated", False)]
        await groups.add_thread_member(db, carl, thread.id, reader.id)
        assert told(await read(db, reader, group, thread.id)) == [("thread_updated", True)]
        await groups.delete_thread(db, ann, thread.id)
        assert told(await read(db, reader, group, thread.id)) == [
            ("thread_deleted", False),
            ("thread_updated", False),
        ]

    async def test_public_threads_are_as_their_channel(
        self, db: Transaction, ann: Actor, bob: Actor, reader: Actor, group: UUID
    ) -> None:
        channel = await first_channel(db, group)
        thread = await groups.create_thread(db, bob, channel, NewThread("plans"))
        await groups.update_thread(db, ann, thread.id, ThreadChange(name="planning"))
        assert told(await read(db, reader, group, thread.id)) == [("thread_updated", True)]
        await overwrite(db, channel, group, deny=VIEW)
        assert told(await read(db, reader, group, thread.id)) == [("thread_updated", False)]

    async def test_a_category_is_seen_by_who_sees_what_is_in_it(
        self, db: Transaction, ann: Actor, reader: Actor, group: UUID
    ) -> None:
        new = NewChannel(name="Board", kind="category")
        category = (await groups.create_channel(db, ann, group, new)).id
        await overwrite(db, category, group, deny=VIEW)
        assert told(await read(db, reader, group, category)) == [("channel_created", False)]
        inside = NewChannel(name="minutes", category_id=category, overwrites=[])
        await groups.create_channel(db, ann, group, inside)
        assert told(await read(db, reader, group, category)) == [("channel_created", True)]

    async def test_reasons_of_messages_removed_where_the_reader_does_not_look(
        self, db: Transaction, ann: Actor, reader: Actor, group: UUID, hidden: UUID
    ) -> None:
        await groups.note_removed_message(db, ann, group, hidden, ann.id, reason="names names")
        (entry,) = await read(db, reader, group, ann.id)
        assert told([entry]) == [("reported_message_removed", False)]
        (entry,) = await read(db, ann, group, ann.id)
        assert entry.reason == "names names"

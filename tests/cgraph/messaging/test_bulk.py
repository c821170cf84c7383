"""History another system knew."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import (
    ImportedConversation,
    ImportedMessage,
    ImportedPin,
    ImportedReaction,
    import_conversation,
    import_messages,
    import_participants,
)
from cgraph_kit.db import Transaction
from support.talk import open_between, say

LONG_AGO = datetime(2010, 5, 1, 12, tzinfo=UTC)


def history(*people: Actor, count: int = 4) -> list[ImportedMessage]:
    """Messages of these people in turn, a minute apart."""
    return [
        ImportedMessage(
            uuid4(), people[n % len(people)].id, f"old {n}", LONG_AGO + timedelta(minutes=n)
        )
        for n in range(count)
    ]


@pytest.fixture
async def id(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """An imported group of ann and bob."""
    new = ImportedConversation(
        uuid4(), "group", [ann.id, bob.id], LONG_AGO, "old times", owner_id=ann.id
    )
    return await import_conversation(db, new)


class TestImportConversation:
    async def test_is_as_it_was(self, db: Transaction, bob: Actor, ann: Actor, id: UUID) -> None:
        shown = await messaging.get_conversation(db, bob, id)
        assert (shown.name, shown.owner_id) == ("old times", ann.id)
        assert shown.inserted_at == shown.active_at == LONG_AGO
        assert shown.participant_count == 2

    async def test_a_pair_is_kept(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        there = await open_between(db, ann, bob)
        new = ImportedConversation(uuid4(), "direct", [bob.id, ann.id], LONG_AGO)
        assert await import_conversation(db, new) == there

    async def test_direct_and_self(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        for kind, people in (("direct", [ann.id, bob.id]), ("self", [ann.id])):
            new = ImportedConversation(uuid4(), kind, people, LONG_AGO)  # type: ignore[arg-type]
            made = await import_conversation(db, new)
            opened = await messaging.open_direct(db, ann, people[-1])
            assert (opened.conversation.id, opened.created) == (made, False)
            assert (await say(db, ann, made)).seq == 1


class TestImportMessages:
    async def test_keep_times_authors_and_order(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        old = history(ann, bob)
        await import_messages(db, id, old)
        page = await messaging.list_messages(db, bob, id)
        assert [(m.id, m.sender_id, m.content, m.inserted_at) for m in page.items] == [
            (m.id, m.sender_id, m.content, m.inserted_at) for m in old
        ]
        assert [m.seq for m in page.items] == [1, 2, 3, 4]
        assert (await messaging.get_conversation(db, ann, id)).active_at == old[-1].inserted_at

    async def test_bring_what_hangs_on_them(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        asked, answered = history(ann, bob, count=2)
        reaction = ImportedReaction("party_parrot", bob.id, LONG_AGO)
        asked = ImportedMessage(
            asked.id,
            ann.id,
            f"@{bob.username}?",
            LONG_AGO,
            edited_at=LONG_AGO,
            reactions=[reaction],
            pin=ImportedPin(bob.id, LONG_AGO),
        )
        answered = ImportedMessage(answered.id, bob.id, "yes", LONG_AGO, reply_to_id=asked.id)
        await import_messages(db, id, [asked, answered])
        first, second = (await messaging.list_messages(db, bob, id)).items
        assert [(r.emoji, r.count, r.me) for r in first.reactions] == [("party_parrot", 1, True)]
        assert first.mentions == [bob.id]
        assert first.edited_at == LONG_AGO
        assert second.reply_to is not None
        assert second.reply_to.id == first.id
        assert [m.id for m in (await messaging.list_pins(db, ann, id)).items] == [first.id]

    async def test_are_read_by_who_had_read_all(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        await import_messages(db, id, history(ann, bob))
        assert await messaging.list_unread(db, bob) == []
        await say(db, ann, id)
        await import_messages(db, id, history(ann, bob))
        await say(db, ann, id)
        assert (await messaging.get_unread(db, bob, id)).unread == 4
        assert (await messaging.get_unread(db, ann, id)).unread == 0
        for actor in (ann, bob):
            for row in await messaging.verify_unread(db, actor):
                assert row.unread == row.recounted_unread

    async def test_are_in_no_log(self, db: Transaction, ann: Actor, bob: Actor, id: UUID) -> None:
        await import_messages(db, id, history(ann, bob))
        await say(db, ann, id)
        assert (await messaging.read_since(db, ann, id, 0)).reason == "expired"
        assert len((await messaging.read_since(db, ann, id, 4)).events) == 1

    async def test_tell_what_is_there(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        old = history(ann, bob)
        await import_messages(db, id, old)
        wanted = [old[0].id, old[3].id, uuid4()]
        assert await messaging.find_message_ids(db, id, wanted) == set(wanted[:2])


class TestImportParticipants:
    async def test_see_everything_and_have_read_it(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, id: UUID
    ) -> None:
        await import_messages(db, id, history(ann, bob))
        await import_participants(db, id, [ann.id, eve.id], LONG_AGO)
        assert len((await messaging.list_messages(db, eve, id)).items) == 4
        assert (await messaging.get_unread(db, eve, id)).unread == 0

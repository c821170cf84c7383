"""Markers, counters, and what others are told of them."""

from datetime import datetime, timedelta, timezone
from uuid import UUID, uuid4

import msgspec
import pytest

from cgraph import accounts, messaging
from cgraph.accounts import Actor
from cgraph.messaging import (
    ConversationNotFound,
    DeliveredMarker,
    DeliveredUpdated,
    Marker,
    MessageNotFound,
    PreferencesChange,
    ReadMarked,
    ReadMarker,
    ReadUpdated,
    get_unread,
    list_unread,
    mark_delivered,
    mark_read,
    mark_unread,
    update_preferences,
)
from cgraph_kit import clock, telemetry
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.talk import Counter, Happened, block, open_between, say


@pytest.fixture
async def id(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """A direct conversation in which ann has said five things to bob."""
    id = await open_between(db, ann, bob)
    for n in range(5):
        await say(db, ann, id, str(n))
    return id


class TestMarkRead:
    async def test_moves_forward_only(self, db: Transaction, bob: Actor, id: UUID) -> None:
        assert (await mark_read(db, bob, id, ReadMarker(seq=3))).unread == 2
        assert (await mark_read(db, bob, id, ReadMarker(seq=1))).unread == 2
        assert (await mark_read(db, bob, id, ReadMarker())).unread == 0

    async def test_not_beyond_the_end(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        assert (await mark_read(db, bob, id, ReadMarker(seq=2**53))).read_seq == 5
        await say(db, ann, id)
        assert (await get_unread(db, bob, id)).unread == 1

    async def test_is_known_to_all_own_devices(
        self, db: Transaction, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        for _ in range(2):
            await mark_read(db, bob, id, ReadMarker(seq=3))
        (event,) = happened(ReadMarked)
        assert event.user_id == bob.id
        assert msgspec.json.decode(event.body()) == {
            "conversation_id": str(id),
            "read_seq": 3,
            "marked_unread": False,
            "seq": event.seq,
        }
        missed = await messaging.read_own_since(db, bob, event.seq - 1)
        assert missed.events[0].body() == event.body()

    async def test_is_told_to_the_others(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        await mark_read(db, bob, id, ReadMarker(seq=3))
        assert happened(ReadUpdated) == [ReadUpdated(id, bob.id, 3, [])]
        assert await _shown(db, ann, id, bob) == 3

    async def test_private_is_told_to_nobody(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        assert (await mark_read(db, bob, id, ReadMarker(seq=3, private=True))).unread == 2
        assert happened(ReadUpdated) == []
        assert await _shown(db, ann, id, bob) == 0
        await mark_read(db, bob, id, ReadMarker(seq=3))
        assert await _shown(db, ann, id, bob) == 3

    async def test_receipts_are_reciprocal(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        await _hide(db, bob)
        await mark_read(db, bob, id, ReadMarker())
        assert happened(ReadUpdated) == []
        assert await _shown(db, ann, id, bob) is None
        assert await _shown(db, bob, id, ann) is None
        await say(db, bob, id)
        await mark_read(db, ann, id, ReadMarker())
        assert happened(ReadUpdated) == [ReadUpdated(id, ann.id, 6, [bob.id])]

    async def test_of_what_is_not_there(
        self, db: Transaction, bob: Actor, eve: Actor, id: UUID
    ) -> None:
        with pytest.raises(ConversationNotFound):
            await mark_read(db, eve, id, ReadMarker())
        with pytest.raises(MessageNotFound):
            await mark_read(db, bob, id, ReadMarker(message_id=uuid4()))
        with pytest.raises(Invalid):
            ReadMarker(message_id=uuid4(), seq=1)


class TestMarkUnread:
    async def test_from_a_message_on(self, db: Transaction, bob: Actor, id: UUID) -> None:
        await mark_read(db, bob, id, ReadMarker())
        second = (await messaging.list_messages(db, bob, id)).items[1]
        state = await mark_unread(db, bob, id, Marker(message_id=second.id))
        assert (state.unread, state.first_unread_id, state.marked_unread) == (4, second.id, True)

    async def test_without_a_place_the_last_of_somebody_else(
        self, db: Transaction, bob: Actor, id: UUID
    ) -> None:
        await say(db, bob, id, "mine")
        assert (await mark_unread(db, bob, id, Marker())).unread == 1

    async def test_own_messages_never_count(self, db: Transaction, bob: Actor, id: UUID) -> None:
        await say(db, bob, id, "mine")
        assert (await mark_unread(db, bob, id, Marker(seq=1))).unread == 5
        assert (await mark_read(db, bob, id, ReadMarker(seq=4))).unread == 1
        assert (await mark_read(db, bob, id, ReadMarker())).marked_unread is False

    async def test_never_reads(self, db: Transaction, bob: Actor, id: UUID) -> None:
        assert (await mark_unread(db, bob, id, Marker(seq=4))).unread == 5

    async def test_others_keep_seeing_it_read(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        await mark_read(db, bob, id, ReadMarker())
        await mark_unread(db, bob, id, Marker(seq=1))
        assert await _shown(db, ann, id, bob) == 5


class TestMarkDelivered:
    async def test_moves_forward_and_is_told(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        for seq in (3, 2, 3, 99):
            await mark_delivered(db, bob, id, DeliveredMarker(seq))
        assert [e.delivered_seq for e in happened(DeliveredUpdated)] == [3, 5]
        people = (await messaging.list_participants(db, ann, id)).items
        assert {p.id: p.delivered_seq for p in people} == {ann.id: 5, bob.id: 5}

    async def test_not_by_strangers(self, db: Transaction, eve: Actor, id: UUID) -> None:
        with pytest.raises(ConversationNotFound):
            await mark_delivered(db, eve, id, DeliveredMarker(1))


class TestListUnread:
    async def test_all_conversations_in_one_statement(
        self, db: Transaction, bob: Actor, eve: Actor, id: UUID, count_queries: Counter
    ) -> None:
        other = await open_between(db, bob, eve)
        await say(db, eve, other, f"@{bob.username}")
        await say(db, bob, await open_between(db, bob))
        with count_queries(db) as queries:
            rows = await list_unread(db, bob)
        assert len(queries) == 1
        found = {row.conversation_id: (row.unread, row.mentions) for row in rows}
        assert found == {id: (5, 0), other: (1, 1)}

    async def test_blocked_people_do_not_count_in_groups(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        await say(db, ann, group, f"@{bob.username}")
        await say(db, eve, group)
        await block(db, bob, ann)
        state = await get_unread(db, bob, group)
        assert (state.unread, state.mentions, state.first_unread_seq) == (1, 0, 2)
        assert (await get_unread(db, ann, group)).unread == 1
        await accounts.unblock_user(db, bob, ann.id)
        assert (await get_unread(db, bob, group)).unread == 2

    async def test_drift_is_told(
        self, db: Transaction, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        counted = telemetry.registry.get_sample_value("unread_drift_total") or 0.0
        await messaging.verify_unread(db, bob)
        assert happened(messaging.CountersDrifted) == []
        await db.value("UPDATE streams SET counted = counted + 1 WHERE id = $1", id)
        (row,) = await messaging.verify_unread(db, bob)
        assert (row.unread, row.recounted_unread) == (6, 5)
        assert happened(messaging.CountersDrifted)[0].conversation_ids == [id]
        assert telemetry.registry.get_sample_value("unread_drift_total") == counted + 1


class TestPreferences:
    async def test_muting_ends_by_itself(self, db: Transaction, bob: Actor, id: UUID) -> None:
        until = clock.now() + timedelta(hours=1)
        muted = await update_preferences(db, bob, id, PreferencesChange(muted_until=until))
        assert (muted.muted, muted.muted_until) == (True, until)
        past = clock.now() - timedelta(seconds=1)
        muted = await update_preferences(db, bob, id, PreferencesChange(muted_until=past))
        assert (muted.muted, muted.muted_until) == (False, None)
        assert (await messaging.get_conversation(db, bob, id)).muted is False

    async def test_muting_for_good_and_the_reverse(
        self, db: Transaction, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        for muted in (True, True, False):
            state = await update_preferences(db, bob, id, PreferencesChange(muted=muted))
            shown = await messaging.get_conversation(db, bob, id)
            assert (state.muted, shown.muted, shown.muted_until) == (muted, muted, None)
        assert len(happened(messaging.ConversationSettingsUpdated)) == 2

    async def test_a_mention_brings_back_what_was_put_away(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        await update_preferences(db, bob, id, PreferencesChange(archived=True))
        await say(db, ann, id)
        assert (await messaging.get_conversation(db, bob, id)).archived
        await say(db, ann, id, f"@{bob.username}")
        assert not (await messaging.get_conversation(db, bob, id)).archived
        await update_preferences(db, bob, id, PreferencesChange(archived=True))
        assert (await messaging.get_conversation(db, bob, id)).archived

    async def test_contradictions_and_strangers(
        self, db: Transaction, eve: Actor, id: UUID
    ) -> None:
        with pytest.raises(Invalid):
            PreferencesChange(muted=False, muted_until=clock.now())
        far = timedelta(hours=14)
        early = datetime(1, 1, 1, tzinfo=timezone(far))
        late = datetime(9999, 12, 31, 23, tzinfo=timezone(-far))
        for beyond_what_is_kept in (early, late):
            with pytest.raises(Invalid):
                PreferencesChange(muted_until=beyond_what_is_kept)
        with pytest.raises(ConversationNotFound):
            await update_preferences(db, eve, id, PreferencesChange(muted=True))


async def _shown(db: Transaction, reader: Actor, id: UUID, other: Actor) -> int | None:
    people = (await messaging.list_participants(db, reader, id)).items
    return next(p.read_seq for p in people if p.id == other.id)


async def _hide(db: Transaction, actor: Actor) -> None:
    await accounts.update_account(db, actor, accounts.UpdateAccount(read_receipts=False))

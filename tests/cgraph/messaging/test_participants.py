"""Coming, going, being shown out, and whose it is."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import (
    AccessLost,
    CannotAdd,
    ConversationChange,
    ConversationNotFound,
    ConversationRemoved,
    Limits,
    NewParticipants,
    NotAGroup,
    NotOwner,
    ParticipantNotFound,
    TooManyParticipants,
    add_participants,
    leave_conversation,
    list_participants,
    remove_participant,
    update_conversation,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.talk import block, make_actor, make_actors, open_between, say


@pytest.fixture
async def group(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """Of ann, who owns it, bob and a third."""
    return await open_between(db, ann, bob, await make_actor(db))


class TestAddParticipants:
    async def test_they_see_what_is_said_from_then_on(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        await say(db, ann, group, "before")
        await add_participants(db, bob, group, NewParticipants([eve.id]))
        await say(db, ann, group, "after")
        page = await messaging.list_messages(db, eve, group)
        assert [(m.kind, m.content) for m in page.items] == [("added", ""), ("text", "after")]
        assert page.items[0].data is not None
        assert page.items[0].data["participants"][0]["id"] == str(eve.id)
        assert (await messaging.get_unread(db, eve, group)).unread == 1

    async def test_again_changes_nothing(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        db.events.clear()
        await add_participants(db, ann, group, NewParticipants([bob.id]))
        assert db.events == []

    async def test_is_refused_where_it_cannot_be(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        direct = await open_between(db, ann, bob)
        new = NewParticipants([eve.id])
        with pytest.raises(NotAGroup):
            await add_participants(db, ann, direct, new)
        with pytest.raises(ConversationNotFound):
            await add_participants(db, eve, group, new)
        with pytest.raises(Invalid):
            await add_participants(db, ann, group, NewParticipants([uuid4()]))
        with pytest.raises(TooManyParticipants):
            await add_participants(db, ann, group, new, limits=Limits(participants_max=3))
        await block(db, eve, ann)
        with pytest.raises(CannotAdd):
            await add_participants(db, ann, group, new)

    async def test_who_comes_back_begins_anew(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        await say(db, ann, group, "first")
        await leave_conversation(db, bob, group)
        await say(db, ann, group, "while away")
        await add_participants(db, ann, group, NewParticipants([bob.id]))
        assert [m.kind for m in (await messaging.list_messages(db, bob, group)).items] == ["added"]
        assert (await messaging.get_unread(db, bob, group)).unread == 0


class TestRemoveParticipant:
    async def test_closes_everything_at_once(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        group: UUID,
        happened: Callable[[type[Any]], list[Any]],
    ) -> None:
        await remove_participant(db, ann, group, bob.id)
        for attempt in (
            messaging.list_messages(db, bob, group),
            messaging.get_conversation(db, bob, group),
            messaging.read_since(db, bob, group, 0),
            messaging.get_unread(db, bob, group),
            say(db, bob, group),
            list_participants(db, bob, group),
        ):
            with pytest.raises(ConversationNotFound):
                await attempt
        assert happened(AccessLost) == [AccessLost(group, bob.id)]
        assert [e.user_id for e in happened(ConversationRemoved)] == [bob.id]
        last = (await messaging.list_messages(db, ann, group)).items[-1]
        assert last.kind == "removed"
        assert last.data is not None
        assert last.data["participant"]["username"] == bob.username

    async def test_is_the_owners(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        with pytest.raises(NotOwner):
            await remove_participant(db, bob, group, ann.id)
        with pytest.raises(ParticipantNotFound):
            await remove_participant(db, ann, group, eve.id)
        with pytest.raises(ParticipantNotFound):
            await remove_participant(db, ann, group, uuid4())

    async def test_of_oneself_is_leaving(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        await remove_participant(db, bob, group, bob.id)
        assert (await messaging.list_messages(db, ann, group)).items[-1].kind == "left"


class TestLeaveConversation:
    async def test_passes_ownership_to_the_longest_there(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, await make_actor(db))
        await add_participants(db, ann, group, NewParticipants([eve.id]))
        others = [p.id for p in (await list_participants(db, ann, group)).items if p.id != ann.id]
        await leave_conversation(db, ann, group)
        owner = (await messaging.get_conversation(db, eve, group)).owner_id
        assert owner in others[:2]
        kinds = [m.kind for m in (await messaging.list_messages(db, eve, group)).items]
        assert kinds == ["added", "left", "owner_changed"]

    async def test_the_last_one_may_go_too(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        group = (await messaging.create_group(db, ann, messaging.NewGroup([bob.id]))).id
        await leave_conversation(db, ann, group)
        assert (await messaging.get_conversation(db, bob, group)).owner_id == bob.id
        await leave_conversation(db, bob, group)
        with pytest.raises(ConversationNotFound):
            await messaging.get_conversation(db, bob, group)

    async def test_direct_ones_cannot_be_left(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        with pytest.raises(NotAGroup):
            await leave_conversation(db, ann, await open_between(db, ann, bob))


class TestUpdateConversation:
    async def test_renames(self, db: Transaction, ann: Actor, bob: Actor, group: UUID) -> None:
        renamed = await update_conversation(db, bob, group, ConversationChange(name="us"))
        assert renamed.name == "us"
        await update_conversation(db, bob, group, ConversationChange(name="us"))
        await update_conversation(db, bob, group, ConversationChange(name=None))
        said = (await messaging.list_messages(db, ann, group)).items
        assert [(m.kind, m.data) for m in said] == [
            ("renamed", {"name": "us"}),
            ("renamed", {"name": None}),
        ]

    async def test_hands_over(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        with pytest.raises(NotOwner):
            await update_conversation(db, bob, group, ConversationChange(owner_id=bob.id))
        with pytest.raises(ParticipantNotFound):
            await update_conversation(db, ann, group, ConversationChange(owner_id=eve.id))
        changed = await update_conversation(db, ann, group, ConversationChange(owner_id=bob.id))
        assert changed.owner_id == bob.id
        with pytest.raises(NotOwner):
            await remove_participant(db, ann, group, bob.id)


class TestListParticipants:
    async def test_pages_the_longest_there_first(
        self, db: Transaction, ann: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, *await make_actors(db, 3))
        await say(db, ann, group)
        await add_participants(db, ann, group, NewParticipants([eve.id]))
        first = await list_participants(db, ann, group, limit=3)
        rest = await list_participants(db, ann, group, limit=3, after=first.after)
        assert len(first.items) == 3
        assert rest.items[-1].id == eve.id
        assert rest.after is None
        assert [p.owner for p in [*first.items, *rest.items]].count(True) == 1

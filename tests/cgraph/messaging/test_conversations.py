"""Beginning to talk, and the list of who one talks with."""

from uuid import uuid4

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import (
    CannotAdd,
    CannotContact,
    ConversationAdded,
    ConversationNotFound,
    Limits,
    NewConversation,
    NewGroup,
    TooManyParticipants,
    get_conversation,
    list_conversations,
    open_conversation,
    open_direct,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.talk import Counter, block, make_actor, make_actors, open_between, say


class TestOpenDirect:
    async def test_is_the_same_from_both_sides(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        first = await open_direct(db, ann, bob.id)
        again = await open_direct(db, bob, ann.id)
        assert (first.created, again.created) == (True, False)
        assert first.conversation.id == again.conversation.id
        assert first.conversation.kind == "direct"
        assert {p.id for p in first.conversation.participants} == {ann.id, bob.id}

    async def test_with_oneself_is_notes_to_self(self, db: Transaction, ann: Actor) -> None:
        opened = await open_direct(db, ann, ann.id)
        assert opened.conversation.kind == "self"
        assert opened.conversation.participant_count == 1
        assert (await open_direct(db, ann, ann.id)).conversation.id == opened.conversation.id

    async def test_tells_the_devices_of_both(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        await open_direct(db, ann, bob.id)
        added = [e for e in db.events if isinstance(e, ConversationAdded)]
        assert {e.user_id for e in added} == {ann.id, bob.id}

    async def test_nobody_is_a_field_error(self, db: Transaction, ann: Actor) -> None:
        with pytest.raises(Invalid) as refused:
            await open_direct(db, ann, uuid4())
        assert "participant_ids" in refused.value.fields

    async def test_a_block_refuses_it_to_both(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        await block(db, ann, bob)
        for actor, other in ((ann, bob), (bob, ann)):
            with pytest.raises(CannotContact):
                await open_direct(db, actor, other.id)

    async def test_what_is_there_opens_in_spite_of_a_block(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        first = await open_direct(db, ann, bob.id)
        await block(db, ann, bob)
        again = await open_direct(db, bob, ann.id)
        assert again.conversation.id == first.conversation.id
        assert again.conversation.read_only


class TestOpenConversation:
    async def test_others_decide_the_kind(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        kinds = [
            (await open_conversation(db, ann, NewConversation(ids))).conversation.kind
            for ids in ([], [ann.id], [bob.id], [ann.id, bob.id, bob.id], [bob.id, eve.id])
        ]
        assert kinds == ["self", "self", "direct", "direct", "group"]

    async def test_only_groups_have_names(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        with pytest.raises(Invalid) as refused:
            await open_conversation(db, ann, NewConversation([bob.id], "us"))
        assert "name" in refused.value.fields


class TestCreateGroup:
    async def test_belongs_to_who_made_it(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await messaging.create_group(db, ann, NewGroup([bob.id, eve.id], "we"))
        assert (group.kind, group.name, group.owner_id) == ("group", "we", ann.id)
        assert group.participant_count == 3

    async def test_each_is_a_new_one(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        made = [await messaging.create_group(db, ann, NewGroup([bob.id])) for _ in range(2)]
        assert made[0].id != made[1].id

    async def test_limit_counts_the_maker(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        with pytest.raises(TooManyParticipants):
            await messaging.create_group(
                db, ann, NewGroup([bob.id, eve.id]), limits=Limits(participants_max=2)
            )

    async def test_a_block_refuses_without_saying_whose(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        await block(db, eve, ann)
        with pytest.raises(CannotAdd) as refused:
            await messaging.create_group(db, ann, NewGroup([bob.id, eve.id]))
        assert str(eve.id) not in str(refused.value)

    async def test_blank_name_is_refused(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        with pytest.raises(Invalid):
            await messaging.create_group(db, ann, NewGroup([bob.id], " "))


class TestGetConversation:
    async def test_is_not_there_for_strangers(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        with pytest.raises(ConversationNotFound):
            await get_conversation(db, eve, id)
        with pytest.raises(ConversationNotFound):
            await get_conversation(db, eve, uuid4())


class TestListConversations:
    async def test_last_active_first_with_what_was_said_last(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        one = await open_between(db, ann, bob)
        two = await open_between(db, ann, eve)
        await say(db, ann, two, "earlier")
        await say(db, bob, one, f"later, @{ann.username}")
        listed = (await list_conversations(db, ann)).items
        assert [c.id for c in listed] == [one, two]
        assert listed[0].last_message is not None
        assert listed[0].last_message.content == f"later, @{ann.username}"
        assert (listed[0].unread, listed[0].mentions) == (1, 1)
        assert (listed[1].unread, listed[1].mentions) == (0, 0)

    async def test_pages_without_repeats(self, db: Transaction, ann: Actor) -> None:
        others = await make_actors(db, 5)
        ids = [await open_between(db, ann, other) for other in others]
        for id in ids:
            await say(db, ann, id)
        seen = []
        after = None
        while True:
            page = await list_conversations(db, ann, limit=2, after=after)
            seen += [c.id for c in page.items]
            if page.after is None:
                break
            after = page.after
        assert seen == ids[::-1]

    async def test_is_one_statement(
        self, db: Transaction, ann: Actor, bob: Actor, count_queries: Counter
    ) -> None:
        await say(db, ann, await open_between(db, ann, bob))
        with count_queries(db) as queries:
            await list_conversations(db, ann)
        assert len(queries) == 1

    async def test_filters_what_is_archived(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        one, two = await open_between(db, ann, bob), await open_between(db, ann, eve)
        await messaging.update_preferences(db, ann, one, messaging.PreferencesChange(archived=True))
        assert [c.id for c in (await list_conversations(db, ann, archived=True)).items] == [one]
        assert [c.id for c in (await list_conversations(db, ann, archived=False)).items] == [two]

    async def test_shows_at_most_ten_people(self, db: Transaction, ann: Actor) -> None:
        group = await open_between(db, ann, *await make_actors(db, 12))
        shown = await get_conversation(db, ann, group)
        assert len(shown.participants) == 10
        assert shown.participant_count == 13

    async def test_refuses_foreign_cursors(self, db: Transaction, ann: Actor) -> None:
        with pytest.raises(Invalid):
            await list_conversations(db, ann, after="bm9uc2Vuc2U")

    async def test_does_not_show_what_was_said_before_joining(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, await make_actor(db))
        await say(db, ann, group, "secret")
        await messaging.add_participants(db, ann, group, messaging.NewParticipants([eve.id]))
        last = (await list_conversations(db, eve)).items[0].last_message
        assert last is not None
        assert last.kind == "added"

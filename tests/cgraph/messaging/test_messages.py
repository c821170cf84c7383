"""Reading, changing and taking back what was said."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import (
    ConversationNotFound,
    EditWindowClosed,
    Limits,
    MessageDeleted,
    MessageEdit,
    MessageEdited,
    MessageNotFound,
    MessageSent,
    NotAuthor,
    delete_message,
    edit_message,
    get_message,
    list_edits,
    list_messages,
)
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.talk import Counter, Happened, block, body, make_actor, open_between, say


@pytest.fixture
async def id(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """A direct conversation of ann and bob."""
    return await open_between(db, ann, bob)


class TestListMessages:
    async def test_latest_in_order_and_back_by_cursor(
        self, db: Transaction, ann: Actor, id: UUID
    ) -> None:
        for n in range(7):
            await say(db, ann, id, str(n))
        page = await list_messages(db, ann, id, limit=3)
        seen = [[m.content for m in page.items]]
        assert page.after is None
        while page.before:
            page = await list_messages(db, ann, id, limit=3, before=page.before)
            seen.append([m.content for m in page.items])
        assert seen == [["4", "5", "6"], ["1", "2", "3"], ["0"]]

    async def test_forward_by_cursor_or_id(self, db: Transaction, ann: Actor, id: UUID) -> None:
        sent = [await say(db, ann, id, str(n)) for n in range(5)]
        page = await list_messages(db, ann, id, limit=2, after=str(sent[0].id))
        assert [m.content for m in page.items] == ["1", "2"]
        page = await list_messages(db, ann, id, limit=2, after=page.after)
        assert [m.content for m in page.items] == ["3", "4"]
        assert page.after is None

    @pytest.mark.parametrize(
        ("limit", "shown"), [(5, "23456"), (4, "2345"), (1, "4"), (100, "0123456789")]
    )
    async def test_around_has_the_message_in_its_middle(
        self, db: Transaction, ann: Actor, id: UUID, limit: int, shown: str
    ) -> None:
        sent = [await say(db, ann, id, str(n)) for n in range(10)]
        page = await list_messages(db, ann, id, limit=limit, around=str(sent[4].id))
        assert "".join(m.content for m in page.items) == shown
        assert (page.before is None) == (shown[0] == "0")
        assert (page.after is None) == (shown[-1] == "9")

    async def test_positions_exclude_each_other(
        self, db: Transaction, ann: Actor, id: UUID
    ) -> None:
        with pytest.raises(Invalid):
            await list_messages(db, ann, id, before="x", after="y")
        with pytest.raises(Invalid):
            await list_messages(db, ann, id, before="nonsense")
        with pytest.raises(MessageNotFound):
            await list_messages(db, ann, id, around=str(uuid4()))

    async def test_is_one_statement_whatever_hangs_on_them(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, count_queries: Counter
    ) -> None:
        first = await say(db, ann, id)
        await say(db, bob, id, reply_to=first.id)
        await messaging.add_reaction(db, bob, id, first.id, "👍")
        with count_queries(db) as queries:
            page = await list_messages(db, ann, id)
        assert len(queries) == 1
        assert [(r.emoji, r.count, r.me) for r in page.items[0].reactions] == [("👍", 1, False)]

    async def test_an_empty_conversation_is_an_empty_page(
        self, db: Transaction, ann: Actor, id: UUID
    ) -> None:
        page = await list_messages(db, ann, id)
        assert (page.items, page.before, page.after) == ([], None, None)

    async def test_is_not_there_for_strangers(
        self, db: Transaction, ann: Actor, eve: Actor, id: UUID
    ) -> None:
        sent = await say(db, ann, id)
        with pytest.raises(ConversationNotFound):
            await list_messages(db, eve, id)
        with pytest.raises(ConversationNotFound):
            await list_messages(db, eve, id, around=str(sent.id))
        with pytest.raises(ConversationNotFound):
            await get_message(db, eve, id, sent.id)


class TestGetMessage:
    async def test_of_another_conversation_is_not_found(
        self, db: Transaction, ann: Actor, id: UUID
    ) -> None:
        elsewhere = await say(db, ann, await open_between(db, ann))
        with pytest.raises(MessageNotFound):
            await get_message(db, ann, id, elsewhere.id)


class TestEditMessage:
    async def test_shows_the_new_text_and_keeps_the_old(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        sent = await say(db, ann, id, "one")
        edited = await edit_message(db, ann, id, sent.id, MessageEdit("two"))
        await edit_message(db, ann, id, sent.id, MessageEdit("three"))
        assert edited.content == "two"
        assert edited.edited_at is not None
        assert edited.seq == sent.seq
        history = await list_edits(db, ann, id, sent.id)
        assert [(r.revision, r.content) for r in history] == [(1, "one"), (2, "two"), (3, "three")]
        event = body(happened(MessageEdited)[0])
        assert (event["id"], event["content"]) == (str(sent.id), "two")
        assert (event["message_seq"], event["seq"]) == (1, 2)

    async def test_to_the_same_text_is_nothing(
        self, db: Transaction, ann: Actor, id: UUID, happened: Happened
    ) -> None:
        sent = await say(db, ann, id, "one")
        same = await edit_message(db, ann, id, sent.id, MessageEdit("one"))
        assert same.edited_at is None
        assert happened(MessageEdited) == []

    async def test_is_the_authors_alone(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        sent = await say(db, bob, group)
        with pytest.raises(NotAuthor):
            await edit_message(db, ann, group, sent.id, MessageEdit("x"))

    async def test_named_is_not_done_again(self, db: Transaction, ann: Actor, id: UUID) -> None:
        sent = await say(db, ann, id, "one")
        first = await edit_message(db, ann, id, sent.id, MessageEdit("two", "k"))
        await edit_message(db, ann, id, sent.id, MessageEdit("three"))
        again = await edit_message(db, ann, id, sent.id, MessageEdit("two", "k"))
        assert again == first
        assert (await get_message(db, ann, id, sent.id)).content == "three"

    async def test_window_closes(
        self, db: Transaction, ann: Actor, id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = await say(db, ann, id)
        later = clock.now() + timedelta(seconds=61)
        monkeypatch.setattr(clock, "now", lambda: later)
        limits = Limits(edit_window_seconds=60)
        with pytest.raises(EditWindowClosed):
            await edit_message(db, ann, id, sent.id, MessageEdit("x"), limits=limits)

    async def test_moves_mentions_and_tells_only_the_new(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, happened: Happened
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        sent = await say(db, ann, group, f"@{bob.username}")
        both = f"@{bob.username} @{eve.username}"
        await edit_message(db, ann, group, sent.id, MessageEdit(both))
        assert list(happened(MessageEdited)[0].newly_mentioned) == [eve.id]
        await edit_message(db, ann, group, sent.id, MessageEdit(f"@{eve.username}"))
        counts = [(await messaging.get_unread(db, who, group)).mentions for who in (bob, eve)]
        assert counts == [0, 1]

    async def test_what_is_no_message_of_a_person_is_not_found(
        self, db: Transaction, ann: Actor, id: UUID, happened: Happened
    ) -> None:
        sent = await say(db, ann, id)
        await messaging.pin_message(db, ann, id, sent.id)
        (system,) = [e for e in happened(MessageSent) if e.kind == "pinned"]
        for message_id in (system.id, uuid4()):
            with pytest.raises(MessageNotFound):
                await edit_message(db, ann, id, message_id, MessageEdit("x"))
            with pytest.raises(MessageNotFound):
                await delete_message(db, ann, id, message_id)


class TestListEdits:
    async def test_is_for_the_author_and_the_owner(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        sent = await say(db, bob, group)
        assert len(await list_edits(db, bob, group, sent.id)) == 1
        assert len(await list_edits(db, ann, group, sent.id)) == 1
        with pytest.raises(NotAuthor):
            await list_edits(db, eve, group, sent.id)


class TestDeleteMessage:
    async def test_leaves_an_empty_message(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        sent = await say(db, ann, id, f"secret @{bob.username}")
        await edit_message(db, ann, id, sent.id, MessageEdit(f"secrets @{bob.username}"))
        await messaging.add_reaction(db, bob, id, sent.id, "👍")
        await messaging.pin_message(db, bob, id, sent.id)
        deleted = await delete_message(db, ann, id, sent.id)
        assert (deleted.content, deleted.deleted_by) == ("", ann.id)
        assert list(deleted.reactions) == []
        assert deleted.pinned_at is None
        assert await list_edits(db, ann, id, sent.id) == []
        unread = await messaging.get_unread(db, bob, id)
        assert (unread.unread, unread.mentions) == (0, 0)
        assert body(happened(MessageDeleted)[0])["id"] == str(sent.id)

    async def test_leaves_its_words_nowhere_in_the_log(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        sent = await say(db, ann, id, "secret", client_id="k")
        await edit_message(db, ann, id, sent.id, MessageEdit("secrets"))
        await delete_message(db, ann, id, sent.id)
        missed = await messaging.read_since(db, bob, id, 0)
        assert [e.type for e in missed.events] == [
            "new_message",
            "message_edited",
            "message_deleted",
        ]
        assert not any("secret" in e.payload for e in missed.events)
        assert b"secret" not in (await say(db, ann, id, "secret", client_id="k")).payload

    async def test_again_is_nothing(
        self, db: Transaction, ann: Actor, id: UUID, happened: Happened
    ) -> None:
        sent = await say(db, ann, id)
        first = await delete_message(db, ann, id, sent.id)
        assert await delete_message(db, ann, id, sent.id) == first
        assert len(happened(MessageDeleted)) == 1

    async def test_is_the_authors_and_the_owners(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        sent = [await say(db, bob, group) for _ in range(2)]
        with pytest.raises(NotAuthor):
            await delete_message(db, eve, group, sent[0].id)
        await delete_message(db, bob, group, sent[0].id)
        await delete_message(db, ann, group, sent[1].id)

    async def test_is_possible_behind_a_block(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        sent = await say(db, ann, id)
        await block(db, bob, ann)
        assert (await delete_message(db, ann, id, sent.id)).deleted_at is not None

    async def test_ends_editing(self, db: Transaction, ann: Actor, id: UUID) -> None:
        sent = await say(db, ann, id)
        await delete_message(db, ann, id, sent.id)
        with pytest.raises(MessageNotFound):
            await edit_message(db, ann, id, sent.id, MessageEdit("x"))
        with pytest.raises(MessageNotFound):
            await messaging.add_reaction(db, ann, id, sent.id, "👍")


class TestReactions:
    async def test_count_people_and_know_the_reader(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        sent = await say(db, ann, id)
        await messaging.add_reaction(db, ann, id, sent.id, "👍")
        given = await messaging.add_reaction(db, bob, id, sent.id, "👍")
        assert (given.count, given.me) == (2, True)
        await messaging.remove_reaction(db, ann, id, sent.id, "👍")
        seen = (await get_message(db, ann, id, sent.id)).reactions
        assert [(r.emoji, r.count, r.me) for r in seen] == [("👍", 1, False)]

    async def test_again_is_nothing(
        self, db: Transaction, ann: Actor, id: UUID, happened: Happened
    ) -> None:
        sent = await say(db, ann, id)
        for _ in range(2):
            await messaging.add_reaction(db, ann, id, sent.id, "👍")
        for _ in range(2):
            await messaging.remove_reaction(db, ann, id, sent.id, "👍")
        assert len(happened(messaging.ReactionAdded)) == 1
        event = body(happened(messaging.ReactionRemoved)[0])
        assert (event["emoji"], event["count"], event["seq"]) == ("👍", 0, 3)

    async def test_two_spellings_are_one(self, db: Transaction, ann: Actor, id: UUID) -> None:
        sent = await say(db, ann, id)
        await messaging.add_reaction(db, ann, id, sent.id, "❤")
        await messaging.add_reaction(db, ann, id, sent.id, "❤️")
        assert len((await get_message(db, ann, id, sent.id)).reactions) == 1

    @pytest.mark.parametrize("emoji", ["", "a", "👍👍", "👍x", "\x00", ":+1:"])
    async def test_only_emoji(self, db: Transaction, ann: Actor, id: UUID, emoji: str) -> None:
        sent = await say(db, ann, id)
        with pytest.raises(Invalid) as refused:
            await messaging.add_reaction(db, ann, id, sent.id, emoji)
        assert "emoji" in refused.value.fields

    async def test_limit_is_on_different_ones(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        sent = await say(db, ann, id)
        limits = Limits(reactions_max=1)
        await messaging.add_reaction(db, ann, id, sent.id, "👍", limits=limits)
        await messaging.add_reaction(db, bob, id, sent.id, "👍", limits=limits)
        with pytest.raises(messaging.TooManyReactions):
            await messaging.add_reaction(db, bob, id, sent.id, "👎", limits=limits)

    async def test_not_across_a_block(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        sent = await say(db, ann, group)
        await block(db, ann, bob)
        with pytest.raises(messaging.CannotReact):
            await messaging.add_reaction(db, bob, group, sent.id, "👍")


class TestPins:
    async def test_newest_pin_first_by_pages(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        sent = [await say(db, ann, id, str(n)) for n in range(3)]
        for n in (1, 0, 2):
            await messaging.pin_message(db, bob, id, sent[n].id)
        first = await messaging.list_pins(db, ann, id, limit=2)
        rest = await messaging.list_pins(db, ann, id, limit=2, after=first.after)
        assert [m.content for m in [*first.items, *rest.items]] == ["2", "0", "1"]
        assert rest.after is None
        assert first.items[0].pinned_by == bob.id

    async def test_leave_a_system_message_that_is_not_unread(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID
    ) -> None:
        sent = await say(db, ann, id)
        for _ in range(2):
            await messaging.pin_message(db, ann, id, sent.id)
        system = (await list_messages(db, bob, id)).items[1:]
        assert [(m.kind, m.data) for m in system] == [
            ("pinned", {"message_id": str(sent.id), "message_seq": 1})
        ]
        assert (await messaging.get_unread(db, bob, id)).unread == 1

    async def test_unpin(
        self, db: Transaction, ann: Actor, bob: Actor, id: UUID, happened: Happened
    ) -> None:
        sent = await say(db, ann, id)
        await messaging.pin_message(db, ann, id, sent.id)
        for _ in range(2):
            await messaging.unpin_message(db, bob, id, sent.id)
        assert (await messaging.list_pins(db, ann, id)).items == []
        assert len(happened(messaging.MessageUnpinned)) == 1

    async def test_limit(self, db: Transaction, ann: Actor, id: UUID) -> None:
        sent = [await say(db, ann, id) for _ in range(2)]
        limits = Limits(pins_max=1)
        await messaging.pin_message(db, ann, id, sent[0].id, limits=limits)
        with pytest.raises(messaging.TooManyPins):
            await messaging.pin_message(db, ann, id, sent[1].id, limits=limits)


class TestPermalinks:
    async def test_lead_nowhere_before_one_joined(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, await make_actor(db))
        early = await say(db, ann, group)
        await messaging.add_participants(db, ann, group, messaging.NewParticipants([eve.id]))
        with pytest.raises(MessageNotFound):
            await get_message(db, eve, group, early.id)
        with pytest.raises(MessageNotFound):
            await messaging.add_reaction(db, eve, group, early.id, "👍")

"""Messages that disappear."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from cgraph import accounts, messaging
from cgraph.accounts import Actor
from cgraph.messaging import ConversationChange, Message, NewMessage, disappearing
from cgraph.messaging.disappearing import erase_expired
from cgraph.messaging.looking import look
from cgraph.notifications import Wanted
from cgraph_kit.db import Database, Transaction
from cgraph_kit.jobs.testing import drain
from cgraph_kit.validation import Invalid, decode
from support.talk import make_actor, open_between

Happened = Callable[[type[Any]], list[Any]]
WORDS = "between the two of us"


@pytest.fixture
async def conversation(db: Transaction, ann: Actor, bob: Actor) -> Any:
    id = (await messaging.open_direct(db, ann, bob.id)).conversation.id
    await messaging.update_conversation(db, ann, id, ConversationChange(message_ttl=60))
    return id


async def messages(db: Transaction, actor: Actor, conversation: Any) -> list[Message]:
    return (await messaging.list_messages(db, actor, conversation)).items


async def let_time_pass(db: Transaction, conversation: Any) -> None:
    await db.value(_PASS, conversation)


_PASS = "UPDATE messages SET expires_at = expires_at - interval '1 hour' WHERE conversation_id = $1"


class TestMessageTtl:
    async def test_is_told_and_shown(
        self, db: Transaction, ann: Actor, bob: Actor, conversation: Any
    ) -> None:
        assert (await messaging.get_conversation(db, bob, conversation)).message_ttl == 60
        (told,) = await messages(db, bob, conversation)
        assert (told.kind, told.data) == ("message_ttl_changed", {"message_ttl": 60})
        await messaging.update_conversation(
            db, bob, conversation, ConversationChange(message_ttl=60)
        )
        assert len(await messages(db, bob, conversation)) == 1

    async def test_is_for_what_is_said_from_then_on(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = (await messaging.open_direct(db, ann, bob.id)).conversation.id
        await messaging.send_message(db, ann, id, NewMessage("before"))
        await messaging.update_conversation(db, ann, id, ConversationChange(message_ttl=3600))
        await messaging.send_message(db, ann, id, NewMessage("with"))
        await messaging.update_conversation(db, bob, id, ConversationChange(message_ttl=None))
        await messaging.send_message(db, ann, id, NewMessage("after"))
        before, with_, after = [one for one in await messages(db, bob, id) if one.kind == "text"]
        assert (before.expires_at, after.expires_at) == (None, None)
        assert with_.expires_at == with_.inserted_at + timedelta(hours=1)

    @pytest.mark.parametrize("ttl", ["29", "2419201", "1.5", '"1d"', "true"])
    def test_is_half_a_minute_to_four_weeks(self, ttl: str) -> None:
        with pytest.raises(Invalid) as refused:
            decode(f'{{"message_ttl": {ttl}}}'.encode(), ConversationChange)
        assert list(refused.value.fields) == ["message_ttl"]

    async def test_is_nothing_for_strangers_and_the_blocked(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, conversation: Any
    ) -> None:
        change = ConversationChange(message_ttl=None)
        with pytest.raises(messaging.ConversationNotFound):
            await messaging.update_conversation(db, eve, conversation, change)
        await accounts.block_user(db, bob, ann.id)
        with pytest.raises(messaging.CannotSend):
            await messaging.update_conversation(db, ann, conversation, change)


class TestEraseExpired:
    async def test_leaves_the_words_nowhere(
        self, db: Transaction, ann: Actor, bob: Actor, conversation: Any, happened: Happened
    ) -> None:
        sent = await messaging.send_message(db, ann, conversation, NewMessage(WORDS))
        edit = messaging.MessageEdit(WORDS + "!")
        await messaging.edit_message(db, ann, conversation, sent.id, edit)
        await messaging.add_reaction(db, bob, conversation, sent.id, "👍")
        await let_time_pass(db, conversation)
        assert await erase_expired(db) == 1
        gone = (await messages(db, bob, conversation))[-1]
        assert (gone.id, gone.content, gone.deleted_by) == (sent.id, "", None)
        assert gone.deleted_at is not None
        (told,) = happened(messaging.MessageDeleted)
        assert msgspec.json.decode(told.payload)["deleted_by"] is None
        missed = await messaging.read_since(db, bob, conversation, 0)
        assert WORDS.encode() not in b"".join(event.body() for event in missed.events)
        for table in ("events", "messages", "message_edits"):
            rows = await db.value(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE $1", f"%{WORDS}%"
            )
            assert rows == 0, table

    async def test_keeps_counters_exact(
        self, db: Transaction, ann: Actor, bob: Actor, conversation: Any
    ) -> None:
        for n in range(3):
            await messaging.send_message(db, ann, conversation, NewMessage(f"@{bob.username} {n}"))
        await let_time_pass(db, conversation)
        await messaging.send_message(db, ann, conversation, NewMessage("stays a while"))
        before = await messaging.get_unread(db, bob, conversation)
        assert (before.unread, before.mentions) == (4, 3)
        assert await erase_expired(db) == 3
        unread = await messaging.get_unread(db, bob, conversation)
        assert (unread.unread, unread.mentions) == (1, 0)
        (verified,) = await messaging.verify_unread(db, bob)
        assert (verified.recounted_unread, verified.recounted_mentions) == (1, 0)

    async def test_takes_nothing_before_its_time(
        self, db: Transaction, ann: Actor, conversation: Any
    ) -> None:
        await messaging.send_message(db, ann, conversation, NewMessage(WORDS))
        assert await erase_expired(db) == 0
        assert (await messages(db, ann, conversation))[-1].content == WORDS

    async def test_comes_to_an_end_in_parts(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(disappearing, "MOST", 4)
        monkeypatch.setattr(disappearing, "AT_ONCE", 3)
        ann = await make_actor(database)
        ids = [await open_between(database, ann, await make_actor(database)) for _ in range(3)]
        for id in ids:
            change = ConversationChange(message_ttl=60)
            await messaging.update_conversation(database, ann, id, change)
            for _ in range(5):
                await messaging.send_message(database, ann, id, NewMessage(WORDS))
            await database.value(_PASS, id)
        assert await erase_expired(database) == 15
        assert await erase_expired(database) == 0

    async def test_goes_on_where_one_conversation_cannot_be_emptied(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        said = "said four times"  # its events stay, and other tests look for theirs everywhere
        ann = await make_actor(database)
        bad, *good = [
            await open_between(database, ann, await make_actor(database)) for _ in range(4)
        ]
        for id in (bad, *good):
            change = ConversationChange(message_ttl=60)
            await messaging.update_conversation(database, ann, id, change)
            await messaging.send_message(database, ann, id, NewMessage(said))
            await database.value(_PASS, id)
        # No number can be taken there.
        await database.value("DELETE FROM streams WHERE id = $1", bad)
        await erase_expired(database)
        left = await database.values(
            "SELECT conversation_id FROM messages WHERE content = $1 AND conversation_id = ANY($2)",
            said,
            [bad, *good],
        )
        assert left == [bad]
        assert "could not be erased" in caplog.text
        await database.value("DELETE FROM messages WHERE conversation_id = $1", bad)


class TestLook:
    async def test_keeps_the_words_out_of_pushes_and_mail(
        self, db: Transaction, ann: Actor, bob: Actor, conversation: Any
    ) -> None:
        """They could not be taken back there."""
        sent = await messaging.send_message(db, ann, conversation, NewMessage(WORDS))
        wanted = Wanted(bob.id, conversation, sent.id, sent.seq)
        (found,) = await look(db, [wanted])
        assert (found.gone, found.may_see, found.text) == (False, True, None)
        everlasting = ConversationChange(message_ttl=None)
        await messaging.update_conversation(db, ann, conversation, everlasting)
        stays = await messaging.send_message(db, ann, conversation, NewMessage(WORDS))
        (found,) = await look(db, [Wanted(bob.id, conversation, stays.id, stays.seq)])
        assert found.text == WORDS


class TestEraseExpiredMessages:
    async def test_leaves_no_trace_of_having_found_nothing(self, db: Transaction) -> None:
        node = SimpleNamespace(db=db)
        await messaging.erase_expired_messages.enqueue(db)
        assert await drain(db, node, [messaging.erase_expired_messages]) == {"completed": 1}
        assert await db.value("SELECT count(*) FROM jobs") == 0

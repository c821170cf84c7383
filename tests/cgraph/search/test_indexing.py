"""What changes is found as it is now, whatever way it was changed."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from cgraph import files, forums, groups, messaging
from cgraph.accounts import Actor
from cgraph.files import FileChange, NewAttachment
from cgraph.forums import NewComment, NewPost, PostChange
from cgraph.forums.comment import CommentEdit
from cgraph.groups import CHANNELS, NewThread
from cgraph.messaging import (
    ConversationChange,
    ImportedMessage,
    MessageEdit,
    NewMessage,
    import_messages,
)
from cgraph.messaging.disappearing import erase_expired
from cgraph.messaging.sweeping import sweep
from cgraph.search.backend import Paging, Scope, Wanted, Word
from cgraph.search.changes import get_lag
from cgraph.search.document import Document
from cgraph.search.indexing import follow_changes
from cgraph.search.postgres import PostgresSearch
from cgraph_kit import clock
from cgraph_kit.db import Database, DatabaseError, Repo, Transaction
from cgraph_kit.ids import new_id
from support.attached import with_file
from support.communities import first_channel, found
from support.forums import make_forum
from support.talk import make_actor, open_between, say


class Everything:
    """Finds whatever there is of a word."""

    def __init__(self, db: Transaction) -> None:
        self.db = db
        self.backend = PostgresSearch(db)

    async def __call__(self, word: str, **wanted: Any) -> list[UUID]:
        await follow_changes(self.db, self.backend)
        ids = await self.db.values("SELECT DISTINCT container_id FROM search_documents")
        scope = Scope(containers=dict.fromkeys(ids, -1))
        found = await self.backend.search(Wanted(match=Word(word), **wanted), scope, Paging())
        return [hit.id for hit in found.hits]


@pytest.fixture
def find(db: Transaction) -> Everything:
    return Everything(db)


@pytest.fixture
async def place(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    return await open_between(db, ann, bob)


class TestMessages:
    async def test_as_they_were_edited(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        sent = await say(db, ann, place, "a quokka")
        assert await find("quokka") == [sent.id]
        await messaging.edit_message(db, ann, place, sent.id, MessageEdit("a wombat"))
        assert await find("quokka") == []
        assert await find("wombat", features=["edited"]) == [sent.id]

    async def test_not_when_deleted(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        kept, *gone = [await say(db, ann, place, f"quokka {n}") for n in range(3)]
        assert len(await find("quokka")) == 3
        await messaging.delete_message(db, ann, place, gone[0].id)
        at = clock.now() - timedelta(minutes=1)
        assert await find("quokka") == [gone[1].id, kept.id]
        await messaging.delete_messages_of(db, [place], ann.id, at)
        assert await find("quokka") == []

    async def test_not_when_they_have_disappeared(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        find: Everything,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await messaging.update_conversation(db, ann, place, ConversationChange(message_ttl=60))
        await say(db, ann, place, "quokka")
        assert len(await find("quokka")) == 1
        later = clock.now() + timedelta(minutes=2)
        monkeypatch.setattr(clock, "now", lambda: later)
        await erase_expired(db)
        assert await find("quokka") == []

    async def test_what_was_imported(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        at = clock.now() - timedelta(days=700)
        old = ImportedMessage(new_id(), ann.id, "quokka", at)
        await import_messages(db, place, [old])
        assert await find("quokka") == [old.id]

    async def test_with_what_they_have(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        first = await say(db, ann, place, "quokka https://example.org/a")
        assert await find("quokka", features=["link"]) == [first.id]
        await messaging.pin_message(db, ann, place, first.id)
        assert await find("quokka", features=["pinned"]) == [first.id]
        await messaging.unpin_message(db, ann, place, first.id)
        assert await find("quokka", features=["pinned"]) == []
        answer = await say(db, ann, place, "quokka", reply_to=first.id)
        assert await find("quokka", features=["reply"]) == [answer.id]

    async def test_with_their_files(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        picture = await with_file(db, ann, name="numbat.png")
        sent = await messaging.send_message(
            db, ann, place, NewMessage("look, a quokka", attachments=[picture])
        )
        assert await find("quokka", features=["image"]) == [sent.id]
        (file_id,) = await find("numbat", kinds={"file"})
        assert file_id == picture.file_id
        await messaging.delete_message(db, ann, place, sent.id)
        assert await find("numbat") == []

    async def test_with_what_is_said_of_their_files_there(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        """What is shown is found, and nothing else: what becomes of the file's own name later is not shown there."""
        picture = await with_file(db, ann, name="numbat.png")
        described = NewAttachment(picture.file_id, alt_text="a quokka at dawn")
        new = NewMessage("look", attachments=[described])
        sent = await messaging.send_message(db, ann, place, new)
        assert await find("quokka", kinds={"file"}) == [picture.file_id]
        await files.change_file(db, ann, picture.file_id, FileChange(name="wombat.png"))
        assert await find("wombat") == []
        assert await find("numbat") == [picture.file_id]
        described = NewAttachment(picture.file_id, alt_text="at noon")
        change = MessageEdit(attachments=[described])
        await messaging.edit_message(db, ann, place, sent.id, change)
        assert await find("quokka") == []
        assert await find("noon") == [picture.file_id]

    async def test_with_what_is_said_of_files_of_posts_and_comments(
        self, db: Transaction, ann: Actor, find: Everything
    ) -> None:
        forum = await make_forum(db, ann)
        picture = await with_file(db, ann, name="numbat.png")
        one = NewAttachment(picture.file_id, alt_text="a quokka")
        other = NewAttachment(picture.file_id, alt_text="a wombat")
        new = NewPost("Look", content="at this", attachments=[one])
        post = await forums.create_post(db, ann, forum.id, new)
        await forums.create_comment(db, ann, post.id, NewComment("look", attachments=[other]))
        assert await find("quokka") == await find("wombat") == [picture.file_id]

    async def test_not_of_a_place_that_is_gone(
        self, db: Transaction, ann: Actor, find: Everything
    ) -> None:
        group = await found(db, ann)
        channel = await first_channel(db, group)
        await messaging.send_message(db, ann, channel, NewMessage("quokka"), gate=CHANNELS)
        (id,) = await find("quokka")
        assert await db.value("SELECT community_id FROM search_documents WHERE id = $1", id) == (
            group
        )
        await sweep(db, [channel])
        assert await find("quokka") == []


class TestForums:
    async def test_posts_as_they_are(
        self, db: Transaction, ann: Actor, bob: Actor, find: Everything
    ) -> None:
        forum = await make_forum(db, ann)
        post = await forums.create_post(db, bob, forum.id, NewPost("A quokka", content="at dawn"))
        assert await find("quokka") == await find("dawn") == [post.id]
        await forums.edit_post(db, bob, post.id, PostChange(title="A wombat"))
        assert await find("quokka") == []
        await forums.remove_post(db, ann, post.id)
        assert await find("wombat") == []
        await forums.restore_post(db, ann, post.id)
        assert await find("wombat") == [post.id]
        await forums.lock_post(db, ann, post.id, locked=True)
        assert await find("wombat", features=["locked"]) == [post.id]
        await forums.delete_post(db, bob, post.id)
        assert await find("wombat") == []

    async def test_moved_with_their_comments(
        self, db: Transaction, ann: Actor, find: Everything
    ) -> None:
        here, there = await make_forum(db, ann), await make_forum(db, ann)
        post = await forums.create_post(db, ann, here.id, NewPost("A quokka"))
        comment = await forums.create_comment(db, ann, post.id, NewComment("quokka, indeed"))
        assert len(await find("quokka", containers=[here.id])) == 2
        await forums.move_post(db, ann, post.id, there.slug)
        assert set(await find("quokka", containers=[there.id])) == {post.id, comment.id}
        assert await find("quokka", containers=[here.id]) == []

    async def test_comments_as_they_are(
        self, db: Transaction, ann: Actor, bob: Actor, find: Everything
    ) -> None:
        forum = await make_forum(db, ann)
        post = await forums.create_post(db, ann, forum.id, NewPost("Animals"))
        comment = await forums.create_comment(db, bob, post.id, NewComment("a quokka"))
        assert await find("quokka", items=[post.id]) == [comment.id]
        await forums.edit_comment(db, bob, comment.id, CommentEdit("a wombat"))
        assert await find("quokka") == []
        await forums.remove_comment(db, ann, comment.id)
        assert await find("wombat") == []
        await forums.restore_comment(db, ann, comment.id)
        assert await find("wombat") == [comment.id]
        await forums.delete_comment(db, bob, comment.id)
        assert await find("wombat") == []

    async def test_not_what_votes_do(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann)
        post = await forums.create_post(db, ann, forum.id, NewPost("Animals"))
        await follow_changes(db, PostgresSearch(db))
        await forums.vote_for_post(db, bob, post.id, forums.SetVote(1))
        assert (await get_lag(db)).changes == 0


class TestNames:
    async def test_people(self, db: Transaction, ann: Actor, find: Everything) -> None:
        assert await find(ann.username) == [ann.id]
        await db.value("UPDATE users SET display_name = 'Quokka' WHERE id = $1", ann.id)
        assert await find("quokka") == await find(ann.username) == [ann.id]
        sql = "UPDATE users SET state = 'deactivated', deactivated_at = now() WHERE id = $1"
        await db.value(sql, ann.id)
        assert await find("quokka") == []

    async def test_groups_channels_and_threads(
        self, db: Transaction, ann: Actor, find: Everything
    ) -> None:
        group = await found(db, ann, "Quokka friends")
        channel = await first_channel(db, group)
        assert await find("quokka") == [group]
        await groups.update_channel(db, ann, channel, groups.ChannelChange(topic="quokka"))
        assert set(await find("quokka")) == {group, channel}
        thread = await groups.create_thread(db, ann, channel, NewThread("quokka diet"))
        assert await find("diet", features=["thread"]) == [thread.id]
        await db.value("DELETE FROM group_channels WHERE id = $1", channel)
        assert await find("quokka") == [group]
        await db.value("UPDATE groups SET name = 'Friends' WHERE id = $1", group)
        assert await find("quokka") == []

    async def test_forums(self, db: Transaction, ann: Actor, find: Everything) -> None:
        forum = await make_forum(db, ann, title="Quokkas")
        assert await find("quokkas") == await find(forum.slug) == [forum.id]
        await db.value("UPDATE forums SET deleted_at = now() WHERE id = $1", forum.id)
        assert await find("quokkas") == []


class Broken(PostgresSearch):
    """Cannot index what holds a certain word."""

    async def index(
        self, tx: Transaction, documents: Sequence[Document], gone: Any, *, version: int
    ) -> None:
        if any("poison" in one.words for one in documents):
            raise ValueError("poison")
        await super().index(tx, documents, gone, version=version)


class Failing(PostgresSearch):
    """Is asked for what the database does not have."""

    async def index(self, tx: Transaction, *of: Any, **at: Any) -> None:
        await tx.value("SELECT FROM nowhere")


class Meanwhile(Broken):
    """Something else happens when it fails the second time."""

    def __init__(self, db: Repo, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(db)
        self.happens = happens
        self.failed = 0

    async def index(self, *of: Any, **at: Any) -> None:
        try:
            await super().index(*of, **at)
        except ValueError:
            self.failed += 1
            if self.failed == 2:
                await self.happens()
            raise


class TestFollowChanges:
    async def test_counts_what_it_has_followed(
        self, db: Transaction, ann: Actor, place: UUID
    ) -> None:
        backend = PostgresSearch(db)
        await follow_changes(db, backend)
        await say(db, ann, place, "one")
        await say(db, ann, place, "two")
        assert (await get_lag(db)).changes == 2
        assert await follow_changes(db, backend) == 2
        assert await follow_changes(db, backend) == 0
        assert await get_lag(db) == await get_lag(db)
        assert (await get_lag(db)).seconds == 0

    async def test_follows_more_than_one_batch(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        find: Everything,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await find("nothing")
        monkeypatch.setattr("cgraph.search.indexing.AT_ONCE", 2)
        for n in range(5):
            await say(db, ann, place, f"quokka {n}")
        assert len(await find("quokka")) == 5

    async def test_what_cannot_be_indexed_keeps_nothing_else_waiting(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        await find("nothing")
        find.backend = Broken(_Separate(db))  # type: ignore[arg-type]
        find.db = _Separate(db)  # type: ignore[assignment]
        for text in ("quokka one", "poison quokka", "quokka two"):
            await say(db, ann, place, text)
        assert len(await find("quokka")) == 2
        assert (await get_lag(db)).changes == 0

    async def test_what_the_database_cannot_do_now_waits(
        self, db: Transaction, ann: Actor, place: UUID, find: Everything
    ) -> None:
        await find("nothing")
        await say(db, ann, place, "quokka")
        separate: Any = _Separate(db)
        with pytest.raises(DatabaseError):
            await follow_changes(separate, Failing(separate))
        assert (await get_lag(db)).changes == 1
        assert len(await find("quokka")) == 1

    @pytest.mark.usefixtures("quarters")
    async def test_leaves_out_what_failed_not_what_came_before_it_meanwhile(
        self, database: Database
    ) -> None:
        ann = await make_actor(database)
        early, late = [
            await open_between(database, ann, await make_actor(database)) for _ in range(2)
        ]
        await database.value("DELETE FROM search_changes")
        async with AsyncExitStack() as stack:
            tx = await stack.enter_async_context(database.transaction())
            sent = await say(tx, ann, early, "quokka")
            await say(database, ann, late, "poison")
            await follow_changes(database, Meanwhile(database, stack.aclose))
        sql = "SELECT count(*) FROM search_documents WHERE id = $1"
        assert await database.value(sql, sent.id) == 1
        assert (await get_lag(database)).changes == 0
        await database.value("DELETE FROM search_documents WHERE container_id = $1", early)


class _Separate:
    """A pool whose transactions are savepoints of the test's."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return self._tx.savepoint if name == "transaction" else getattr(self._tx, name)

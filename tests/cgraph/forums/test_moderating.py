"""What moderators do about posts and comments, and taking it back."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from cgraph import forums
from cgraph.forums import (
    ActNotFound,
    AlreadyDone,
    CannotUndoAct,
    CommentNotFound,
    LogEntry,
    NotModerator,
    OutrankedInForum,
    PostNotFound,
)
from cgraph.forums.events import PostListed, PostUpdated
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from support import plaza
from support.forum_scene import ForumScene, comment, make_forum_scene, miscounted
from support.talk import body

FAR = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14)))
"""The last instants there are, and none in UTC."""


@pytest.fixture
async def scene(db: Transaction) -> ForumScene:
    return await make_forum_scene(db)


async def row_of(db: Repo, table: str, id: object) -> dict[str, Any]:
    """All of it, but for where its stream tells of it."""
    sql = f"SELECT to_jsonb(t) - 'told_seqs' FROM {table} t WHERE id = $1"
    row: dict[str, Any] = await db.value(sql, id)
    return row


POST_ACTS: dict[str, Callable[..., Awaitable[LogEntry]]] = {
    "post_removed": forums.remove_post,
    "post_locked": lambda *args, **options: forums.lock_post(*args, locked=True, **options),
    "post_archived": lambda *args, **options: forums.archive_post(*args, archived=True, **options),
    "post_pinned": forums.pin_post,
}
COMMENT_ACTS: dict[str, Callable[..., Awaitable[LogEntry]]] = {
    "comment_removed": forums.remove_comment,
    "comment_locked": lambda *args, **options: forums.lock_comment(*args, locked=True, **options),
}


class TestActs:
    @pytest.mark.parametrize("name", POST_ACTS)
    async def test_on_posts_are_for_moderators_above_the_author(
        self, db: Transaction, scene: ForumScene, name: str
    ) -> None:
        act = POST_ACTS[name]
        hers = await plaza.post(db, scene.senior, scene.forum_id)
        with pytest.raises(NotModerator):
            await act(db, scene.author, scene.post_id)
        with pytest.raises(OutrankedInForum):
            await act(db, scene.junior, hers)
        with pytest.raises(OutrankedInForum):
            await act(db, scene.senior, await plaza.post(db, scene.creator, scene.forum_id))
        assert (await act(db, scene.creator, hers)).action == name
        with pytest.raises(PostNotFound):
            await act(db, scene.junior, uuid4())

    @pytest.mark.parametrize("name", COMMENT_ACTS)
    async def test_on_comments_are_for_moderators_above_the_author(
        self, db: Transaction, scene: ForumScene, name: str
    ) -> None:
        act = COMMENT_ACTS[name]
        hers = await comment(db, scene.senior, scene.post_id)
        with pytest.raises(NotModerator):
            await act(db, scene.author, hers)
        with pytest.raises(OutrankedInForum):
            await act(db, scene.junior, hers)
        assert (await act(db, scene.senior, hers)).action == name
        with pytest.raises(CommentNotFound):
            await act(db, scene.junior, uuid4())

    @pytest.mark.parametrize("name", POST_ACTS)
    async def test_on_posts_are_logged_and_taken_back_exactly(
        self, db: Transaction, scene: ForumScene, name: str
    ) -> None:
        before = await row_of(db, "posts", scene.post_id)
        entry = await POST_ACTS[name](db, scene.junior, scene.post_id, reason="spam")
        assert (entry.action, entry.reason, entry.target_id) == (name, "spam", scene.post_id)
        assert entry.changes
        assert await row_of(db, "posts", scene.post_id) != before
        undone = await forums.undo_act(db, scene.senior, scene.forum_id, entry.id)
        assert undone.undoes_id == entry.id
        assert await row_of(db, "posts", scene.post_id) == before
        assert await miscounted(db, scene.forum_id) == []

    @pytest.mark.parametrize("name", COMMENT_ACTS)
    async def test_on_comments_are_logged_and_taken_back_exactly(
        self, db: Transaction, scene: ForumScene, name: str
    ) -> None:
        id = await comment(db, scene.author, scene.post_id)
        before = await row_of(db, "comments", id)
        entry = await COMMENT_ACTS[name](db, scene.junior, id)
        assert await row_of(db, "comments", id) != before
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        assert await row_of(db, "comments", id) == before
        assert await miscounted(db, scene.forum_id) == []

    @pytest.mark.parametrize("name", ["post_removed", "post_locked", "post_archived"])
    async def test_that_change_nothing_are_refused(
        self, db: Transaction, scene: ForumScene, name: str
    ) -> None:
        await POST_ACTS[name](db, scene.junior, scene.post_id)
        with pytest.raises(AlreadyDone):
            await POST_ACTS[name](db, scene.junior, scene.post_id)

    async def test_are_told(self, db: Transaction, scene: ForumScene) -> None:
        await forums.remove_post(db, scene.junior, scene.post_id)
        listed = [event for event in db.events if isinstance(event, PostListed)]
        updated = [event for event in db.events if isinstance(event, PostUpdated)]
        assert len(listed) == len(updated) == 1
        told = body(listed[0])
        assert told["removed_at"] is not None
        assert told["title"] == told["content"] == ""


class TestRemovePost:
    async def test_takes_its_words_out_of_the_log(self, db: Transaction, scene: ForumScene) -> None:
        new = forums.NewPost("Secret honey", "under the oak")
        post = await forums.create_post(db, scene.author, scene.forum_id, new)
        await forums.lock_post(db, scene.junior, post.id, locked=True)
        await forums.remove_post(db, scene.junior, post.id)
        logged = await db.values("SELECT payload FROM events WHERE stream_id = $1", scene.forum_id)
        assert len(logged) == 3
        assert not [payload for payload in logged if "honey" in payload or "oak" in payload]
        await forums.restore_post(db, scene.junior, post.id)
        last = [event for event in db.events if isinstance(event, PostListed)][-1]
        assert body(last)["title"] == "Secret honey"

    async def test_counts(self, db: Transaction, scene: ForumScene) -> None:
        other = await plaza.post(db, scene.reader, scene.forum_id)
        await comment(db, scene.reader, scene.post_id)
        await forums.remove_post(db, scene.junior, scene.post_id)
        assert await miscounted(db, scene.forum_id) == []
        await forums.remove_post(db, scene.junior, other)
        await forums.restore_post(db, scene.junior, scene.post_id)
        assert await miscounted(db, scene.forum_id) == []

    async def test_leaves_alone_what_its_author_deleted(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        await plaza.change(db, "posts", scene.post_id, deleted_at=clock.now())
        with pytest.raises(PostNotFound):
            await forums.remove_post(db, scene.junior, scene.post_id)

    async def test_is_not_what_the_author_did(self, db: Transaction, scene: ForumScene) -> None:
        """Two flags: what is restored stays deleted where its author deleted it meanwhile, and is not counted."""
        entry = await forums.remove_post(db, scene.junior, scene.post_id)
        await plaza.change(db, "posts", scene.post_id, deleted_at=clock.now())
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        row = await row_of(db, "posts", scene.post_id)
        assert row["deleted_at"] is not None
        assert row["removed_at"] is None
        assert await miscounted(db, scene.forum_id) == []


class TestRemoveComment:
    async def test_counts(self, db: Transaction, scene: ForumScene) -> None:
        first = await comment(db, scene.reader, scene.post_id)
        below = await comment(db, scene.author, scene.post_id, first)
        await forums.remove_comment(db, scene.junior, first)
        assert await miscounted(db, scene.forum_id) == []
        await forums.remove_comment(db, scene.junior, below)
        await forums.restore_comment(db, scene.junior, first)
        assert await miscounted(db, scene.forum_id) == []


class TestPinPost:
    async def test_ends_in_the_future(self, db: Transaction, scene: ForumScene) -> None:
        for until in (clock.now(), FAR):
            with pytest.raises(Invalid):
                await forums.pin_post(db, scene.junior, scene.post_id, until=until)

    async def test_again_ends_at_another_time(self, db: Transaction, scene: ForumScene) -> None:
        until = clock.now() + timedelta(days=1)
        await forums.pin_post(db, scene.junior, scene.post_id)
        await forums.pin_post(db, scene.junior, scene.post_id, until=until)
        with pytest.raises(AlreadyDone):
            await forums.pin_post(db, scene.junior, scene.post_id, until=until)
        await forums.unpin_post(db, scene.junior, scene.post_id)
        with pytest.raises(AlreadyDone):
            await forums.unpin_post(db, scene.junior, scene.post_id)


class TestDistinguish:
    async def test_is_for_ones_own(self, db: Transaction, scene: ForumScene) -> None:
        with pytest.raises(PostNotFound):
            await forums.distinguish_post(db, scene.senior, scene.post_id, distinguished=True)
        own = await plaza.post(db, scene.senior, scene.forum_id)
        await forums.distinguish_post(db, scene.senior, own, distinguished=True)
        assert (await row_of(db, "posts", own))["distinguished"]
        said = await comment(db, scene.senior, own)
        await forums.distinguish_comment(db, scene.senior, said, distinguished=True)
        with pytest.raises(CommentNotFound):
            await forums.distinguish_comment(db, scene.creator, said, distinguished=False)


class TestUndoAct:
    async def test_once(self, db: Transaction, scene: ForumScene) -> None:
        entry = await forums.lock_post(db, scene.junior, scene.post_id, locked=True)
        undone = await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, undone.id)

    async def test_not_once_it_was_changed_again(self, db: Transaction, scene: ForumScene) -> None:
        entry = await forums.remove_post(db, scene.junior, scene.post_id)
        await forums.restore_post(db, scene.junior, scene.post_id)
        await forums.remove_post(db, scene.junior, scene.post_id)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)

    async def test_is_for_moderators_of_that_forum(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        entry = await forums.remove_post(db, scene.junior, scene.post_id)
        other = await make_forum_scene(db)
        with pytest.raises(NotModerator):
            await forums.undo_act(db, scene.author, scene.forum_id, entry.id)
        with pytest.raises(ActNotFound):
            await forums.undo_act(db, other.creator, other.forum_id, entry.id)


class TestListLog:
    async def test_is_for_whoever_may_read_the_forum(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        first = await forums.remove_post(db, scene.junior, scene.post_id, reason="spam")
        second = await forums.restore_post(db, scene.senior, scene.post_id)
        page = await forums.list_log(db, None, scene.forum_id, limit=1)
        rest = await forums.list_log(db, None, scene.forum_id, limit=1, after=page.after)
        assert [*page.items, *rest.items] == [second, first]
        assert page.items[0].actor is not None
        assert page.items[0].actor.id == scene.senior.id
        only = await forums.list_log(db, None, scene.forum_id, action="post_removed")
        assert only.items == [first]

    async def test_of_a_private_forum_is_not_there_for_others(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        await plaza.change(db, "forums", scene.forum_id, visibility="private")
        with pytest.raises(forums.ForumNotFound):
            await forums.list_log(db, scene.reader, scene.forum_id)
        assert (await forums.list_log(db, scene.senior, scene.forum_id)).items == []

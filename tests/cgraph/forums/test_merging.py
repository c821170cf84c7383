"""Posts that go elsewhere: to another forum, under another post; and comments that become posts."""

from typing import Any
from uuid import UUID

import pytest

from cgraph import forums
from cgraph.forums import (
    AlreadyDone,
    CannotUndoAct,
    CommentsTooDeep,
    NotModerator,
    OutrankedInForum,
    SetVote,
)
from cgraph.forums.comment import MAX_DEPTH
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from support import plaza
from support.forum_scene import ForumScene, comment, make_forum_scene, miscounted
from support.talk import make_actors


@pytest.fixture
async def scene(db: Transaction) -> ForumScene:
    return await make_forum_scene(db)


async def vote(db: Repo, scene: ForumScene, *, posts: list[UUID], comments: list[UUID]) -> None:
    """Three people think something of each."""
    for n, voter in enumerate(await make_actors(db, 3)):
        for id in posts:
            await forums.vote_for_post(db, voter, id, SetVote(1 if n else -1))
        for id in comments:
            await forums.vote_for_comment(db, voter, id, SetVote(1))


async def grow(db: Repo, scene: ForumScene, post_id: UUID) -> list[UUID]:
    """A tree with a stub in it: 0 ← 1 (deleted) ← 2, and 3 beside."""
    first = await comment(db, scene.reader, post_id, content="first")
    second = await comment(db, scene.author, post_id, first, content="second")
    third = await comment(db, scene.reader, post_id, second, content="third")
    beside = await comment(db, scene.reader, post_id, content="beside")
    await forums.delete_comment(db, scene.author, second)
    return [first, second, third, beside]


async def everything(db: Repo, scene: ForumScene) -> dict[str, Any]:
    """Posts, comments, votes and karma of a forum, as they are; but for where logs tell of them."""
    found: dict[str, Any] = await db.value(_EVERYTHING, scene.forum_id)
    for name, rows in found.items():
        if isinstance(rows, list):
            found[name] = [{key: row[key] for key in sorted(row)} for row in rows]
    return found


_EVERYTHING = """
SELECT jsonb_build_object(
    'forum', (SELECT to_jsonb(f) FROM forums f WHERE id = $1),
    'posts', (SELECT jsonb_agg(to_jsonb(p) || to_jsonb(r) ORDER BY id) FROM posts p JOIN post_ranks r USING (id)
        WHERE p.forum_id = $1),
    'comments', (SELECT jsonb_agg(to_jsonb(c) - 'told_seqs' ORDER BY id) FROM comments c WHERE forum_id = $1),
    'votes', (SELECT jsonb_agg(to_jsonb(v) ORDER BY item_id, user_id) FROM votes v WHERE forum_id = $1),
    'karma', (SELECT jsonb_agg(to_jsonb(k) ORDER BY user_id) FROM karma k
        WHERE forum_id = $1 AND (posts, comments) <> (0, 0)))
"""


class TestMergePosts:
    async def test_keeps_authors_times_order_and_votes(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        into = await plaza.post(db, scene.reader, scene.forum_id)
        there = await comment(db, scene.reader, into)
        tree = await grow(db, scene, scene.post_id)
        await vote(db, scene, posts=[scene.post_id], comments=[tree[0], tree[2]])
        before = await db.values(_FACTS, tree)
        entry = await forums.merge_posts(db, scene.junior, scene.post_id, into)
        assert await miscounted(db, scene.forum_id) == []
        assert await db.values(_FACTS, tree) == before
        opening = UUID(entry.changes["comment_id"]["after"])
        row = await db.value("SELECT to_jsonb(c) FROM comments c WHERE id = $1", opening)
        assert row["author_id"] == str(scene.author.id)
        assert "Swarms" in row["content"]
        assert (row["upvotes"], row["downvotes"]) == (3, 1)
        parents = await db.values("SELECT parent_id FROM comments WHERE id = ANY($1)", tree)
        assert set(parents) == {opening, tree[0], tree[1]}
        posts = await db.values(
            "SELECT DISTINCT post_id FROM comments WHERE forum_id = $1", scene.forum_id
        )
        assert posts == [into]
        assert await forums.find_post_redirect(db, scene.post_id) == into
        assert there not in tree

    async def test_is_taken_back_exactly(self, db: Transaction, scene: ForumScene) -> None:
        into = await plaza.post(db, scene.reader, scene.forum_id)
        await comment(db, scene.reader, into)
        tree = await grow(db, scene, scene.post_id)
        await vote(db, scene, posts=[scene.post_id, into], comments=[tree[0]])
        before = await everything(db, scene)
        entry = await forums.merge_posts(db, scene.junior, scene.post_id, into)
        assert await everything(db, scene) != before
        await forums.undo_act(db, scene.senior, scene.forum_id, entry.id)
        assert await everything(db, scene) == before
        assert await forums.find_post_redirect(db, scene.post_id) is None

    async def test_takes_back_later_answers_too(self, db: Transaction, scene: ForumScene) -> None:
        into = await plaza.post(db, scene.reader, scene.forum_id)
        entry = await forums.merge_posts(db, scene.junior, scene.post_id, into)
        opening = UUID(entry.changes["comment_id"]["after"])
        later = await comment(db, scene.reader, into, opening)
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        post_id = await db.value("SELECT post_id FROM comments WHERE id = $1", later)
        assert post_id == scene.post_id
        assert await miscounted(db, scene.forum_id) == []

    async def test_is_not_taken_back_once_changed(self, db: Transaction, scene: ForumScene) -> None:
        into = await plaza.post(db, scene.reader, scene.forum_id)
        entry = await forums.merge_posts(db, scene.junior, scene.post_id, into)
        opening = UUID(entry.changes["comment_id"]["after"])
        await forums.remove_comment(db, scene.junior, opening)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)

    async def test_is_not_taken_back_over_an_edit_that_leaves_no_trace(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        into = await plaza.post(db, scene.reader, scene.forum_id)
        entry = await forums.merge_posts(db, scene.junior, scene.post_id, into)
        opening = UUID(entry.changes["comment_id"]["after"])
        edit = forums.CommentEdit("What I meant is something else")
        edited = await forums.edit_comment(db, scene.author, opening, edit)
        assert edited.edited_at is None
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)

    async def test_keeps_what_was_locked_locked(self, db: Transaction, scene: ForumScene) -> None:
        into = await plaza.post(db, scene.reader, scene.forum_id)
        said = await comment(db, scene.reader, scene.post_id)
        await forums.lock_post(db, scene.junior, scene.post_id, locked=True)
        before = await everything(db, scene)
        entry = await forums.merge_posts(db, scene.junior, scene.post_id, into)
        with pytest.raises(forums.CommentLocked):
            answer = forums.NewComment("But", parent_id=said)
            await forums.create_comment(db, scene.reader, into, answer)
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        assert await everything(db, scene) == before
        again = await forums.merge_posts(db, scene.junior, scene.post_id, into)
        opening = UUID(again.changes["comment_id"]["after"])
        await forums.lock_comment(db, scene.junior, opening, locked=False)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, again.id)

    async def test_leads_back_whatever_led_to_the_comment(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        into = await plaza.post(db, scene.reader, scene.forum_id)
        said = await comment(db, scene.reader, into)
        split = await forums.split_comment(db, scene.junior, said, "A new one")
        made = UUID(split.changes["post_id"]["after"])
        entry = await forums.merge_posts(db, scene.junior, made, into)
        opening = UUID(entry.changes["comment_id"]["after"])
        assert await forums.find_post_redirect(db, said) == into
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        for led in (said, opening):
            assert await forums.find_post_redirect(db, led) == made
        assert await forums.find_post_redirect(db, made) is None

    async def test_refuses_what_does_not_go_together(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        other = await make_forum_scene(db)
        into = await plaza.post(db, scene.senior, scene.forum_id)
        with pytest.raises(Invalid):
            await forums.merge_posts(db, scene.junior, scene.post_id, other.post_id)
        with pytest.raises(Invalid):
            await forums.merge_posts(db, scene.junior, scene.post_id, scene.post_id)
        with pytest.raises(NotModerator):
            await forums.merge_posts(db, scene.author, scene.post_id, into)
        with pytest.raises(OutrankedInForum):
            await forums.merge_posts(db, scene.junior, into, scene.post_id)
        below: UUID | None = None
        for _ in range(MAX_DEPTH):
            below = await comment(db, scene.reader, scene.post_id, below)
        with pytest.raises(CommentsTooDeep):
            await forums.merge_posts(db, scene.junior, scene.post_id, into)


_FACTS = "SELECT (author_id, inserted_at, content, score, deleted_at)::text FROM comments WHERE id = ANY($1) ORDER BY id"


class TestSplitComment:
    @pytest.mark.parametrize("which", [0, 2])
    async def test_makes_a_post_and_is_taken_back_exactly(
        self, db: Transaction, scene: ForumScene, which: int
    ) -> None:
        tree = await grow(db, scene, scene.post_id)
        await vote(db, scene, posts=[scene.post_id], comments=[tree[0], tree[2]])
        before = await everything(db, scene)
        entry = await forums.split_comment(db, scene.junior, tree[which], "A new one")
        assert await miscounted(db, scene.forum_id) == []
        post_id = UUID(entry.changes["post_id"]["after"])
        post = await forums.get_post(db, scene.reader, post_id)
        assert (post.title, post.content) == ("A new one", ["first", "", "third"][which])
        assert post.author is not None
        assert post.author.id == scene.reader.id
        assert (post.score, post.comment_count) == (4, 1 if which == 0 else 0)
        assert await forums.find_post_redirect(db, tree[which]) == post_id

        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        assert await miscounted(db, scene.forum_id) == []
        after = await everything(db, scene)
        after["posts"] = [one for one in after["posts"] if one["id"] != str(post_id)]
        assert after == before
        assert await forums.find_post_redirect(db, post_id) == scene.post_id
        assert await forums.find_post_redirect(db, tree[which]) is None

    async def test_of_a_locked_comment_is_taken_back_exactly(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        said = await comment(db, scene.reader, scene.post_id)
        await forums.lock_comment(db, scene.junior, said, locked=True)
        before = (await everything(db, scene))["comments"]
        entry = await forums.split_comment(db, scene.junior, said, "A new one")
        made = UUID(entry.changes["post_id"]["after"])
        with pytest.raises(forums.PostLocked):
            await forums.create_comment(db, scene.reader, made, forums.NewComment("But"))
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        assert (await everything(db, scene))["comments"] == before

    async def test_is_not_taken_back_once_the_post_is_gone(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        tree = await grow(db, scene, scene.post_id)
        entry = await forums.split_comment(db, scene.junior, tree[0], "A new one")
        post_id = UUID(entry.changes["post_id"]["after"])
        await forums.remove_post(db, scene.junior, post_id)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)

    async def test_is_for_moderators(self, db: Transaction, scene: ForumScene) -> None:
        tree = await grow(db, scene, scene.post_id)
        with pytest.raises(NotModerator):
            await forums.split_comment(db, scene.reader, tree[0], "A new one")
        with pytest.raises(forums.CommentNotFound):
            await forums.split_comment(db, scene.junior, tree[1], "What is deleted")


class TestMovePost:
    async def test_takes_votes_and_karma_along_and_back(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        other = await plaza.found(db, scene.junior)
        tree = await grow(db, scene, scene.post_id)
        await vote(db, scene, posts=[scene.post_id], comments=[tree[0], tree[3]])
        await forums.pin_post(db, scene.junior, scene.post_id)
        before = await everything(db, scene)
        entry = await forums.move_post(db, scene.junior, scene.post_id, other)
        assert await miscounted(db, scene.forum_id, other) == []
        post = await forums.get_post(db, scene.reader, scene.post_id)
        assert post.forum.id == other
        assert post.pinned_at is None
        here = await forums.list_log(db, None, other)
        assert [one.action for one in here.items] == ["post_moved_here"]

        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)
        assert await everything(db, scene) == before
        assert await miscounted(db, scene.forum_id, other) == []

    async def test_is_for_moderators_who_may_post_there(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        closed = await plaza.found(db, scene.creator, posting="moderators")
        private = await plaza.found(db, scene.junior, visibility="private")
        open_ = await plaza.found(db, scene.reader)
        with pytest.raises(NotModerator):
            await forums.move_post(db, scene.author, scene.post_id, open_)
        with pytest.raises(forums.PostingRestricted):
            await forums.move_post(db, scene.junior, scene.post_id, closed)
        with pytest.raises(Invalid):
            await forums.move_post(db, scene.junior, scene.post_id, private)
        with pytest.raises(AlreadyDone):
            await forums.move_post(db, scene.junior, scene.post_id, scene.forum_id)
        hers = await plaza.post(db, scene.senior, scene.forum_id)
        with pytest.raises(OutrankedInForum):
            await forums.move_post(db, scene.junior, hers, open_)
        await forums.move_post(db, scene.junior, scene.post_id, open_)

    async def test_brings_nothing_into_the_archived_nor_of_the_banned(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        archived = await plaza.found(db, scene.junior, archived_at=clock.now())
        with pytest.raises(forums.ForumArchived):
            await forums.move_post(db, scene.junior, scene.post_id, archived)
        other = await plaza.found(db, scene.junior)
        await plaza.ban(db, other, scene.author)
        with pytest.raises(Invalid):
            await forums.move_post(db, scene.junior, scene.post_id, other)

    async def test_is_taken_back_by_who_did_it_or_moderates_both(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        other = await plaza.found(db, scene.reader)
        entry = await forums.move_post(db, scene.junior, scene.post_id, other)
        with pytest.raises(NotModerator):
            await forums.undo_act(db, scene.senior, scene.forum_id, entry.id)
        await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)

    async def test_is_not_taken_back_once_moved_on(
        self, db: Transaction, scene: ForumScene
    ) -> None:
        first = await plaza.found(db, scene.junior)
        second = await plaza.found(db, scene.junior)
        entry = await forums.move_post(db, scene.junior, scene.post_id, first)
        await forums.move_post(db, scene.junior, scene.post_id, second)
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)

    @pytest.mark.parametrize("private", ["source", "target"])
    async def test_is_not_taken_back_between_what_is_private_now(
        self, db: Transaction, scene: ForumScene, private: str
    ) -> None:
        other = await plaza.found(db, scene.junior)
        entry = await forums.move_post(db, scene.junior, scene.post_id, other)
        hidden = scene.forum_id if private == "source" else other
        await plaza.change(db, "forums", hidden, visibility="private")
        with pytest.raises(CannotUndoAct):
            await forums.undo_act(db, scene.junior, scene.forum_id, entry.id)

    async def test_leaves_deleted_posts_alone(self, db: Transaction, scene: ForumScene) -> None:
        other = await plaza.found(db, scene.junior)
        await plaza.change(db, "posts", scene.post_id, deleted_at=clock.now())
        with pytest.raises(forums.PostNotFound):
            await forums.move_post(db, scene.junior, scene.post_id, other)

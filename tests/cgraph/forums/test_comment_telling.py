"""Comments reach those whom they concern."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph.forums.comment import Comment, CommentEdit, NewComment
from cgraph.forums.comment_deletion import delete_comment
from cgraph.forums.comment_edits import edit_comment
from cgraph.forums.commenting import create_comment
from cgraph.forums.marks import follow_post
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support import plaza
from support.talk import make_actor
from support.telling import Node


class Entry(msgspec.Struct, frozen=True):
    kind: str
    subject_id: UUID


@pytest.fixture
async def forum_id(db: Transaction, ann: Actor) -> UUID:
    return await plaza.found(db, ann)


@pytest.fixture
async def post_id(db: Transaction, bob: Actor, forum_id: UUID) -> UUID:
    return await plaza.post(db, bob, forum_id)


async def say(
    db: Transaction, actor: Actor, post_id: UUID, text: str = "Yes.", parent: Comment | None = None
) -> Comment:
    """And do what was enqueued with it."""
    new = NewComment(text, parent.id if parent else None)
    comment = await create_comment(db, actor, post_id, new)
    await work(db)
    return comment


async def work(db: Transaction) -> None:
    """Do what was enqueued, and nothing that is for later."""
    await Node(db).work()


async def inbox(db: Transaction, actor: Actor) -> list[Entry]:
    sql = "SELECT kind, subject_id FROM notifications WHERE user_id = $1 ORDER BY id"
    return await db.all(Entry, sql, actor.id)


class TestTellOfComment:
    async def test_the_author_of_the_post(
        self, db: Transaction, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        await say(db, eve, post_id)
        assert await inbox(db, bob) == [Entry("post_reply", post_id)]
        assert await inbox(db, eve) == []

    async def test_the_author_of_what_it_answers_and_not_of_the_post(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        first = await say(db, ann, post_id)
        await say(db, eve, post_id, parent=first)
        assert await inbox(db, ann) == [Entry("comment_reply", first.id)]
        assert await inbox(db, bob) == [Entry("post_reply", post_id)]

    async def test_those_it_names_of_that_alone(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await say(db, eve, post_id, f"@{bob.username} and @{ann.username}")
        assert await inbox(db, bob) == [Entry("mention", comment.id)]
        assert await inbox(db, ann) == [Entry("mention", comment.id)]

    async def test_followers_of_the_post(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        await follow_post(db, ann, post_id, followed=True)
        await follow_post(db, eve, post_id, followed=True)
        await say(db, eve, post_id)
        assert await inbox(db, ann) == [Entry("followed_post", post_id)]
        assert await inbox(db, eve) == []

    async def test_nobody_whom_a_block_parts(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        await follow_post(db, ann, post_id, followed=True)
        await accounts.block_user(db, bob, eve.id)
        await accounts.block_user(db, eve, ann.id)
        await say(db, eve, post_id, f"@{ann.username}")
        assert await inbox(db, bob) == await inbox(db, ann) == []

    async def test_nobody_who_may_not_read(
        self, db: Transaction, bob: Actor, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await follow_post(db, eve, post_id, followed=True)
        await plaza.change(db, "forums", forum_id, visibility="private")
        sql = "INSERT INTO forum_subscriptions (forum_id, user_id) VALUES ($1, $2)"
        await db.value(sql, forum_id, bob.id)
        await say(db, bob, post_id)
        assert await inbox(db, eve) == []

    async def test_nobody_once_it_is_gone(
        self, db: Transaction, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        comment = await create_comment(db, eve, post_id, NewComment("Yes."))
        await delete_comment(db, eve, comment.id)
        await work(db)
        assert await inbox(db, bob) == []
        comment = await say(db, eve, post_id)
        await delete_comment(db, eve, comment.id)
        assert await inbox(db, bob) == []

    async def test_an_edit_only_those_it_names_now(
        self,
        db: Transaction,
        ann: Actor,
        eve: Actor,
        post_id: UUID,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        zoe = await make_actor(db, "zoe")
        comment = await say(db, eve, post_id, f"@{ann.username}")
        later = clock.now() + timedelta(minutes=10)
        monkeypatch.setattr(clock, "now", lambda: later)
        await edit_comment(db, eve, comment.id, CommentEdit(f"@{zoe.username}"))
        await work(db)
        assert await inbox(db, ann) == []
        assert await inbox(db, zoe) == [Entry("mention", comment.id)]

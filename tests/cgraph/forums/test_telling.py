"""Posts reach those whom they concern, and nobody who may not read them."""

from datetime import timedelta

import pytest

from cgraph import forums, notifications
from cgraph.accounts import Actor
from cgraph.application import SOURCES
from cgraph.forums import PostChange, PostRead
from cgraph.notifications import Scope, Wanted
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support import plaza
from support.forums import ban, make_forum, make_post, subscribe
from support.talk import block
from support.telling import Node


@pytest.fixture
def node(db: Transaction, monkeypatch: pytest.MonkeyPatch) -> Node:
    node = Node(db)
    node.hold(monkeypatch)
    return node


async def kinds(node: Node, actor: Actor) -> list[str]:
    return [entry["kind"] for entry in await node.inbox(actor.id)]


class TestMention:
    async def test_is_told_once_and_withdrawn(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id, content=f"@{bob.username}")
        await node.work()
        (entry,) = await node.inbox(bob.id)
        assert (entry["kind"], entry["subject_id"]) == ("mention", str(post.id))
        change = PostChange(content=f"Hello @{bob.username}")
        await forums.edit_post(db, ann, post.id, change)
        await node.work()
        assert await kinds(node, bob) == ["mention"]
        await forums.edit_post(db, ann, post.id, PostChange(content="Hello"))
        assert await kinds(node, bob) == []

    async def test_by_an_edit_tells_only_the_new(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id, content=f"@{bob.username}")
        change = PostChange(content=f"@{bob.username} @{eve.username}")
        await forums.edit_post(db, ann, post.id, change)
        await node.work()
        assert (await kinds(node, bob), await kinds(node, eve)) == (["mention"], ["mention"])

    async def test_of_what_is_deleted_is_none(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for before in (True, False):
            post = await make_post(db, ann, forum.id, content=f"@{bob.username}")
            if before:
                await node.work()
            await forums.delete_post(db, ann, post.id)
            await node.work()
            assert await kinds(node, bob) == []


class TestReading:
    async def test_the_post_reads_what_was_told_of_it(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id, content=f"@{bob.username}")
        await node.work()
        await forums.read_post(db, bob, post.id, PostRead())
        (entry,) = await node.inbox(bob.id)
        assert entry["read_at"] is not None


class TestWatching:
    @pytest.mark.parametrize(
        ("level", "told"),
        [
            ("watching", ["forum_post"]),
            ("first_posts", ["forum_post"]),
            *((level, []) for level in ("tracking", "normal", "muted")),
        ],
    )
    async def test_tells_of_new_posts(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor, level: str, told: list[str]
    ) -> None:
        forum = await make_forum(db, ann)
        await subscribe(db, bob, forum.id, level)
        await make_post(db, ann, forum.id)
        await node.work()
        assert await kinds(node, bob) == told

    async def test_tells_neither_the_author_nor_the_blocked(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for one in (ann, bob):
            await subscribe(db, one, forum.id, "watching")
        await block(db, bob, ann)
        await make_post(db, ann, forum.id)
        await node.work()
        assert (await kinds(node, ann), await kinds(node, bob)) == ([], [])

    async def test_in_private_leaves_out_who_is_banned(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for one in (bob, eve):
            await subscribe(db, one, forum.id, "watching")
        await plaza.change(db, "forums", forum.id, visibility="private")
        await ban(db, forum.id, bob.id)
        await plaza.ban(db, forum.id, eve, expires_at=clock.now() - timedelta(hours=1))
        post = await make_post(db, ann, forum.id, content=f"@{bob.username} @{eve.username}")
        assert [link for link in (bob, eve) if f"/users/{link.id}" in post.html] == [eve]
        await node.work()
        assert (await kinds(node, bob), await kinds(node, eve)) == ([], ["mention"])
        await make_post(db, ann, forum.id, content="Quiet")
        await node.work()
        assert await kinds(node, bob) == []

    async def test_tells_the_mentioned_of_that_alone(
        self, node: Node, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        await subscribe(db, bob, forum.id, "watching")
        await make_post(db, ann, forum.id, content=f"@{bob.username}")
        await node.work()
        assert await kinds(node, bob) == ["mention"]


class TestLook:
    async def look(self, db: Transaction, actor: Actor, post_id: object) -> notifications.Look:
        wanted = Wanted(actor.id, post_id, post_id, None)  # type: ignore[arg-type]
        (look,) = await SOURCES.look(db, [(Scope("post", post_id).kind, wanted)])  # type: ignore[arg-type]
        return look

    async def test_shows_what_somebody_may_read(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id, title="Swarms")
        look = await self.look(db, bob, post.id)
        assert (look.gone, look.may_see, look.read, look.text) == (False, True, False, "Swarms")
        await forums.read_post(db, bob, post.id, PostRead())
        assert (await self.look(db, bob, post.id)).read

    async def test_tells_others_nothing(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann, visibility="private")
        post = await make_post(db, ann, forum.id)
        look = await self.look(db, bob, post.id)
        assert (look.may_see, look.text, look.title) == (False, None, None)

    async def test_names_nothing_that_was_removed(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id)
        await plaza.change(db, "posts", post.id, removed_at=clock.now())
        look = await self.look(db, ann, post.id)
        assert (look.gone, look.text, look.title) == (True, None, None)

    async def test_knows_what_is_gone(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id)
        await forums.delete_post(db, ann, post.id)
        assert (await self.look(db, ann, post.id)).gone
        assert (await self.look(db, ann, forum.id)).gone

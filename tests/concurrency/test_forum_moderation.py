"""Moderators and everybody else at once, with real commits."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from cgraph import forums
from cgraph.forums import NewComment, SetVote
from cgraph_kit.db import Database
from cgraph_kit.errors import Error
from support import plaza
from support.forum_scene import ForumScene, comment, make_forum_scene, miscounted
from support.talk import make_actors


async def quietly(doing: Awaitable[Any]) -> None:
    """What is refused because something has just gone elsewhere is refused; anything else is a bug."""
    try:
        await doing
    except Error:
        return


async def stir(db: Database, scene: ForumScene, posts: list[UUID], comments: list[UUID]) -> None:
    """Everybody votes for everything, and answers it."""
    voters = await make_actors(db, 6)
    for n in range(4):
        doing = [
            quietly(forums.vote_for_post(db, voter, id, SetVote((n + k) % 3 - 1)))
            for k, voter in enumerate(voters)
            for id in posts
        ]
        doing += [
            quietly(forums.vote_for_comment(db, voter, id, SetVote((n + k) % 3 - 1)))
            for k, voter in enumerate(voters)
            for id in comments
        ]
        doing += [
            quietly(forums.create_comment(db, voter, posts[0], NewComment(f"{n}")))
            for voter in voters
        ]
        await asyncio.gather(*doing)


async def grow(db: Database, scene: ForumScene) -> list[UUID]:
    first = await comment(db, scene.reader, scene.post_id)
    second = await comment(db, scene.author, scene.post_id, first)
    return [first, second, await comment(db, scene.reader, scene.post_id)]


class TestMerging:
    async def test_and_back_loses_no_vote(self, database: Database) -> None:
        scene = await make_forum_scene(database)
        into = await plaza.post(database, scene.reader, scene.forum_id)
        tree = await grow(database, scene)

        async def back_and_forth() -> None:
            for _ in range(4):
                entry = await forums.merge_posts(database, scene.junior, scene.post_id, into)
                await forums.undo_act(database, scene.junior, scene.forum_id, entry.id)

        await asyncio.gather(back_and_forth(), stir(database, scene, [scene.post_id, into], tree))
        assert await miscounted(database, scene.forum_id) == []


class TestMoving:
    async def test_and_back_loses_no_vote(self, database: Database) -> None:
        scene = await make_forum_scene(database)
        other = await plaza.found(database, scene.junior)
        tree = await grow(database, scene)

        async def back_and_forth() -> None:
            for _ in range(4):
                entry = await forums.move_post(database, scene.junior, scene.post_id, other)
                await forums.undo_act(database, scene.junior, scene.forum_id, entry.id)

        await asyncio.gather(back_and_forth(), stir(database, scene, [scene.post_id], tree))
        assert await miscounted(database, scene.forum_id, other) == []


class TestRemoving:
    async def test_and_restoring_counts_right(self, database: Database) -> None:
        scene = await make_forum_scene(database)
        tree = await grow(database, scene)

        async def back_and_forth(id: UUID) -> None:
            for _ in range(5):
                entry = await forums.remove_comment(database, scene.junior, id)
                await forums.undo_act(database, scene.senior, scene.forum_id, entry.id)

        await asyncio.gather(
            *(back_and_forth(id) for id in tree), stir(database, scene, [scene.post_id], tree)
        )
        assert await miscounted(database, scene.forum_id) == []

    async def test_at_once_is_done_once(self, database: Database) -> None:
        scene = await make_forum_scene(database)
        tries = await asyncio.gather(
            *(
                forums.remove_post(database, actor, scene.post_id)
                for actor in (scene.creator, scene.senior, scene.junior)
            ),
            return_exceptions=True,
        )
        assert sorted(isinstance(one, forums.AlreadyDone) for one in tries) == [False, True, True]
        assert await miscounted(database, scene.forum_id) == []

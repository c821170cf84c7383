"""Votes that meet what changes their things, with real commits."""

import asyncio

from cgraph import forums
from cgraph.forums import SetVote
from cgraph_kit.db import Database
from support import plaza
from support.forum_scene import comment, make_forum_scene, miscounted
from support.later import until_waiting


class TestVoting:
    async def test_waits_for_a_move_and_counts_where_the_post_is_then(
        self, database: Database
    ) -> None:
        scene = await make_forum_scene(database)
        other = await plaza.found(database, scene.junior)
        said = await comment(database, scene.author, scene.post_id)
        async with database.transaction() as tx:
            await forums.move_post(tx, scene.junior, scene.post_id, other)
            voting = [
                asyncio.create_task(
                    forums.vote_for_post(database, scene.reader, scene.post_id, SetVote(1))
                ),
                asyncio.create_task(
                    forums.vote_for_comment(database, scene.reader, said, SetVote(1))
                ),
            ]
            await until_waiting(database, 2)
        assert [vote.score for vote in await asyncio.gather(*voting)] == [2, 2]
        assert await miscounted(database, scene.forum_id, other) == []

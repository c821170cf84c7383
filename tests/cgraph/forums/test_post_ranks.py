"""What votes make of posts lies apart from them, and says the same of them at all times."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from cgraph import migrations
from cgraph.accounts import Actor
from cgraph.forums import ranking
from cgraph_kit import clock, migrate
from cgraph_kit.db import Transaction
from support import plaza
from support.forum_scene import miscounted

BEFORE = 19
"""The migrations before this table."""


class TestRanks:
    async def test_begin_with_the_post_by_the_votes_that_are_there(
        self, db: Transaction, ann: Actor
    ) -> None:
        forum_id = await plaza.found(db, ann)
        post_id = await plaza.post(db, ann, forum_id)
        assert (await plaza.counts(db, "posts", post_id)).upvotes == 1
        assert await miscounted(db, forum_id) == []

    async def test_follow_it_wherever_it_goes(self, db: Transaction, ann: Actor) -> None:
        forum_id = await plaza.found(db, ann)
        other = await plaza.found(db, ann, hot_epoch=0, hot_seconds=3600)
        post_id = await plaza.post(db, ann, forum_id)
        await plaza.change(db, "posts", post_id, forum_id=other, hot_epoch=0, hot_seconds=3600)
        await plaza.change(db, "forums", other, hot_seconds=60)
        row = await plaza.counts(db, "posts", post_id)
        assert row.hot == ranking.hot(1, 0, row.at.timestamp(), epoch=0, seconds=60)
        assert await _place(db, post_id) == (other, True)

    @pytest.mark.parametrize("column", ["deleted_at", "removed_at"])
    async def test_leave_the_lists_with_it_and_come_back(
        self, db: Transaction, ann: Actor, column: str
    ) -> None:
        forum_id = await plaza.found(db, ann)
        post_id = await plaza.post(db, ann, forum_id)
        await plaza.change(db, "posts", post_id, **{column: clock.now()})
        assert await _place(db, post_id) == (forum_id, False)
        await plaza.change(db, "posts", post_id, **{column: None})
        assert await _place(db, post_id) == (forum_id, True)

    async def test_stay_where_they_are_while_the_post_is_edited(
        self, db: Transaction, ann: Actor
    ) -> None:
        post_id = await plaza.post(db, ann, await plaza.found(db, ann))
        where = "SELECT ctid::text FROM post_ranks WHERE id = $1"
        before = await db.value(where, post_id)
        await plaza.change(db, "posts", post_id, title="Bees", edited_at=clock.now())
        assert await db.value(where, post_id) == before

    async def test_go_with_it(self, db: Transaction, ann: Actor) -> None:
        post_id = await plaza.post(db, ann, await plaza.found(db, ann))
        await db.value("DELETE FROM posts WHERE id = $1", post_id)
        assert await db.value("SELECT count(*) FROM post_ranks WHERE id = $1", post_id) == 0


async def _place(db: Transaction, post_id: UUID) -> tuple[UUID, bool]:
    sql = "SELECT {} FROM post_ranks WHERE id = $1"
    forum_id: UUID = await db.value(sql.format("forum_id"), post_id)
    shown: bool = await db.value(sql.format("shown"), post_id)
    return forum_id, shown


@pytest.fixture
async def old(server_dsn: str) -> AsyncIterator[str]:
    """The address of a database as it was."""
    admin = await asyncpg.connect(server_dsn.format(database="postgres"))
    await admin.execute("CREATE DATABASE before_post_ranks")
    dsn = server_dsn.format(database="before_post_ranks")
    await migrate.migrate(dsn, migrations.load()[:BEFORE])
    yield dsn
    await admin.execute("DROP DATABASE before_post_ranks WITH (FORCE)")
    await admin.close()


class TestMigration:
    async def test_keeps_what_posts_had(self, old: str) -> None:
        connection = await asyncpg.connect(old)
        forum_id, shown, removed = uuid4(), uuid4(), uuid4()
        ids = [forum_id, shown, removed]
        ranks = "SELECT id, forum_id, upvotes, downvotes, score, hot, best, controversy FROM {} ORDER BY id"
        try:
            await connection.execute("INSERT INTO streams (id) SELECT unnest($1::uuid[])", ids)
            await connection.execute(
                "INSERT INTO forums (id, slug, title) VALUES ($1, 'bees', 'Bees')", forum_id
            )
            await connection.execute(_POSTS, *ids)
            before = await connection.fetch(ranks.format("posts"))
            await migrate.migrate(old, migrations.load())
            assert await connection.fetch(ranks.format("post_ranks")) == before
            found = await connection.fetchval("SELECT id FROM post_ranks WHERE shown")
            assert found == shown
        finally:
            await connection.close()


_POSTS = """
INSERT INTO posts (id, forum_id, hot_epoch, hot_seconds, kind, title, upvotes, downvotes, active_at, inserted_at, removed_at)
SELECT i.id, f.id, f.hot_epoch, f.hot_seconds, 'text', 'Swarms', i.n, 3, now(), now(), CASE WHEN i.id = $3 THEN now() END
FROM (VALUES ($2::uuid, 12), ($3::uuid, 5)) i (id, n), forums f WHERE f.id = $1
"""

"""Made-up communities: the same each time, and all that is counted is counted right."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cgraph import accounts, groups, messaging
from cgraph.seeding import SIZES, Demo, NotEmpty, SeedUsed, seed, verify
from cgraph_kit.db import Database

SMALL = SIZES["small"]
UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
TABLES = (
    *("users", "conversations", "participants", "messages", "reactions", "mentions"),
    *("groups", "group_roles", "group_members", "group_channels", "group_threads", "group_bans"),
    *("forums", "forum_subscriptions", "posts", "comments", "votes", "karma", "forum_bans"),
)


async def counts(db: Database) -> dict[str, int]:
    return {table: await db.value(f"SELECT count(*) FROM {table}") for table in TABLES}


async def fingerprint(db: Database, table: str, *columns: str) -> Any:
    line = " || ' ' || ".join(f"{column}::text" for column in columns)
    return await db.value(f"SELECT md5(string_agg({line}, ',' ORDER BY {line})) FROM {table}")


@pytest.fixture(scope="module")
async def seeded(clones: Any) -> AsyncIterator[tuple[Database, Demo]]:
    """A database with a small community in it."""
    database = await Database.connect(await clones.make(), pool_size=4)
    demo = await seed(database, SMALL, password_hash="x", until=UNTIL)
    yield database, demo
    await database.close()


class TestSeed:
    async def test_makes_as_much_as_it_says(self, seeded: tuple[Database, Demo]) -> None:
        db, _ = seeded
        found = await counts(db)
        assert found["users"] == SMALL.people
        assert found["groups"] == SMALL.groups
        assert found["forums"] == SMALL.forums
        assert found["posts"] == SMALL.posts
        assert found["comments"] == SMALL.comments
        assert found["messages"] == SMALL.messages
        assert all(found.values()), found

    async def test_everything_that_is_counted_is_counted_right(
        self, seeded: tuple[Database, Demo]
    ) -> None:
        findings = await verify(seeded[0])
        assert len(findings) > 15
        assert [finding for finding in findings if finding.wrong] == []

    async def test_unread_counters_of_channels_and_conversations_agree_for_everybody(
        self, seeded: tuple[Database, Demo]
    ) -> None:
        db, _ = seeded
        unread = 0
        for id in await db.values("SELECT id FROM users WHERE state = 'active'"):
            actor = await accounts.find_actor(db, id)
            assert actor is not None
            counted = await messaging.verify_unread(db, actor)
            for group in (await groups.list_groups(db, actor)).items:
                counted += await groups.verify_channel_unread(db, actor, group.id)
            assert [each for each in counted if each.drifted] == []
            unread += sum(each.unread for each in counted)
        assert unread > 0

    async def test_one_post_has_the_most_comments_and_trees_are_deep(
        self, seeded: tuple[Database, Demo]
    ) -> None:
        db, _ = seeded
        most = "SELECT max(n) FROM (SELECT count(*) AS n FROM comments GROUP BY post_id) c"
        assert await db.value(most) == SMALL.largest_tree
        assert 5 < await db.value("SELECT max(depth) FROM comments") <= 50

    async def test_nothing_is_later_than_the_end(self, seeded: tuple[Database, Demo]) -> None:
        db, _ = seeded
        for table in ("messages", "posts", "comments", "votes"):
            first = await db.value(f"SELECT min(inserted_at) FROM {table}")
            last = await db.value(f"SELECT max(inserted_at) FROM {table}")
            assert last <= UNTIL
            assert (UNTIL - first).days > 500

    async def test_the_same_number_and_day_make_the_same(
        self, seeded: tuple[Database, Demo], clones: Any
    ) -> None:
        again = await Database.connect(await clones.make(), pool_size=4)
        try:
            assert await seed(again, SMALL, password_hash="y", until=UNTIL) == seeded[1]
            for table, *columns in (
                ("users", "id", "username"),
                ("messages", "id", "seq", "content", "inserted_at"),
                ("group_members", "group_id", "user_id", "joined_at"),
                ("comments", "id", "path", "content", "upvotes", "downvotes"),
            ):
                there = await fingerprint(seeded[0], table, *columns)
                assert await fingerprint(again, table, *columns) == there
        finally:
            await again.close()

    async def test_people_who_are_there_are_left_alone_unless_told(
        self, seeded: tuple[Database, Demo]
    ) -> None:
        db, _ = seeded
        before = await counts(db)
        with pytest.raises(NotEmpty):
            await seed(db, SMALL, password_hash="x", until=UNTIL)
        with pytest.raises(SeedUsed):
            await seed(db, SMALL, password_hash="x", until=UNTIL, add=True)
        assert await counts(db) == before

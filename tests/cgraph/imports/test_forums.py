"""Discourse and Lemmy, from a dump to what people can read."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import accounts, forums, groups, messaging
from cgraph.imports import Discourse, Lemmy, Options, Report, Unreadable, load
from cgraph_kit.db import Repo, Transaction
from support import dumps

TABLES = ("users", "conversations", "messages", "forums", "posts", "comments", "votes", "karma")


@pytest.fixture
def prefix() -> str:
    """In every name, so that nobody else has them."""
    return uuid4().hex[:8]


async def wrong(db: Repo) -> dict[str, int]:
    """What is counted wrong in the whole database."""
    found = [await context.recount(db) for context in (messaging, groups, forums)]
    return {what: n for each in found for what, n in each.items() if n}


async def sizes(db: Repo) -> list[int]:
    return [await db.value(f"SELECT count(*) FROM {table}") for table in TABLES]


async def comments(db: Repo, post_id: UUID) -> list[tuple[str, int, int]]:
    """Text, depth and score, in the order in which they were written."""
    sql = "SELECT {} FROM comments WHERE post_id = $1 ORDER BY inserted_at"
    columns = ("content", "depth", "score")
    return list(zip(*[await db.values(sql.format(name), post_id) for name in columns], strict=True))


async def post(db: Repo, title: str) -> Any:
    return await db.value("SELECT id FROM posts WHERE title = $1", title)


async def take(db: Repo, reader: Any, *, dry_run: bool = False) -> Report:
    return await load(db, reader, Options(dry_run=dry_run, batch=3))


class TestDiscourse:
    async def test_categories_topics_replies_and_likes(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        path = str(dumps.discourse(tmp_path / "backup.tar.gz", prefix))
        report = await take(db, Discourse(path))
        taken = {kind: n for kind, n in report.taken.items() if n}
        assert taken == {
            "users": 4,
            "forums": 3,
            "subscriptions": 1,
            "posts": 1,
            "comments": 2,
            "votes": 2,
            "conversations": 1,
            "messages": 2,
            "reactions": 1,
            "replies": 1,
        }
        wool = await post(db, "Which wool?")
        said = await db.value("SELECT content FROM posts WHERE id = $1", wool)
        assert said == f"Ask @{prefix}bob,\nplease"
        assert await comments(db, wool) == [
            (f"> {prefix}Ann:\n> Ask\n\nMerino", 1, 1),
            ("Thanks ![x](upload://abc.png)", 2, 0),
        ]
        state = "SELECT (locked_at IS NOT NULL AND pinned_at IS NOT NULL AND score = 1) FROM posts JOIN post_ranks USING (id) WHERE id = $1"
        assert await db.value(state, wool)
        assert await wrong(db) == {}

    async def test_what_stays_behind_is_told(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        path = str(dumps.discourse(tmp_path / "backup.tar.gz", prefix))
        report = await take(db, Discourse(path))
        assert {each.reason for each in report.summary()} >= {
            "a deleted topic",
            "a deleted post",
            "tells of the topic, or is for staff only",
            "a file was not taken",
            "which groups may read it was not taken",
        }
        assert report.count("lost") == 0

    async def test_private_messages_are_direct_conversations(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        await take(db, Discourse(str(dumps.discourse(tmp_path / "backup.tar.gz", prefix))))
        found = "SELECT c.kind FROM conversations c JOIN messages m ON m.conversation_id = c.id"
        assert await db.values(f"{found} ORDER BY m.seq") == ["direct", "direct"]
        assert await db.value("SELECT emoji FROM reactions") == "❤️"

    async def test_categories_lie_in_each_other_and_staff_moderates(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        await take(db, Discourse(str(dumps.discourse(tmp_path / "backup.tar.gz", prefix))))
        parent = (
            "SELECT p.slug FROM forums f JOIN forums p ON p.id = f.parent_id WHERE f.slug = 'socks'"
        )
        assert await db.value(parent) == "knitting"
        ann = (await accounts.get_people_by_usernames(db, [f"{prefix}ann"]))[f"{prefix}ann"]
        moderated = "SELECT count(*) FROM forum_moderators WHERE user_id = $1"
        assert await db.value(moderated, ann.id) == 3
        assert await db.value("SELECT visibility FROM forums WHERE slug = 'staff'") == "private"

    async def test_again_nothing_is_new(self, db: Transaction, tmp_path: Path, prefix: str) -> None:
        path = str(dumps.discourse(tmp_path / "backup.tar.gz", prefix))
        await take(db, Discourse(path))
        before = await sizes(db)
        report = await take(db, Discourse(path))
        assert not any(report.taken.values())
        assert report.known["comments"] == 2
        assert await sizes(db) == before

    async def test_a_dry_run_tells_the_same_and_writes_nothing(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        path = str(dumps.discourse(tmp_path / "backup.tar.gz", prefix))
        before = await sizes(db)
        planned = await take(db, Discourse(path), dry_run=True)
        assert await sizes(db) == before
        assert planned.taken == (await take(db, Discourse(path))).taken

    async def test_another_dump_is_refused(self, tmp_path: Path, prefix: str) -> None:
        with pytest.raises(Unreadable, match="no table"):
            Discourse(str(dumps.lemmy(tmp_path / "lemmy.sql.gz", prefix)))


class TestLemmy:
    async def test_communities_posts_trees_and_votes(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        report = await take(db, Lemmy(str(dumps.lemmy(tmp_path / "lemmy.sql.gz", prefix))))
        taken = {kind: n for kind, n in report.taken.items() if n}
        assert taken == {
            "users": 3,
            "forums": 2,
            "subscriptions": 2,
            "posts": 2,
            "comments": 4,
            "votes": 4,
            "conversations": 1,
            "messages": 2,
        }
        merino = await post(db, "Merino")
        assert await comments(db, merino) == [
            ("Itchy", 1, -1),
            ("Not at all", 2, 1),
            ("", 1, 0),
            ("rude", 3, 0),
        ]
        counts = "url || ' ' || upvotes || ' ' || downvotes || ' ' || comment_count"
        row = f"SELECT {counts} FROM posts JOIN post_ranks USING (id) WHERE id = $1"
        assert await db.value(row, merino) == "https://wool.example/merino 1 1 2"
        removed = "SELECT title FROM posts WHERE removed_at IS NOT NULL"
        assert await db.values(removed) == ["Spam"]
        assert await wrong(db) == {}

    async def test_moderators_stand_in_order_and_communities_as_they_were(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        await take(db, Lemmy(str(dumps.lemmy(tmp_path / "lemmy.sql.gz", prefix))))
        names = """
SELECT u.username FROM forum_moderators m JOIN users u ON u.id = m.user_id ORDER BY m.position
"""
        assert await db.values(names) == [f"{prefix}ann", f"{prefix}bob"]
        assert await db.values("SELECT slug FROM forums WHERE deleted_at IS NULL") == [
            f"yarn-{prefix}"
        ]
        closed = "SELECT posting || ' ' || visibility FROM forums WHERE deleted_at IS NOT NULL"
        assert await db.value(closed) == "moderators unlisted"

    async def test_again_nothing_is_new(self, db: Transaction, tmp_path: Path, prefix: str) -> None:
        path = str(dumps.lemmy(tmp_path / "lemmy.sql.gz", prefix))
        await take(db, Lemmy(path))
        before = await sizes(db)
        report = await take(db, Lemmy(path))
        assert not any(report.taken.values())
        assert await sizes(db) == before

    async def test_a_dry_run_tells_the_same_and_writes_nothing(
        self, db: Transaction, tmp_path: Path, prefix: str
    ) -> None:
        path = str(dumps.lemmy(tmp_path / "lemmy.sql.gz", prefix))
        before = await sizes(db)
        planned = await take(db, Lemmy(path), dry_run=True)
        assert await sizes(db) == before
        assert planned.taken == (await take(db, Lemmy(path))).taken

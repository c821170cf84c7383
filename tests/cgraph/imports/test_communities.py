"""Groups and forums that come by the open format: what comes of them, and that the second time nothing does."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import accounts, forums, groups, messaging
from cgraph.accounts import Actor
from cgraph.imports import JsonLines, Options, Report, load
from cgraph_kit.db import Repo, Transaction
from support import exports
from support.exports import channel, comment, forum, group, member, message, post, user, vote

ANN, BOB, CAROL = (f"{name}{uuid4().hex[:10]}" for name in ("ann", "bob", "carol"))
PEOPLE = (exports.header(), user("a", ANN), user("b", BOB), user("c", CAROL))
RIGHT: Any = {}


async def take(db: Repo, path: Path, *lines: Any, options: Options | None = None) -> Report:
    """Import these lines, after a header and three people."""
    return await load(db, JsonLines(str(exports.write_lines(path, *PEOPLE, *lines))), options)


async def id_of(db: Repo, username: str) -> UUID:
    return (await accounts.get_people_by_usernames(db, [username]))[username].id


async def actor(db: Repo, username: str) -> Actor:
    """Somebody who came along, as if signed in."""
    found = (await accounts.get_people_by_usernames(db, [username]))[username]
    return Actor(found.id, uuid4(), username, found.display_name, found.avatar_url, found.user_id)


async def wrong(db: Repo) -> dict[str, int]:
    """What is counted wrong in the whole database."""
    found = [await context.recount(db) for context in (messaging, groups, forums)]
    return {what: n for each in found for what, n in each.items() if n}


GROUP = (
    group("tea", "a", roles=[{"id": "r", "name": "Brewers", "permissions": "8192"}]),
    member("tea", "b", roles=["r"], nickname="Bobby"),
    channel("main", "tea", type="category"),
    channel("general", "tea", category="main", topic="All of it"),
    channel("staff", "tea", members=["a"]),
    channel("old", "tea", archived_at="2021-01-01T00:00:00Z"),
    message("general", "1", "a", "hello Bob", mentions={"Bob": "b"}),
    message("general", "2", "b", "hi", reply_to="1"),
    message("staff", "1", "a", "secret"),
)
FORUM = (
    forum("Knitting", slug="knitting", creator="a", moderators=["b"]),
    forum("Socks", parent="Knitting"),
    {"kind": "subscription", "forum": "Knitting", "user": "c", "level": "watching"},
    post("Knitting", "p", "a", "Wool", content="Which?", votes=[{"user": "b", "value": 1}]),
    comment("p", "1", "b", "Merino"),
    comment("p", "2", "c", "No: cotton", reply_to="1", votes=[{"user": "b", "value": -1}]),
    comment("p", "3", "b", "", deleted_at="2020-03-02T00:00:00Z"),
    vote("c", post="p"),
    vote("a", comment="1"),
)


class TestGroups:
    async def test_come_with_channels_members_and_what_is_said(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        report = await take(db, tmp_path / "x", *GROUP)
        assert report.taken["groups"] == 1
        assert report.taken["channels"] == 3
        assert report.taken["members"] == 1
        assert report.taken["messages"] == 3
        assert report.problems == []
        said = "SELECT m.content FROM messages m JOIN group_channels c ON c.id = m.conversation_id"
        assert await db.values(f"{said} WHERE c.name = 'general' ORDER BY m.seq") == [
            f"hello @{BOB}",
            "hi",
        ]
        bob = await id_of(db, BOB)
        assert await db.value("SELECT count(*) FROM mentions WHERE user_id = $1", bob) == 1
        assert await wrong(db) == RIGHT

    async def test_private_channels_are_seen_by_their_people_only(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(db, tmp_path / "x", *GROUP)
        staff = await db.value("SELECT id FROM group_channels WHERE name = 'staff'")
        ann, bob = await actor(db, ANN), await actor(db, BOB)
        assert (await groups.get_channel(db, ann, staff)).name == "staff"
        with pytest.raises(groups.ChannelNotFound):
            await groups.get_channel(db, bob, staff)

    async def test_again_nothing_is_new(self, db: Transaction, tmp_path: Path) -> None:
        await take(db, tmp_path / "x", *GROUP)
        more = (*GROUP, message("general", "3", "a", "more"))
        report = await take(db, tmp_path / "x", *more)
        assert {kind: n for kind, n in report.taken.items() if n} == {"messages": 1}
        assert report.known["messages"] == 3
        assert await wrong(db) == RIGHT

    async def test_a_dry_run_tells_the_same_and_writes_nothing(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        planned = await take(db, tmp_path / "x", *GROUP, options=Options(dry_run=True))
        assert await db.value("SELECT count(*) FROM groups") == 0
        taken = await take(db, tmp_path / "x", *GROUP)
        assert {**planned.taken, "members": 1} == taken.taken

    async def test_what_names_no_group_is_lost(self, db: Transaction, tmp_path: Path) -> None:
        report = await take(db, tmp_path / "x", channel("c", "nowhere"), member("nowhere", "a"))
        assert report.count("lost") == 2


class TestForums:
    async def test_come_with_posts_trees_and_votes(self, db: Transaction, tmp_path: Path) -> None:
        report = await take(db, tmp_path / "x", *FORUM)
        assert report.problems == []
        assert report.taken["forums"] == 2
        assert report.taken["posts"] == 1
        assert report.taken["comments"] == 3
        assert report.taken["votes"] == 4
        assert report.taken["subscriptions"] == 1
        row = "SELECT upvotes::text || ' ' || comment_count FROM posts JOIN post_ranks USING (id)"
        assert await db.value(row) == "2 2"
        assert await db.values("SELECT depth FROM comments ORDER BY path, inserted_at") != []
        assert await wrong(db) == RIGHT

    async def test_again_nothing_is_new_but_what_has_grown(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(db, tmp_path / "x", *FORUM)
        grown = (*FORUM, comment("p", "4", "a", "Thanks", reply_to="2"))
        report = await take(db, tmp_path / "x", *grown)
        assert {kind: n for kind, n in report.taken.items() if n} == {"comments": 1}
        assert (report.known["posts"], report.known["votes"]) == (1, 2)
        assert await db.value("SELECT max(depth) FROM comments") == 3
        assert await wrong(db) == RIGHT

    async def test_in_small_batches_comes_the_same(self, db: Transaction, tmp_path: Path) -> None:
        report = await take(db, tmp_path / "x", *FORUM, options=Options(batch=1))
        assert report.taken["comments"] == 3
        assert report.taken["votes"] == 4
        assert await wrong(db) == RIGHT

    async def test_a_dry_run_tells_the_same_and_writes_nothing(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        planned = await take(db, tmp_path / "x", *FORUM, options=Options(dry_run=True, batch=2))
        assert await db.value("SELECT count(*) FROM forums") == 0
        assert planned.taken == (await take(db, tmp_path / "x", *FORUM)).taken

    async def test_what_cannot_be_taken_is_told(self, db: Transaction, tmp_path: Path) -> None:
        report = await take(
            db,
            tmp_path / "x",
            forum("Knitting", slug="Knitting & Wool!"),
            post("nowhere", "x", "a", "Lost"),
            post(
                "Knitting", "p", "zoe", "Wool", url="ftp://wool", votes=[{"user": "b", "value": 1}]
            ),
            comment("nowhere", "1", "a", "Lost"),
            comment("p", "2", "a", "Answer", reply_to="none", votes=[{"user": "a", "value": 1}]),
            vote("a", comment="none"),
        )
        assert report.count("lost") == 3
        assert {each.reason for each in report.problems if each.outcome == "changed"} == {
            "a forum's name had to change",
            "its author is not in the export",
            "an address that is none went to the text",
            "a reply to what is not there",
            "a vote for what one wrote oneself",
        }
        assert await db.value("SELECT slug FROM forums") == "knitting-wool"
        assert await wrong(db) == RIGHT

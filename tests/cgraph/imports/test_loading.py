"""Exports taken over: what comes of them, and that the second time nothing does."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import accounts, messaging
from cgraph.accounts import Actor
from cgraph.imports import ImportRunning, JsonLines, Options, Report, SlackExport, load
from cgraph.messaging import Message
from cgraph_kit.db import Database, Repo, Transaction
from support import exports
from support.exports import conversation, header, message, user
from support.talk import make_actor, say

ANN, BOB, CAROL = (f"{name}{uuid4().hex[:10]}" for name in ("ann", "bob", "carol"))
"""Names that nobody else has, whatever other tests have committed."""
DRY = Options(dry_run=True)
CONTENTS = "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {} t"
TABLES = ("users", "usernames", "conversations", "participants", "messages", "reactions", "streams")


async def take(db: Repo, path: Path, *lines: Any, options: Options | None = None) -> Report:
    """Import these lines, after a header and two people, ann and bob."""
    records = (header(), user("a", ANN.title()), user("b", BOB), *lines)
    return await load(db, JsonLines(str(exports.write_lines(path, *records))), options)


async def actor(db: Repo, username: str) -> Actor:
    """Somebody who came along, as if signed in."""
    found = (await accounts.get_people_by_usernames(db, [username]))[username]
    return Actor(found.id, uuid4(), username, found.display_name, found.avatar_url, found.user_id)


async def conversations(db: Repo, reader: Actor) -> Sequence[messaging.Conversation]:
    return (await messaging.list_conversations(db, reader)).items


async def messages(db: Repo, reader: Actor, conversation_id: UUID | None = None) -> list[Message]:
    """All of the reader's one conversation, or of this one."""
    if conversation_id is None:
        [only] = await conversations(db, reader)
        conversation_id = only.id
    return (await messaging.list_messages(db, reader, conversation_id, limit=100)).items


async def everything(db: Repo) -> list[str]:
    """A fingerprint of every table an import writes to."""
    return [await db.value(CONTENTS.format(table)) for table in TABLES]


TEA = conversation("tea", name="Tea", owner="a", participants=["a", "b"])


class TestPeople:
    async def test_become_accounts_with_names_that_fit(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        report = await take(db, tmp_path / "x", user("c", f"Ünï|{ANN}"))
        assert report.taken["users"] == 3
        fitted = f"uni_{ANN}"
        found = await accounts.get_people_by_usernames(db, [ANN, fitted])
        assert found[ANN].display_name == ANN.title()
        assert found[fitted].display_name == f"Ünï|{ANN}"
        assert [each.detail for each in report.problems] == [f"Ünï|{ANN} → {fitted}"]

    async def test_the_same_id_twice_is_one_person(self, db: Transaction, tmp_path: Path) -> None:
        report = await take(db, tmp_path / "x", user("a", "Anna"))
        assert report.taken["users"] == 2
        assert report.count("lost") == 1

    async def test_an_address_somebody_has_is_left_to_them(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(db, tmp_path / "x", user("c", CAROL, email="carol@import.example"))
        other = exports.write_lines(
            tmp_path / "y", header("other"), user("1", "c", email="Carol@import.example")
        )
        report = await load(db, JsonLines(str(other)))
        assert report.taken["users"] == 1
        assert "an e-mail address was not taken" in {each.reason for each in report.problems}

    async def test_or_makes_them_one_where_asked(self, db: Transaction, tmp_path: Path) -> None:
        await take(db, tmp_path / "x", user("c", CAROL, email="carol@import.example"))
        other = exports.write_lines(
            tmp_path / "y",
            header("other"),
            user("1", "c", email="Carol@import.example"),
            conversation("k"),
            message("k", "1", "1", "it is me"),
        )
        report = await load(db, JsonLines(str(other)), Options(match_emails=True))
        assert (report.taken["users"], report.known["users"]) == (0, 1)
        [said] = await messages(db, await actor(db, CAROL))
        assert said.content == "it is me"


class TestConversations:
    async def test_come_with_their_people_name_and_owner(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(db, tmp_path / "x", TEA)
        ann, bob = await actor(db, ANN), await actor(db, BOB)
        [tea] = await conversations(db, bob)
        assert (tea.kind, tea.name, tea.owner_id) == ("group", "Tea", ann.id)
        assert {each.id for each in tea.participants} == {ann.id, bob.id}

    async def test_without_a_list_everybody_who_wrote_is_in_it(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(
            db,
            tmp_path / "x",
            user("c", CAROL),
            conversation("k"),
            message("k", "1", "a", "hi"),
            message("k", "2", "c", "hello"),
        )
        [k] = await conversations(db, await actor(db, ANN))
        assert {each.username for each in k.participants} == {ANN, CAROL}
        assert await conversations(db, await actor(db, BOB)) == []

    async def test_those_of_two_and_of_one_are_direct_and_to_oneself(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(
            db,
            tmp_path / "x",
            conversation("d", type="direct", participants=["a", "b"]),
            conversation("s", type="self", participants=["a"]),
        )
        kinds = {each.kind for each in await conversations(db, await actor(db, ANN))}
        assert kinds == {"direct", "self"}

    async def test_a_pair_has_one_whatever_the_source(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        pair = conversation("d", type="direct", participants=["a", "b"])
        twin = conversation("d2", type="direct", participants=["b", "a"])
        await take(
            db,
            tmp_path / "x",
            pair,
            message("d", "1", "a", "one"),
            twin,
            message("d2", "1", "b", "two"),
        )
        said = await messages(db, await actor(db, BOB))
        assert [each.content for each in said] == ["one", "two"]

    async def test_direct_without_two_people_becomes_a_group(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        odd = conversation("d", type="direct", participants=["a", "nobody"])
        report = await take(db, tmp_path / "x", odd)
        [only] = await conversations(db, await actor(db, ANN))
        assert only.kind == "group"
        assert report.count("changed") == 2

    async def test_accounts_may_be_added_to_all_groups(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        eve = await make_actor(db, "eve")
        await take(
            db,
            tmp_path / "x",
            TEA,
            message("tea", "1", "a", "hi"),
            conversation("d", type="direct", participants=["a", "b"]),
            options=Options(add=(eve.id,)),
        )
        [tea] = await conversations(db, eve)
        assert tea.name == "Tea"
        assert [each.content for each in await messages(db, eve)] == ["hi"]
        assert tea.unread == 0


class TestMessages:
    async def test_keep_time_author_order_replies_reactions_pins_and_edits(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        report = await take(
            db,
            tmp_path / "x",
            TEA,
            message(
                "tea", "1", "a", "first", reactions=[{"emoji": "☕", "users": ["b", "a", "b"]}]
            ),
            message(
                "tea",
                "2",
                "b",
                "second",
                reply_to="1",
                inserted_at="2020-03-01T13:00:00+01:00",
                edited_at="2020-03-02T00:00:00Z",
                pinned={"user": "a"},
            ),
        )
        ann, bob = await actor(db, ANN), await actor(db, BOB)
        first, second = await messages(db, ann)
        noon = datetime(2020, 3, 1, 12, tzinfo=UTC)
        assert (first.content, first.sender_id, first.inserted_at) == ("first", ann.id, noon)
        assert [(each.emoji, each.count) for each in first.reactions] == [("☕", 2)]
        assert (second.sender_id, second.inserted_at) == (bob.id, noon)
        assert second.reply_to is not None
        assert second.reply_to.content == "first"
        assert second.edited_at == datetime(2020, 3, 2, tzinfo=UTC)
        assert second.pinned_by == ann.id
        assert [first.seq, second.seq] == [1, 2]
        taken = {kind: report.taken[kind] for kind in ("messages", "replies", "reactions", "pins")}
        assert taken == {"messages": 2, "replies": 1, "reactions": 2, "pins": 1}
        assert report.problems == []

    async def test_mentions_become_the_names_people_have_here(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await make_actor(db, ANN)
        await take(
            db,
            tmp_path / "x",
            TEA,
            message("tea", "1", "b", "hello Ann, and Annabel", mentions={"Ann": "a"}),
        )
        [said] = await messages(db, await actor(db, BOB))
        ann = await actor(db, ANN)
        assert said.content == f"hello @{ANN}, and Annabel"
        assert said.mentions == [ann.id]

    async def test_the_past_is_read_and_counts_from_there(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(db, tmp_path / "x", TEA, message("tea", "1", "a", "hi"))
        ann, bob = await actor(db, ANN), await actor(db, BOB)
        [tea] = await conversations(db, bob)
        assert (tea.unread, tea.seq) == (0, 1)
        await say(db, ann, tea.id, "live")
        [verified] = await messaging.verify_unread(db, bob)
        assert (verified.unread, verified.recounted_unread) == (1, 1)

    async def test_long_ones_are_split_and_nothing_of_them_is_lost(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        text = "word " * 2000
        report = await take(
            db,
            tmp_path / "x",
            TEA,
            message("tea", "1", "a", text),
            message("tea", "2", "b", "re", reply_to="1"),
        )
        *parts, reply = await messages(db, await actor(db, ANN))
        assert len(parts) == 3
        assert " ".join(each.content for each in parts).split() == text.split()
        assert reply.reply_to_id == parts[0].id
        assert report.count("changed") == 1

    @pytest.mark.parametrize(
        ("line", "outcome"),
        [
            (message("tea", "1", "a", " \t\u200b"), "lost"),
            (message("tea", "1", "nobody", "hi"), "lost"),
            (message("nowhere", "1", "a", "hi"), "lost"),
            ("{", "lost"),
            (message("tea", "1", "a", "nul \x00 inside"), "changed"),
            (message("tea", "1", "a", "hi", reply_to="9"), "changed"),
            (message("tea", "1", "a", "hi", reply_to="1"), "changed"),
            (message("tea", "1", "a", "hi", reply_to="2"), "changed"),
            (message("tea", "1", "a", "hi", inserted_at="2999-01-01T00:00:00Z"), "changed"),
            (
                message("tea", "1", "a", "hi", reactions=[{"emoji": "😀", "users": ["x"]}]),
                "changed",
            ),
            (message("tea", "1", "a", "hi", reactions=[{"emoji": "", "users": ["a"]}]), "changed"),
            (
                message("tea", "1", "a", "hi", reactions=[{"emoji": ":parrot:", "users": ["a"]}]),
                "changed",
            ),
        ],
    )
    async def test_what_cannot_be_taken_is_reported_and_the_rest_is_taken(
        self, db: Transaction, tmp_path: Path, line: Any, outcome: str
    ) -> None:
        report = await take(db, tmp_path / "x", TEA, line, message("tea", "2", "b", "fine"))
        assert [problem.outcome for problem in report.problems] == [outcome]
        assert report.problems[0].where == "line 5"
        said = await messages(db, await actor(db, ANN))
        assert len(said) == (2 if outcome == "changed" else 1)
        assert said[-1].content == "fine"

    async def test_an_id_that_came_before_is_lost(self, db: Transaction, tmp_path: Path) -> None:
        twice = (message("tea", "1", "a", "one"), message("tea", "1", "a", "other"))
        report = await take(db, tmp_path / "x", TEA, *twice)
        assert report.count("lost") == 1
        assert [each.content for each in await messages(db, await actor(db, ANN))] == ["one"]

    async def test_more_than_a_batch_keep_their_order(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        said = [
            message("tea", str(n), "ab"[n % 2], f"text {n}", reply_to=str(n - 4) if n > 4 else None)
            for n in range(20)
        ]
        report = await take(db, tmp_path / "x", TEA, *said, options=Options(batch=3))
        found = await messages(db, await actor(db, ANN))
        assert [each.content for each in found] == [f"text {n}" for n in range(20)]
        assert report.taken["replies"] == 15
        [tea] = await conversations(db, await actor(db, BOB))
        assert tea.unread == 0

    async def test_conversations_may_take_turns(self, db: Transaction, tmp_path: Path) -> None:
        await take(
            db,
            tmp_path / "x",
            TEA,
            message("tea", "1", "a", "one"),
            conversation("k", participants=["a"]),
            message("k", "1", "a", "elsewhere"),
            message("tea", "2", "b", "two", reply_to="1"),
        )
        said = await messages(db, await actor(db, BOB))
        assert [each.content for each in said] == ["one", "two"]
        assert said[1].reply_to_id == said[0].id


class TestAgain:
    SAID = (
        TEA,
        message("tea", "1", "a", "one", reactions=[{"emoji": "😀", "users": ["b"]}]),
        message("tea", "2", "b", "x " * 3000, reply_to="1"),
        conversation("d", type="direct", participants=["a", "b"]),
        message("d", "1", "b", "psst"),
    )

    async def test_changes_nothing(self, db: Transaction, tmp_path: Path) -> None:
        await take(db, tmp_path / "x", *self.SAID)
        before = await everything(db)
        report = await take(db, tmp_path / "x", *self.SAID)
        assert await everything(db) == before
        assert report.taken.total() == 0
        assert report.known["messages"] == 3
        assert report.known["users"] == report.known["conversations"] == 2

    async def test_a_grown_export_adds_what_is_new(self, db: Transaction, tmp_path: Path) -> None:
        await take(db, tmp_path / "x", *self.SAID)
        report = await take(
            db,
            tmp_path / "y",
            user("c", CAROL),
            conversation("tea", name="Other", participants=["a", "b", "c"]),
            *self.SAID[1:3],
            message("tea", "3", "c", "three", reply_to="2"),
        )
        assert dict(report.taken) | {"users": 1, "messages": 1, "replies": 1} == dict(report.taken)
        carol = await actor(db, CAROL)
        [tea] = await conversations(db, carol)
        assert tea.name == "Tea"
        assert tea.unread == 0
        said = await messages(db, carol)
        assert said[-1].content == "three"
        assert said[-1].reply_to_id == said[1].id

    async def test_who_has_left_stays_away(self, db: Transaction, tmp_path: Path) -> None:
        await take(db, tmp_path / "x", TEA, message("tea", "1", "a", "one"))
        bob = await actor(db, BOB)
        [tea] = await conversations(db, bob)
        await messaging.leave_conversation(db, bob, tea.id)
        await take(db, tmp_path / "x", TEA, message("tea", "1", "a", "one"))
        assert await conversations(db, bob) == []

    async def test_another_source_with_the_same_ids_is_another_world(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        await take(db, tmp_path / "x", *self.SAID)
        path = exports.write_lines(
            tmp_path / "y", header("b"), user("a", "x"), TEA, message("tea", "1", "a", "z")
        )
        report = await load(db, JsonLines(str(path)))
        assert report.taken["messages"] == report.taken["users"] == 1

    async def test_an_import_that_was_killed_is_finished(
        self, database: Database, tmp_path: Path
    ) -> None:
        source = f"killed-{uuid4()}"
        said = [message("tea", str(n), "a", f"text {n}") for n in range(10)]
        name = f"a{uuid4().hex[:12]}"
        path = exports.write_lines(tmp_path / "x", header(source), user("a", name), TEA, *said)

        class Killed(Exception):
            pass

        def kill(report: Report) -> None:
            if report.taken["messages"] == 6:
                raise Killed

        with pytest.raises(Killed):
            await load(database, JsonLines(str(path)), Options(batch=3), progress=kill)
        report = await load(database, JsonLines(str(path)))
        assert (report.known["messages"], report.taken["messages"]) == (6, 4)
        found = await messages(database, await actor(database, name))
        assert [each.content for each in found] == [f"text {n}" for n in range(10)]

    async def test_two_at_once_bring_everything_once(
        self, database: Database, tmp_path: Path
    ) -> None:
        source = f"twice-{uuid4()}"
        name = f"a{uuid4().hex[:12]}"
        said = [message("tea", str(n), "a", f"text {n}") for n in range(30)]
        path = exports.write_lines(tmp_path / "x", header(source), user("a", name), TEA, *said)
        options = Options(batch=5)
        outcomes = await asyncio.gather(
            *(load(database, JsonLines(str(path)), options) for _ in range(3)),
            return_exceptions=True,
        )
        assert all(isinstance(outcome, Report | ImportRunning) for outcome in outcomes)
        assert any(isinstance(outcome, Report) for outcome in outcomes)
        found = await messages(database, await actor(database, name))
        assert [each.content for each in found] == [f"text {n}" for n in range(30)]
        assert await database.value("SELECT count(*) FROM imports WHERE source = $1", source) == 2


class TestDryRun:
    async def test_tells_the_same_and_writes_nothing(self, db: Transaction, tmp_path: Path) -> None:
        before = await everything(db)
        lines = (*TestAgain.SAID, user("c", f"Ä{ANN}"), "garbage", message("tea", "3", "z", "?"))
        planned = await take(db, tmp_path / "x", *lines, options=DRY)
        assert await everything(db) == before
        done = await take(db, tmp_path / "x", *lines)
        assert planned.taken == done.taken
        assert planned.summary() == done.summary()

    async def test_knows_what_is_there(self, db: Transaction, tmp_path: Path) -> None:
        await take(db, tmp_path / "x", *TestAgain.SAID)
        report = await take(db, tmp_path / "x", *TestAgain.SAID, options=DRY)
        assert report.taken.total() == 0
        assert report.known["messages"] == 3


class TestSlack:
    async def test_a_workspace_comes_over_and_a_second_time_nothing_does(
        self, db: Transaction, tmp_path: Path
    ) -> None:
        slack = exports.Slack()
        slack.user("U1", ANN, profile={"email": f"{ANN}@example.org"})
        slack.user("U2", BOB)
        slack.channel("C1", "general", ["U1", "U2"])
        slack.dm("D1", ["U1", "U2"])
        first = slack.say("general", "2020-01-01", "U1", "hi <@U2> :wave:", "1577836801.000100")
        slack.say("general", "2020-01-02", "U2", "yes?", "1577923201.000100", thread_ts=first)
        slack.say("D1", "2020-01-02", "U1", "psst", "1577923202.000100")
        path = str(slack.zip(tmp_path / "export.zip"))
        report = await load(db, SlackExport(path))
        assert report.problems == []
        bob = await actor(db, BOB)
        by_kind = {each.kind: each for each in await conversations(db, bob)}
        general = await messages(db, bob, by_kind["group"].id)
        assert [each.content for each in general] == [f"hi @{BOB} 👋", "yes?"]
        assert general[0].mentions == [bob.id]
        assert general[1].reply_to_id == general[0].id
        assert [each.content for each in await messages(db, bob, by_kind["direct"].id)] == ["psst"]
        before = await everything(db)
        again = await load(db, SlackExport(path))
        assert again.taken.total() == 0
        assert await everything(db) == before

"""`cgraph import`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from cgraph import messaging
from cgraph_kit.db import Database
from support import dumps, exports
from support.talk import make_actor

Run = Callable[..., Awaitable[Any]]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """One person, one conversation, one good message and one blank one."""
    return exports.write_lines(
        tmp_path / "archive.jsonl.gz",
        exports.header(f"test-{uuid4()}"),
        exports.user("a", f"a{uuid4().hex[:12]}"),
        exports.conversation("tea", name="Tea"),
        exports.message("tea", "1", "a", "hello"),
        exports.message("tea", "2", "a", " "),
    )


def counted(ran: Any) -> dict[str, list[str]]:
    """The table of counts."""
    rows = [line.split() for line in ran.out.splitlines()]
    return {row[0]: row[1:] for row in rows if row and row[0] in {"users", "messages"}}


def everything(ran: Any) -> dict[str, list[str]]:
    """Every line by its first word."""
    return {line.split()[0]: line.split()[1:] for line in ran.out.splitlines() if line.strip()}


class TestImport:
    async def test_takes_over_and_tells(
        self, cgraph: Run, archive: Path, database: Database, tmp_path: Path
    ) -> None:
        eve = await make_actor(database, "eve")
        options = ("--add", eve.username, "--report", tmp_path / "report.json")
        planned = await cgraph("import", "jsonl", archive, "--dry-run", *options)
        assert "Nothing was written" in planned.out
        assert (await messaging.list_conversations(database, eve)).items == []
        ran = await cgraph("import", "jsonl", archive, *options)
        assert ran.code == 0
        assert counted(ran) == counted(planned) == {"users": ["1", "0"], "messages": ["1", "0"]}
        assert "a blank message" in ran.out
        report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
        assert report["taken"]["messages"] == 1
        assert report["problems"][0]["where"] == "line 5"
        [tea] = (await messaging.list_conversations(database, eve)).items
        assert tea.name == "Tea"

    async def test_again_adds_nothing(self, cgraph: Run, archive: Path) -> None:
        await cgraph("import", "jsonl", archive)
        again = await cgraph("import", "jsonl", archive)
        assert counted(again) == {"users": ["0", "1"], "messages": ["0", "1"]}

    async def test_slack_and_chat_logs(self, cgraph: Run, tmp_path: Path) -> None:
        slack = exports.Slack()
        slack.user("U1", f"a{uuid4().hex[:12]}")
        slack.channel("C1", "general", ["U1"])
        slack.say("general", "2020-01-01", "U1", "hi", "1577836801.000100")
        source = ("--source", str(uuid4()))
        ran = await cgraph("import", "slack", slack.zip(tmp_path / "s.zip"), *source)
        assert counted(ran)["messages"] == ["1", "0"]
        log = exports.write_lines(
            tmp_path / "log", exports.logged("2020-01-01", 0, "10:00", uuid4().hex[:12], "hi")
        )
        assert counted(await cgraph("import", "irc", log, *source))["messages"] == ["1", "0"]

    async def test_slack_as_a_group(self, cgraph: Run, tmp_path: Path) -> None:
        slack = exports.Slack()
        for n in (1, 2):
            slack.user(f"U{n}", f"a{uuid4().hex[:12]}")
        slack.channel("C1", "general", ["U1", "U2"])
        slack.groups.append({"id": "G1", "name": "secret", "creator": "U1", "members": ["U1"]})
        slack.say("general", "2020-01-01", "U1", "hi", "1577836801.000100")
        slack.say("secret", "2020-01-01", "U1", "psst", "1577836801.000100")
        options = ("--source", str(uuid4()), "--as-group", "Our workspace")
        export = slack.zip(tmp_path / "s.zip")
        ran = await cgraph("import", "slack", export, *options)
        table = everything(ran)
        assert (table["groups"], table["channels"]) == (["1", "0"], ["2", "0"])
        assert (table["messages"], table["conversations"]) == (["2", "0"], ["0", "0"])
        assert counted(await cgraph("import", "slack", export, *options))["messages"] == ["0", "2"]

    @pytest.mark.parametrize(("kind", "posts", "comments"), [("discourse", 1, 2), ("lemmy", 2, 4)])
    async def test_forums(
        self, cgraph: Run, tmp_path: Path, kind: str, posts: int, comments: int
    ) -> None:
        path = getattr(dumps, kind)(tmp_path / f"{kind}.gz", uuid4().hex[:8])
        arguments = ("import", kind, path, "--source", str(uuid4()))
        planned = await cgraph(*arguments, "--dry-run")
        assert "Nothing was written" in planned.out
        ran = await cgraph(*arguments)
        assert ran.code == 0
        table = everything(ran)
        assert (table["posts"], table["comments"]) == ([str(posts), "0"], [str(comments), "0"])
        again = await cgraph(*arguments)
        assert everything(again)["comments"] == ["0", str(comments)]

    @pytest.mark.parametrize("kind", ["jsonl", "slack", "irc", "discourse", "lemmy"])
    async def test_a_file_that_is_not_there_is_one_message(
        self, cgraph: Run, tmp_path: Path, kind: str
    ) -> None:
        ran = await cgraph("import", kind, tmp_path / "nowhere")
        assert ran.code == 1
        assert "nowhere" in ran.err
        assert "Traceback" not in ran.err

    async def test_an_account_that_is_not_there_is_refused(
        self, cgraph: Run, archive: Path
    ) -> None:
        ran = await cgraph("import", "jsonl", archive, "--add", "nobody.at.all")
        assert ran.code == 1
        assert "nobody.at.all" in ran.err

    async def test_what_could_steer_a_terminal_is_not_printed(
        self, cgraph: Run, tmp_path: Path
    ) -> None:
        name = f"\x1b[2J{uuid4().hex[:12]}"
        path = exports.write_lines(
            tmp_path / "a", exports.header(str(uuid4())), exports.user("1", name)
        )
        ran = await cgraph("import", "jsonl", path)
        assert "\x1b" not in ran.out
        assert "a username had to change" in ran.out

"""What other systems kept, imported beside a running server and read back over HTTP."""

import asyncio
import gzip
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from support import exports
from support.served import Person, calling, serving

DATA = Path(__file__).parents[3] / "shared" / "data" / "ubuntu-irc.jsonl.gz"
"""110,872 lines of #ubuntu, kept beside the repository."""
Env = dict[str, str]
BLANK = 2
"""Lines of control characters only: nothing to see, so nothing to take."""
READ = 5
"""Conversations that are read to their first message."""


def logged() -> list[Any]:
    with gzip.open(DATA) as file:
        return [msgspec.json.decode(line) for line in file]


async def cgraph(env: Env, *arguments: str) -> str:
    """What the command printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cgraph_cli.main", *arguments),
        env=os.environ | env,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


def row(table: str, kind: str) -> list[str]:
    [found] = [line.split()[1:] for line in table.splitlines() if line.startswith(kind)]
    return [cell.replace(",", "") for cell in found]


async def conversations(person: Person) -> list[Any]:
    found: list[Any] = []
    after: dict[str, str] = {}
    while True:
        answer = await person._answer("GET", "/conversations", params={"limit": "100"} | after)
        found += answer["data"]
        if answer["page"]["after"] is None:
            return found
        after = {"after": answer["page"]["after"]}


@asynccontextmanager
async def importing(workspace: Path, clones: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Env]]:
    """A server on a database of its own, and the environment in which the command works on it."""
    env = {"DATABASE_URL": await clones.make(), "CGRAPH_DATA_DIR": str(workspace / "import")}
    async with serving(workspace / "import", env=env) as served, calling(served.address) as http:
        yield http, env


@pytest.mark.skipif(not DATA.exists(), reason=f"the data set is not at {DATA}")
class TestIrc:
    async def test_chat_logs_read_page_and_count_as_they_were(
        self, workspace: Path, clones: Any
    ) -> None:
        lines = logged()
        async with importing(workspace, clones) as (http, env):
            reader = await Person.register(http, "reader")
            arguments = ("import", "irc", str(DATA), "--add", reader.username)
            first = await cgraph(env, *arguments)
            again = await cgraph(env, *arguments)
            places = await conversations(reader)
            unread = await reader.get("/me/unread", params={"verify": "1"})
            read = {
                place["name"]: await reader.pages(f"/conversations/{place['id']}/messages")
                for place in places[:: len(places) // READ]
            }
        said = [line for line in lines if any(char.isprintable() for char in line["text"].strip())]
        assert len(said) == len(lines) - BLANK
        assert row(first, "messages") == [str(len(said)), "0"]
        assert row(first, "users") == [str(len({line["user"] for line in lines})), "0"]
        assert row(again, "messages") == ["0", str(len(said))]
        self.check_counts(places, said)
        assert (unread["unread"], unread["mentions"], len(unread["verified"])) == (
            0,
            0,
            len(places),
        )
        assert all(each["unread"] == each["recounted_unread"] == 0 for each in unread["verified"])
        for name, messages in read.items():
            self.check_log(messages, [line for line in said if line["channel"] == name])

    def check_counts(self, places: list[Any], said: list[Any]) -> None:
        talked = Counter(line["channel"] for line in said)
        assert {place["name"]: place["seq"] for place in places} == talked
        people = Counter(channel for channel, _ in {(x["channel"], x["user"]) for x in said})
        assert {place["name"]: place["participant_count"] - 1 for place in places} == people
        assert all(place["unread"] == 0 for place in places)

    def check_log(self, messages: list[Any], lines: list[Any]) -> None:
        assert [message["content"] for message in messages] == [line["text"] for line in lines]
        assert [message["seq"] for message in messages] == list(range(1, len(lines) + 1))
        ids = {line["i"]: message["id"] for line, message in zip(lines, messages, strict=True)}
        answered = [ids.get(line["reply_to"]) for line in lines]
        assert [message["reply_to_id"] for message in messages] == answered
        names = [message["sender"]["display_name"] for message in messages]
        assert names == [line["user"].strip() for line in lines]
        times = [message["inserted_at"] for message in messages]
        assert times == sorted(times)
        assert times[0].startswith(lines[0]["channel"][:10])


SAID = 250
"""Messages in the Slack channel: more than two pages."""
DAY = 1577836800
"""2020-01-01, where it begins; a message every ten minutes."""


def workspace_of(ann: str) -> exports.Slack:
    """A channel in which three people talk and answer each other, and a conversation of two of them."""
    slack = exports.Slack()
    slack.user("U1", "ann", profile={"email": ann})
    slack.user("U2", "bob", profile={"display_name": "Bob B"})
    slack.user("U3", "cora", deleted=True)
    slack.channel("C1", "general", ["U1", "U2", "U3"])
    for n in range(SAID):
        more: dict[str, Any] = {"thread_ts": stamp(n - n % 10)}
        if n == 1:
            more["reactions"] = [{"name": "tada", "users": ["U1", "U2"], "count": 2}]
        folder = f"2020-01-0{1 + n // 144}"
        slack.say("general", folder, f"U{1 + n % 3}", f"line {n} :wave:", stamp(n), **more)
    slack.channels[0]["pins"] = [{"id": stamp(7), "type": "C", "user": "U2", "owner": "U2"}]
    slack.dm("D1", ["U1", "U2"])
    slack.say("D1", "2020-01-01", "U2", "psst", stamp(0))
    return slack


def stamp(n: int) -> str:
    return f"{DAY + 600 * n}.000100"


class TestSlack:
    async def test_an_export_reads_pages_and_counts_as_it_was_and_again_changes_nothing(
        self, workspace: Path, clones: Any, tmp_path: Path
    ) -> None:
        async with importing(workspace, clones) as (http, env):
            ann = await Person.register(http, "ann")
            export = workspace_of(f"{ann.username}@example.com").zip(tmp_path / "export.zip")
            arguments = ("import", "slack", str(export), "--match-emails")
            first = await cgraph(env, *arguments)
            read = await self.read(ann)
            again = await cgraph(env, *arguments)
            assert await self.read(ann) == read
        assert row(first, "users") == ["2", "1"]
        assert row(first, "messages") == [str(SAID + 1), "0"]
        assert row(again, "users") == ["0", "3"]
        assert row(again, "messages") == ["0", str(SAID + 1)]
        self.check_places(read)
        self.check_channel(read["general"], ann)
        assert [message["content"] for message in read["pins"]] == ["line 7 👋"]

    async def read(self, ann: Person) -> dict[str, Any]:
        """All she can see."""
        places = await conversations(ann)
        [general] = [place["id"] for place in places if place["kind"] == "group"]
        return {
            "places": places,
            "general": await ann.pages(f"/conversations/{general}/messages"),
            "pins": await ann.get(f"/conversations/{general}/pins"),
            "unread": await ann.get("/me/unread", params={"verify": "1"}),
        }

    def check_places(self, read: dict[str, Any]) -> None:
        general, direct = read["places"]
        assert (general["name"], general["participant_count"], general["seq"]) == (
            "general",
            3,
            SAID,
        )
        assert (direct["kind"], direct["last_message"]["content"]) == ("direct", "psst")
        assert general["active_at"].startswith("2020-01-02T17:30:00")
        assert (read["unread"]["unread"], len(read["unread"]["verified"])) == (0, 2)
        assert all(each["recounted_unread"] == 0 for each in read["unread"]["verified"])

    def check_channel(self, messages: list[Any], ann: Person) -> None:
        assert [message["content"] for message in messages] == [f"line {n} 👋" for n in range(SAID)]
        assert [message["seq"] for message in messages] == list(range(1, SAID + 1))
        ids = [message["id"] for message in messages]
        roots = [None if n % 10 == 0 else ids[n - n % 10] for n in range(SAID)]
        assert [message["reply_to_id"] for message in messages] == roots
        names = [message["sender"]["display_name"] for message in messages]
        assert set(names[1::3]) == {"Bob B"}
        assert set(names[2::3]) == {"Cora"}
        assert {message["sender_id"] for message in messages[::3]} == {ann.id}
        assert messages[1]["reactions"] == [{"emoji": "🎉", "count": 2, "me": True}]
        assert messages[0]["inserted_at"] == "2020-01-01T00:00:00.000100Z"

"""Real talk, imported beside a running server and read back over HTTP."""

import asyncio
import gzip
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.served import Person, calling, serving

DATA = Path(__file__).parents[3] / "shared" / "data" / "ubuntu-irc.jsonl.gz"
"""110,872 lines of #ubuntu, kept beside the repository."""
BLANK = 2
"""Lines of control characters only: nothing to see, so nothing to take."""
READ = 5
"""Conversations that are read to their first message."""

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the data set is not at {DATA}")


def logged() -> list[Any]:
    with gzip.open(DATA) as file:
        return [msgspec.json.decode(line) for line in file]


async def cgraph(env: dict[str, str], *arguments: str) -> str:
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


class TestImport:
    async def test_chat_logs_read_page_and_count_as_they_were(
        self, workspace: Path, clones: Any
    ) -> None:
        lines = logged()
        env = {"DATABASE_URL": await clones.make(), "CGRAPH_DATA_DIR": str(workspace / "import")}
        async with (
            serving(workspace / "import", env=env) as served,
            calling(served.address) as http,
        ):
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

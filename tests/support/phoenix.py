"""The official Phoenix client in a Node process: told what to do, and asked what it has seen."""

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

E2E = Path(__file__).parents[2] / "e2e"
PATIENCE = 15.0
"""Seconds anything may take before a test fails; nothing waits that long unless something is broken."""

Line = dict[str, Any]
T = TypeVar("T")


def node() -> str:
    """The Node to run: the system's, or the one a wheel has put beside Python."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("node", path=os.pathsep.join([os.environ.get("PATH", ""), beside]))
    if found is None or not (E2E / "node_modules" / "phoenix").is_dir():
        pytest.fail("Node and e2e/node_modules are needed: `make test` installs them")
    return found


class Phoenix:
    """One Node process; it holds any number of sockets."""

    def __init__(self, process: Process, release: str) -> None:
        self._process = process
        self.release = release
        self._ids = count(1)
        self._grown = asyncio.Condition()
        self.lines: list[Line] = []
        """Everything that has happened on any socket, in order."""
        self.replies: dict[int, Line] = {}
        """The replies to pushes, by the push's id."""

    def tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def open(self, name: str, url: str, **options: Any) -> "Client":
        """Connect, and wait until that has worked."""
        client = self.start(name, url, **options)
        await client.seen("open")
        return client

    def start(self, name: str, url: str, **options: Any) -> "Client":
        """Begin to connect."""
        self.tell(do="open", on=name, url=url, **options)
        return Client(self, name)

    async def until(self, look: Callable[[list[Line]], T], within: float = PATIENCE) -> T:
        """What `look` finds once it finds something in the lines."""
        try:
            async with asyncio.timeout(within), self._grown:
                while not (found := look(self.lines)):
                    await self._grown.wait()
                return found
        except TimeoutError:
            seen = "\n".join(json.dumps(line)[:300] for line in self.lines[-30:])
            raise AssertionError(
                f"this did not come within {within} s; last seen:\n{seen}"
            ) from None

    def tunnel(self, inside: bool) -> None:
        """While inside, no socket of this process can connect."""
        self.tell(do="tunnel", inside=inside)

    def next_id(self) -> int:
        return next(self._ids)

    async def read(self) -> None:
        """Take in what the process says until it ends."""
        assert self._process.stdout is not None
        async for text in self._process.stdout:
            async with self._grown:
                self.lines.append(line := _line(text))
                if line["is"] == "reply":
                    self.replies[line["id"]] = line
                self._grown.notify_all()


@asynccontextmanager
async def phoenix(release: str = "phoenix") -> AsyncIterator[Phoenix]:
    """A process with that release of phoenix.js; leaving ends it. What it writes to stderr is the test's."""
    process = await asyncio.create_subprocess_exec(
        node(), "client.mjs", release, cwd=E2E, stdin=PIPE, stdout=PIPE, limit=1 << 24
    )
    one = Phoenix(process, release)
    reader = asyncio.create_task(one.read())
    try:
        await one.until(lambda lines: lines)
        yield one
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reader
        process._transport.close()  # type: ignore[attr-defined]  # else it is closed by the collector, with a warning


class Client:
    """One socket of the process, by its name."""

    def __init__(self, owner: Phoenix, name: str) -> None:
        self._owner = owner
        self.name = name

    def lines(self, kind: str) -> list[Line]:
        return [line for line in self._owner.lines if _is(line, self.name, kind)]

    async def seen(self, kind: str, times: int = 1) -> Line:
        """The so-manieth thing of that kind, e.g. the second "open"."""
        return await self._owner.until(
            lambda _lines: (found := self.lines(kind))[times - 1 : times] and found[times - 1]
        )

    async def join(self, topic: str, params: Any = None) -> "Joined":
        """Join, and wait for what the server says to it."""
        self._owner.tell(do="join", on=self.name, topic=topic, params=params)
        joined = Joined(self._owner, self.name, topic)
        joined.answer = await self._owner.until(lambda _lines: joined.first("joined", "refused"))
        return joined

    async def follow(self, topic: str, state: str, token: str) -> "Joined":
        """Join through follow.mjs, and wait for the state it loads from that address."""
        joined = self.begin_to_follow(topic, state, token)
        joined.answer = await joined.seen("loaded")
        return joined

    def begin_to_follow(self, topic: str, state: str, token: str) -> "Joined":
        self._owner.tell(do="follow", on=self.name, topic=topic, state=state, token=token)
        return Joined(self._owner, self.name, topic)

    def close(self) -> None:
        """As the application's own disconnect."""
        self._owner.tell(do="close", on=self.name)

    def drop(self) -> None:
        """As a line that is cut."""
        self._owner.tell(do="drop", on=self.name)


class Joined:
    """One topic of one socket."""

    def __init__(self, owner: Phoenix, name: str, topic: str) -> None:
        self._owner = owner
        self._name = name
        self.topic = topic
        self.answer: Line = {}
        """What came of the first join."""

    def lines(self, *kinds: str) -> list[Line]:
        mine = (line for line in self._owner.lines if line.get("topic") == self.topic)
        return [line for line in mine if any(_is(line, self._name, kind) for kind in kinds)]

    def first(self, *kinds: str) -> Line | None:
        return next(iter(self.lines(*kinds)), None)

    def events(self, event: str) -> list[Any]:
        """The payloads of that event so far."""
        return [line["payload"] for line in self.lines("event") if line["event"] == event]

    async def heard(self, event: str, times: int = 1) -> Any:
        """The payload of the so-manieth event of that name."""
        found = await self._owner.until(lambda _lines: self.events(event)[times - 1 : times])
        return found[0]

    async def seen(self, kind: str, times: int = 1) -> Line:
        """The so-manieth thing of that kind: joined, refused, failed, left …"""
        found = await self._owner.until(lambda _lines: self.lines(kind)[times - 1 : times])
        return found[0]

    def send(self, event: str, payload: Any = None, **options: Any) -> int:
        """Push without waiting; `answer_to` has the reply."""
        id = self._owner.next_id()
        self._owner.tell(
            do="push",
            on=self._name,
            topic=self.topic,
            event=event,
            payload=payload,
            id=id,
            **options,
        )
        return id

    async def answer_to(self, id: int) -> Line:
        return await self._owner.until(lambda _lines: self._owner.replies.get(id)) or {}

    async def push(self, event: str, payload: Any = None, **options: Any) -> Line:
        """Push, and wait for the reply: its `status` and `response`."""
        return await self.answer_to(self.send(event, payload, **options))

    async def present(self, *people: str, within: float = PATIENCE) -> dict[str, Any]:
        """Who this client's Presence lists, once it is exactly these people: their metas."""

        def look(_lines: list[Line]) -> list[dict[str, Any]]:
            last = self.lines("present")[-1:]
            return [line["people"] for line in last if sorted(line["people"]) == sorted(people)]

        return (await self._owner.until(look, within))[0]

    def leave(self) -> None:
        self._owner.tell(do="leave", on=self._name, topic=self.topic)


def _line(text: bytes) -> Line:
    """phoenix.js may write to the console, too."""
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except ValueError:
        return {"is": "noise", "text": text.decode(errors="replace")}


def _is(line: Line, name: str, kind: str) -> bool:
    return line.get("on") == name and line["is"] == kind

"""The programs in our documents, run as a reader would: the shell's blocks one by one, in one shell."""

import asyncio
import os
import re
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from .phoenix import E2E, node

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"// (\S+\.mjs)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block. `name`: the file it is, by the comment in its first line."""

    language: str
    text: str

    @property
    def name(self) -> str | None:
        found = _NAME.match(self.text)
        return found[1] if found else None


def blocks(path: str, section: str = "") -> list[Block]:
    """The blocks of a document, or of one of its sections, in order."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if section:
        text = re.split(
            r"^## ", text.partition(f"\n## {section}\n")[2], maxsplit=1, flags=re.MULTILINE
        )[0]
        assert text, f"{path} has no section {section!r}"
    return [Block(language, body) for language, body in _BLOCK.findall(text)]


class Shell:
    """A shell that is given one block after the other."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._grown = asyncio.Condition()
        self.output = ""

    def run(self, block: str) -> None:
        """Does not wait for it to end."""
        assert self._process.stdin is not None
        self._process.stdin.write(block.encode() + b"\n")

    async def says(self, pattern: str, within: float = 15.0) -> "re.Match[str]":
        """Wait until its output, or that of what it runs, matches."""
        try:
            async with asyncio.timeout(within), self._grown:
                while not (found := re.search(pattern, self.output, re.DOTALL)):
                    await self._grown.wait()
                return found
        except TimeoutError:
            raise AssertionError(
                f"{pattern!r} did not come; the output was:\n{self.output}"
            ) from None

    async def read(self) -> None:
        assert self._process.stdout is not None
        while data := await self._process.stdout.read(65_536):
            async with self._grown:
                self.output += data.decode(errors="replace")
                self._grown.notify_all()


@asynccontextmanager
async def shell(directory: Path, files: list[Block], address: str) -> AsyncIterator[Shell]:
    """A shell where the named blocks are files and the official client is installed.

    The documents' server is on port 4000; here it is at `address`.
    """
    _write(directory, files, address)
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(node()).parent)])
    process = await asyncio.create_subprocess_exec(
        *("bash", "-eu"),
        cwd=directory,
        env={**os.environ, "PATH": path},
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
        start_new_session=True,
    )
    one = Shell(process)
    reader = asyncio.create_task(one.read())
    one.run(
        "trap 'kill 0' EXIT"
    )  # should this process be killed: what the shell has started ends with it
    try:
        yield one
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await reader
        process._transport.close()  # type: ignore[attr-defined]  # else the collector closes it, with a warning


def _write(directory: Path, files: list[Block], address: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "node_modules").symlink_to(E2E / "node_modules")
    for block in files:
        if block.name:
            (directory / block.name).write_text(at(block.text, address), encoding="utf-8")


def at(text: str, address: str) -> str:
    """The text, with the server where it is."""
    return text.replace("127.0.0.1:4000", address.removeprefix("http://"))

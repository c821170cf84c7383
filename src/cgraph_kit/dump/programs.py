"""pg_dump and pg_restore at work: bytes out of the one, bytes into the other, and nothing left when it fails."""

import asyncio
import hashlib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

from .address import for_clients
from .errors import Damaged, DumpError
from .tools import Tools

CHUNK = 1024 * 1024
LOCK_WAIT = "60s"
"""How long pg_dump waits for a table that a migration is changing."""
COMPLAINTS = 2000
"""Characters kept of what a program complains about."""
_QUOTING = ("DETAIL:", "CONTEXT:", "Command was:", "HINT:")
"""Lines of complaints in which the server may quote what people wrote."""


@asynccontextmanager
async def dumping(tools: Tools, dsn: str, snapshot: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """The database as of an exported snapshot, in pg_dump's custom format; leaving ends the program.

    The bytes end with `DumpError` unless the program ended well, so whoever stores them stores no part.
    """
    command = [
        "--format=custom",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={LOCK_WAIT}",
        "--no-password",
    ]
    async with _running(tools.pg_dump, command, dsn, stdin=DEVNULL, stdout=PIPE) as running:
        yield _output(running)


async def restore(
    tools: Tools, dsn: str, content: AsyncIterator[bytes], *, sha256: str | None = None
) -> None:
    """Write a dump into a database: all of it or, in one transaction, nothing.

    With `sha256` (hexadecimal) the last bytes are handed on only when all are what they should be. Raises `Damaged`,
    `DumpError`, and what `content` raises.
    """
    command = [
        "--format=custom",
        "--single-transaction",
        "--no-owner",
        "--no-privileges",
        "--no-publications",
        "--no-subscriptions",
        "--no-password",
    ]
    async with _running(tools.pg_restore, command, dsn, stdin=PIPE, stdout=DEVNULL) as running:
        stdin = cast("asyncio.StreamWriter", running.process.stdin)
        with suppress(BrokenPipeError, ConnectionResetError):
            async for piece in _intact(content, sha256):
                if stdin.is_closing():  # it has ended; its status says why
                    break
                stdin.write(piece)
                await stdin.drain()
            stdin.close()
        await running.end()


async def _intact(content: AsyncIterator[bytes], sha256: str | None) -> AsyncIterator[bytes]:
    """The same bytes, the last piece only if the digest of all is right."""
    digest, held = hashlib.sha256(), b""
    async for piece in content:
        if held:
            yield held
        # Pieces come from the store by many megabytes, which is too much at once for the event loop.
        await asyncio.to_thread(digest.update, piece)
        held = piece
    if sha256 is not None and digest.hexdigest() != sha256:
        raise Damaged(f"the dump's SHA-256 is {digest.hexdigest()}, not {sha256}: it was changed")
    yield held


async def _output(running: "_Running") -> AsyncIterator[bytes]:
    stdout = cast("asyncio.StreamReader", running.process.stdout)
    while piece := await stdout.read(CHUNK):
        yield piece
    await running.end()


class _Running:
    """A program, and a task that reads what it complains about, so that it never waits for us."""

    def __init__(self, process: Process, name: str) -> None:
        self.process = process
        self.name = name
        self.complaints = asyncio.create_task(_complaints(process))

    async def end(self) -> None:
        """Wait for it. Raises `DumpError` unless it ended well."""
        if (status := await self.process.wait()) != 0:
            raise DumpError(f"{self.name} ended with status {status}: {await self.complaints}")


@asynccontextmanager
async def _running(
    program: Path, options: Sequence[str], dsn: str, *, stdin: int, stdout: int
) -> AsyncIterator[_Running]:
    """The program; whatever happens inside, it has ended afterwards."""
    address = for_clients(dsn)
    with address.at_hand() as environment:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--dbname={address.url}",
            *options,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=PIPE,
            limit=2 * CHUNK,
        )
        running = _Running(process, program.name)
        try:
            yield running
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await running.complaints
            process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001  # else only the collector does


async def _complaints(process: Process) -> str:
    """The last of its standard error, read to the end."""
    stderr = cast("asyncio.StreamReader", process.stderr)
    text = ""
    while piece := await stderr.read(4096):
        text = (text + piece.decode(errors="replace"))[-4 * COMPLAINTS :]
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(_QUOTING)]
    return "\n".join(lines)[-COMPLAINTS:].strip()

"""A server of its own for the measurement: a child process on an empty directory, gone afterwards."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from cgraph_cli.output import Failure

PATIENCE = 60.0
"""Seconds it gets to start."""
_ADDRESS = re.compile(r"listening on http://(?P<host>[^:\s]+):(?P<port>\d+)")
_OPEN = {
    "PORT": "0",
    "CGRAPH_RATE_LIMIT_REGISTER": "100000/s",
    "CGRAPH_RATE_LIMIT_CONNECT": "100000/s",
    "CGRAPH_RATE_LIMIT_JOIN": "100000/s",
    "CGRAPH_RATE_LIMIT_MESSAGE": "100000/s",
    "CGRAPH_RATE_LIMIT_API": "100000/s",
    "CGRAPH_SOCKET_MESSAGES": "1000000",
    "CGRAPH_LOG_LEVEL": "warning",
    "CGRAPH_DRAIN_SECONDS": "0.1",
}
"""A measurement must not meet the limits that keep people apart, and nobody is sad when it ends."""
_DROPPED = ("DATABASE_URL", "VALKEY_URL", "CGRAPH_")


class Running(msgspec.Struct, frozen=True):
    """Where the server is, and which process it is."""

    host: str
    port: int
    pid: int


@asynccontextmanager
async def throw_away() -> AsyncIterator[Running]:
    """A server with an embedded database and nobody in it. Takes about two seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="cgraph-bench-") as directory,
        _log(directory) as errors,
    ):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cgraph_cli.main", "serve"),
            env=_environment(os.environ, Path(directory) / "data"),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                server = await _listening(process, errors)
            yield server
        finally:
            await _end(process)


async def _listening(process: asyncio.subprocess.Process, errors: BinaryIO) -> Running:
    """Wait for the block that says where it listens."""
    lines = cast("asyncio.StreamReader", process.stdout)
    while line := await lines.readline():
        if match := _ADDRESS.search(line.decode()):
            return Running(match["host"], int(match["port"]), process.pid)
    errors.seek(0)
    raise Failure(f"the server did not start:\n{errors.read().decode(errors='replace')}")


def _log(directory: str) -> BinaryIO:
    return (Path(directory) / "stderr").open("w+b")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    # What it still writes is read, or it could wait for its reader for ever.
    await process.communicate()


def _environment(given: Mapping[str, str], data: Path) -> dict[str, str]:
    kept = {name: value for name, value in given.items() if not name.startswith(_DROPPED)}
    return kept | _OPEN | {"CGRAPH_DATA_DIR": str(data)}

"""The machine: disk, permissions, open files, the port."""

import asyncio
import errno
import os
import resource
import shutil
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cgraph.settings import Settings

from .finding import Finding, fail, ok, warn

MIB = 1024 * 1024
ENOUGH_DISK = 1024 * MIB
LITTLE_DISK = 100 * MIB
ENOUGH_FILES = 4096
PATIENCE = 2.0
"""Seconds to wait for whoever listens on our port."""


def data_directory(settings: Settings) -> Iterator[Finding]:
    """Can be written, has room, and is closed to others: it holds secrets."""
    path = settings.data_dir.absolute()
    existing = next(each for each in (path, *path.parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield fail("data directory", f"{existing} cannot be written", _ELSEWHERE)
        return
    made = "" if existing == path else ", will be made"
    yield ok("data directory", f"{path}{made}")
    yield from _private(path)
    yield _disk(existing)


_ELSEWHERE = "give this user write access, or set CGRAPH_DATA_DIR to a directory of its own"


def _private(path: Path) -> Iterator[Finding]:
    files = sorted(path.glob("*.toml")) if path.is_dir() else []
    shared = [file.name for file in files if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    if shared:
        names = ", ".join(shared)
        yield fail("secrets", f"others may read {names}", f"chmod 600 the files in {path}")
    elif files:
        yield ok("secrets", "readable by their owner only")


def _disk(path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    state = f"{free / 1024 / MIB:.1f} GiB free"
    if free < LITTLE_DISK:
        return fail("disk", state, "make room before PostgreSQL stops for want of it")
    if free < ENOUGH_DISK:
        return warn("disk", state, "make room, or move the data directory to a larger disk")
    return ok("disk", state)


def open_files() -> Iterator[Finding]:
    """Every socket is an open file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= ENOUGH_FILES:
        yield ok("open files", f"up to {soft:,}" if soft != resource.RLIM_INFINITY else "unlimited")
    else:
        advice = f"ulimit -n {ENOUGH_FILES if hard == -1 else min(hard, 65_536)}, or LimitNOFILE="
        yield warn("open files", f"at most {soft:,} sockets and files", advice)


async def port(settings: Settings) -> Finding:
    """Free, or already ours."""
    what, where = "port", f"{settings.host}:{settings.port}"
    try:
        _bind(settings.host, settings.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return fail(what, f"{where}: {error.strerror}", "set CGRAPH_HOST and PORT")
        if await _is_node(settings.host, settings.port):
            return ok(what, f"a CGraph node answers on {where}")
        return fail(what, f"another program listens on {where}", "stop it, or set PORT")
    return ok(what, f"{where} is free")


def _bind(host: str, port: int) -> None:
    family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with closing(socket.socket(family, kind, number)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


async def _is_node(host: str, port: int) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            with closing(writer):
                writer.write(
                    b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
                )
                return b" 200 " in await reader.readline()
    except (OSError, TimeoutError):
        return False

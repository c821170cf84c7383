"""PostgreSQL as a child of this process: private to it, and gone with it."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import asyncpg

from .binaries import Binaries, find_postgres, reachable
from .errors import AlreadyRunning, DirectoryUnusable
from .memory import available_memory, postgres_memory
from .process import exists, serves
from .server import Server, running

SUPERUSER = "postgres"
BUILTIN_LOCALES = 17
UNICODE_FAST = 18
"""The majors that brought them."""

DEFAULTS = {
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The log holds what concerns the server: start, stop, recovery, crashes. Errors of statements
    # reach whoever sent them; here they would grow the file and put people's words into it.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
    "log_destination": "stderr",
    "logging_collector": "off",
}


class PostgresServer(Server):
    """A cluster in `data_dir/cluster`, reached through a Unix socket only its user and root can open.

    `settings` are server parameters, over the defaults here and those of `memory`; they go on the
    command line, so they also win over ALTER SYSTEM. With `fsync` off the cluster is made unsynced too: for tests.
    `bindir` as in `find_postgres`; `start_timeout` in seconds includes crash recovery.

    As root the server runs as another user (see `account.unprivileged`), and no permission of any
    directory above is changed for it. Where that user may not walk to `data_dir` (below /root,
    say), the server gets there by inheriting the directory: its working directory is opened by
    root before it changes user, and named `/proc/self/cwd` from then on. The data stay where they
    belong. Programs it cannot reach are copied once, see `binaries.reachable`.
    """

    name: ClassVar[str] = "PostgreSQL"
    socket_name: ClassVar[str] = ".s.PGSQL.5432.lock"
    stop_steps = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 0.5))

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        bindir: Path | None = None,
        start_timeout: float = 120.0,
    ) -> None:
        super().__init__(data_dir, start_timeout=start_timeout)
        self.settings = dict(settings or {})
        self.bindir = bindir or Path()
        """Also psql, pg_dump and pg_restore of the server's version. Valid from `start` on."""
        self._bindir = bindir

    def dsn(self, database: str = "postgres") -> str:
        """For asyncpg and libpq alike, as superuser; needs no password. The database may be missing."""
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port=5432&sslmode=disable"

    async def ensure_database(self, database: str) -> str:
        """Create the database unless it is there; return its DSN."""
        connection = await asyncpg.connect(self.dsn(), timeout=10, command_timeout=30)
        try:
            name = database.replace('"', '""')
            with suppress(asyncpg.DuplicateDatabaseError):
                await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close(timeout=5)
        return self.dsn(database)

    @property
    def _data(self) -> Path:
        return self.data_dir / "cluster"

    def _prepare(self) -> None:
        binaries = find_postgres(self._bindir, major=self._major())
        self.bindir, self.version = binaries.bindir, binaries.version
        self._program = reachable(binaries, self._account)
        self._end_leftovers(told=self._noted_pids())
        self._remove_unfinished()
        if not self._data.exists():
            self._initialize(binaries)
        self._make(self._data)
        self._clear_pid_file()

    def _command(self) -> list[str | Path]:
        fixed = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "cluster_name": self._token,
        }
        sized = postgres_memory(available_memory())
        settings = DEFAULTS | sized | self.settings | fixed
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [self._program, "-D", self._as_seen(self._data), *options]

    def _answers(self) -> bool:
        # what pg_ctl waits for: the postmaster writes its state to the eighth line
        lines = self._pid_file_lines()
        return lines[:1] == [str(self.pid)] and lines[7:8] == ["ready"]

    def _major(self) -> int | None:
        """Of the existing cluster."""
        if not self._data.exists():
            return None
        if self._account is None and self._data.stat().st_uid != os.geteuid():
            raise DirectoryUnusable(
                f"{self._data} belongs to user {self._data.owner()}: be that user, or root"
            )
        try:
            return int((self._data / "PG_VERSION").read_text())
        except (FileNotFoundError, ValueError):
            raise DirectoryUnusable(
                f"{self._data} is no PostgreSQL cluster: move it away"
            ) from None

    def _as_seen(self, directory: Path) -> str:
        """What the server calls its working directory."""
        if self._account is None or self._account.reaches(directory):
            return str(directory)
        if sys.platform == "linux":
            return "/proc/self/cwd"
        raise DirectoryUnusable(f"{self._account.name} may not enter a directory above {directory}")

    def _initialize(self, binaries: Binaries) -> None:
        """In a directory of another name, renamed when complete: killed half-way, it never was."""
        staging = Path(tempfile.mkdtemp(prefix="cluster.new-", dir=self.data_dir))
        self._make(staging)
        command: list[str | Path] = [
            self._program.with_name("initdb"),
            "--pgdata",
            self._as_seen(staging),
            f"--username={SUPERUSER}",
            "--auth-local=trust",  # the socket's directory is the guard
            "--auth-host=reject",
            "--encoding=UTF8",
            "--no-instructions",
            *_locale(binaries.major),
            *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
        ]
        with self._spawned(command, staging, signal.SIGKILL) as initdb:
            try:
                self._await(initdb, lambda: initdb.status == 0, "initdb failed")
            except BaseException:
                initdb.signal(signal.SIGKILL)
                initdb.exited.wait(1.0)
                self._remove_unfinished()
                raise
        staging.rename(self._data)
        _sync(self.data_dir)

    def _remove_unfinished(self) -> None:
        for staging in self.data_dir.glob("cluster.new-*"):
            shutil.rmtree(staging, ignore_errors=True)

    def _pid_file_lines(self) -> list[str]:
        try:
            text = (self._data / "postmaster.pid").read_text(errors="replace")
        except FileNotFoundError:
            return []
        return [line.strip() for line in text.splitlines()]

    def _noted_pids(self) -> list[int]:
        """The postmaster's number, negated by a standalone backend; nothing if it makes no sense."""
        return [abs(int(line)) for line in self._pid_file_lines()[:1] if line.lstrip("-").isdigit()]

    def _clear_pid_file(self) -> None:
        """Remove a postmaster.pid that PostgreSQL would take for a running server's.

        It looks only whether the number is in use by its own user: a zombie, or any other program
        that got the number, stops it for good. None of our servers is left here; one that somebody
        started by hand is AlreadyRunning. The number of no process is left for PostgreSQL to judge,
        which then also looks for orphans in the shared memory.
        """
        pids = self._noted_pids()
        for pid in pids:
            if serves(pid, self._program.name, self._data):
                raise AlreadyRunning(self._data, pid)
        if not pids or any(map(exists, pids)):
            (self._data / "postmaster.pid").unlink(missing_ok=True)


def _locale(major: int) -> list[str]:
    """Unicode case rules, byte order for sorting, and a ctype with which pg_trgm sees all letters."""
    ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    if major >= UNICODE_FAST:
        provider = ["--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"]
    elif major >= BUILTIN_LOCALES:
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        provider = ["--locale-provider=libc"]
    return [*provider, "--locale=C", f"--lc-ctype={ctype}"]


def _sync(directory: Path) -> None:
    file = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@asynccontextmanager
async def embedded_postgres(
    data_dir: Path, *, settings: Mapping[str, str] | None = None, bindir: Path | None = None
) -> AsyncIterator[PostgresServer]:
    """A running PostgresServer; leaving stops it. Errors as `Server.start`."""
    async with running(PostgresServer(data_dir, settings=settings, bindir=bindir)) as server:
        yield server

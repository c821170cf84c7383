"""Valkey as a child of this process: private to it, and gone with it."""

import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

from .binaries import find_valkey, reachable
from .server import Server, running


class ValkeyServer(Server):
    """Valkey on a Unix socket only its user and root can open; under root it runs as another user.

    With `persist` every write is logged and at most the last second of them is lost in a crash of
    the machine, none in a kill of the process. Without, a restart is empty: for bus and limits.
    """

    name: ClassVar[str] = "Valkey"
    socket_name: ClassVar[str] = "valkey.sock"
    stop_steps = ((signal.SIGTERM, 3.5), (signal.SIGKILL, 1.0))

    def __init__(
        self, data_dir: Path, *, persist: bool = False, start_timeout: float = 60.0
    ) -> None:
        super().__init__(data_dir, start_timeout=start_timeout)
        self.persist = persist

    @property
    def url(self) -> str:
        """For `redis.from_url`."""
        return f"unix://{self.socket_dir / self.socket_name}"

    @property
    def _data(self) -> Path:
        return self.data_dir / "data"

    def _prepare(self) -> None:
        binaries = find_valkey()
        self.version = binaries.version
        self._program = reachable(binaries, self._account)
        self._end_leftovers()
        self._make(self._data)

    def _command(self) -> list[str | Path]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket_dir / self.socket_name),
            "unixsocketperm": "700",
            "dir": ".",  # the directory it starts in, even where its user may not walk there
            "save": "",
            "appendonly": "yes" if self.persist else "no",
            "appendfsync": "everysec",
            "daemonize": "no",
            "logfile": "",
            "loglevel": "warning",
            "proc-title-template": f"{{title}} {self._token}",
        }
        return [
            self._program,
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]

    def _answers(self) -> bool:
        # an error reply to PING means that it is still loading
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self.socket_dir / self.socket_name))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False


@asynccontextmanager
async def embedded_valkey(data_dir: Path, *, persist: bool = False) -> AsyncIterator[ValkeyServer]:
    """A running ValkeyServer; leaving stops it. Errors as `Server.start`."""
    async with running(ValkeyServer(data_dir, persist=persist)) as server:
        yield server

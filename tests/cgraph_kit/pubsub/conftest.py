"""Nodes on a bus, for every adapter; a Valkey server; and a wire to it that can be cut."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cgraph_kit.engines import ValkeyServer
from cgraph_kit.pubsub import LocalBus, LocalPubSub, PubSub
from cgraph_kit.pubsub.valkey import ValkeyPubSub


class Node:
    """One process on the bus, and what it has heard."""

    def __init__(self, bus: PubSub) -> None:
        self.bus = bus
        self.heard: list[tuple[str, bytes]] = []
        self.reconnects = 0
        bus.on_message = lambda topic, payload: self.heard.append((topic, payload))
        bus.on_reconnect = self._reconnected

    def _reconnected(self) -> None:
        self.reconnects += 1

    def on(self, topic: str) -> list[bytes]:
        return [payload for heard, payload in self.heard if heard == topic]

    async def has_heard(self, topic: str, payload: bytes) -> None:
        await until(lambda: (topic, payload) in self.heard)


async def until(done: Callable[[], bool], seconds: float = 5.0) -> None:
    """Fails when `done` does not come true in time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not done():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.002)


class Wire:
    """Forwards a Unix socket to another, until somebody cuts it or takes it away."""

    def __init__(self, path: Path, target: Path) -> None:
        self.url = f"unix://{path}"
        self._path = path
        self._target = target
        self._server: asyncio.AbstractServer | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._frozen = False
        self.sent = bytearray()

    async def mend(self) -> None:
        self._frozen = False
        self._server = await asyncio.start_unix_server(self._accept, str(self._path))

    async def cut(self) -> None:
        """Every connection ends and none is made."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        await asyncio.gather(*self._tasks)

    def freeze(self) -> None:
        """Connections stay, and nothing comes through them any more."""
        self._frozen = True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(str(self._target))
        self._writers += [writer, upstream_writer]
        for source, sink in ((reader, upstream_writer), (upstream_reader, writer)):
            seen = self.sent if source is reader else bytearray()
            task = asyncio.create_task(self._forward(source, sink, seen))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, seen: bytearray
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                seen += data
                if not self._frozen:
                    sink.write(data)
        sink.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    directory = Path(tempfile.mkdtemp(prefix="pubsub-"))
    server = ValkeyServer(directory / "valkey").start()
    yield server
    server.stop()
    shutil.rmtree(directory)


@pytest.fixture
async def connect(valkey: ValkeyServer) -> AsyncIterator[Callable[..., Awaitable[Node]]]:
    """`await connect(url=…, prefix=…)`: one more node on the Valkey server."""
    nodes: list[ValkeyPubSub] = []

    async def connect(url: str = valkey.url, **options: Any) -> Node:
        nodes.append(await ValkeyPubSub.connect(url, **options))
        return Node(nodes[-1])

    yield connect
    for node in nodes:
        await node.close()


@pytest.fixture
async def wire(valkey: ValkeyServer) -> AsyncIterator[Wire]:
    """A way to the server that a test may cut."""
    directory = Path(tempfile.mkdtemp(prefix="wire-"))
    wire = Wire(directory / "wire.sock", valkey.socket_dir / valkey.socket_name)
    await wire.mend()
    yield wire
    await wire.cut()
    shutil.rmtree(directory)


@pytest.fixture(params=["local", "valkey"])
def node(request: pytest.FixtureRequest) -> Callable[[], Awaitable[Node]]:
    """`await node()`: one more node on one bus, whichever adapter it is."""
    if request.param == "valkey":
        connect: Callable[[], Awaitable[Node]] = request.getfixturevalue("connect")
        return connect
    bus = LocalBus()

    async def join() -> Node:
        return Node(LocalPubSub(bus))

    return join

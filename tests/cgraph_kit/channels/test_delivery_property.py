"""Whatever the bus and the clients do: every client gets every durable event exactly once, in order."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgraph_kit.channels import Endpoint, Limits
from cgraph_kit.channels.protocol import to_json
from cgraph_kit.channels.testing import ClientChannel, ClientSocket, Frame, connect
from cgraph_kit.channels.topic import Event
from support.rooms import App, running

NODES = 2
CLIENTS = 3
LIMITS = Limits(hole_wait=0, verify_every=3600, messages_per_second=1e9)


class Reader:
    """A client that keeps what it is told and resumes after a leave, a drop or an error."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.socket: ClientSocket | None = None
        self.channel: ClientChannel | None = None
        self.joining: asyncio.Task[ClientChannel] | None = None
        self.begun: int | None = None
        self.seqs: list[int] = []

    async def join(self) -> None:
        if self.socket is None:
            self.socket = await connect(self.endpoint)
        if self.joining is None and self.channel is None:
            since = self.last if self.begun is not None else None
            join = self.socket.join("room:log", {"since": since})
            self.joining = asyncio.get_running_loop().create_task(join)

    @property
    def last(self) -> int:
        return self.seqs[-1] if self.seqs else self.begun or 0

    def collect(self) -> None:
        """Take in what has come, the answer to the join first."""
        if self.joining is not None:
            if not self.joining.done():
                return
            self.channel, self.joining = self.joining.result(), None
            if self.begun is None:
                self.begun = self.channel.response["seq"]
            self.seqs += [event["seq"] for event in self.channel.response["events"]]
        while self.socket is not None and (frame := self.socket.take(_said)) is not None:
            self.seqs.append(frame.payload["seq"])

    def drop(self) -> None:
        """The line is cut: what has not come yet is lost to this connection."""
        if self.socket is not None and self.joining is None:
            self.collect()
            self.socket.disconnect()
            self.socket = self.channel = None

    async def leave(self) -> None:
        if self.channel is not None and self.socket and not self.socket.transport.paused:
            await self.channel.leave()
            self.collect()
            self.channel = None

    def pause(self) -> None:
        if self.socket is not None and not self.socket.transport.paused:
            self.socket.transport.pause()

    def resume(self) -> None:
        if self.socket is not None and self.socket.transport.paused:
            self.socket.transport.resume()


class World:
    """Some nodes, one log, and for each node the events that are still on their way to it."""

    def __init__(self, app: App, nodes: list[Endpoint]) -> None:
        self.app = app
        self.nodes = nodes
        self.coming: list[list[int]] = [[] for _ in nodes]
        self.readers = [Reader(nodes[n % NODES]) for n in range(CLIENTS)]
        app.logs["log"] = []

    async def do(self, op: str, n: int) -> None:
        reader = self.readers[n % CLIENTS]
        acts = {"drop": reader.drop, "pause": reader.pause, "resume": reader.resume}
        waits = {"join": reader.join, "leave": reader.leave}
        if op == "commit":
            self.commit()
        elif op == "chat":
            self.nodes[n % NODES].broadcast("room:log", "typing", {})
        elif act := acts.get(op):
            act()
        elif wait := waits.get(op):
            await wait()
        elif op == "tick":
            await asyncio.sleep(0)
        else:
            self.deliver(op, n)

    def commit(self) -> None:
        seq = self.app.append("log").seq or 0
        for coming in self.coming:
            coming.append(seq)

    def deliver(self, op: str, n: int) -> None:
        node = n % NODES
        coming = self.coming[node]
        if not coming:
            return
        seq = coming.pop(n // NODES % len(coming))
        if op == "lose":
            return
        topic = self.nodes[node].hub.topics.get("room:log")
        for _ in range(2 if op == "again" else 1):
            if topic is not None:
                payload = to_json({"content": str(seq), "seq": seq})
                topic_event = Event(topic.json, b'"said"', payload, seq=seq)
                self.nodes[node].hub.deliver(topic, topic_event)

    async def finish(self) -> None:
        """Everyone reads and is joined, and the nodes compare themselves with the log."""
        for reader in self.readers:
            reader.resume()
            await reader.join()
        for node in self.nodes:
            node.repair.verify()
        for _ in range(300):
            await asyncio.sleep(0.0001)
            for reader in self.readers:
                reader.collect()
            last = len(self.app.logs["log"])
            if all(reader.channel and reader.last == last for reader in self.readers):
                break


OPS = {
    "commit": 4,
    "deliver": 5,
    "again": 1,
    "lose": 1,
    "chat": 1,
    "tick": 4,
    "join": 4,
    "leave": 1,
    "drop": 1,
    "pause": 1,
    "resume": 2,
}
"""What may happen, and how often."""

ops = st.tuples(
    st.sampled_from([op for op, times in OPS.items() for _ in range(times)]), st.integers(0, 20)
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ops, min_size=20, max_size=150))
def test_every_client_gets_each_event_once_in_order(history: list[tuple[str, int]]) -> None:
    run(_replay(history))


async def _replay(history: list[tuple[str, int]]) -> None:
    app = App()
    options: dict[str, Any] = {
        "limits": LIMITS,
        "read_log": app.read_log,
        "last_seqs": app.last_seqs,
    }
    async with running(app, **options) as one, running(app, **options) as two:
        world = World(app, [one, two])
        for op, n in history:
            await world.do(op, n)
        await world.finish()
        last = len(app.logs["log"])
        for reader in world.readers:
            assert reader.begun is not None
            assert reader.seqs == list(range(reader.begun + 1, last + 1))
        assert one.stats.resyncs == two.stats.resyncs == 0


def run(work: Coroutine[Any, Any, None]) -> None:
    """On a loop of its own: Hypothesis calls a test many times within one."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


def _said(frame: Frame) -> bool:
    return frame.event == "said"

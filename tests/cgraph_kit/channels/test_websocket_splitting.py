"""However messages are cut into frames, and the stream into reads, the same messages arrive."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgraph_kit.channels.deadlines import Deadlines
from cgraph_kit.channels.frames import Frames, Parser
from support.websocket import BINARY, PING, PONG, TEXT, Mount, Running, frame, serving, until

CONT = 0

texts = st.text(max_size=3000).map(lambda text: (TEXT, text.encode()))
binaries = st.binary(max_size=3000).map(lambda data: (BINARY, data))
messages = st.lists(st.one_of(texts, binaries), max_size=8)
masks = st.binary(min_size=4, max_size=4)
controls = st.lists(st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125)), max_size=2)


@dataclass
class Heard:
    """A connection and a receiver in one that only listens."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)
    pings: list[bytes] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    ended: bool = False

    def receive_text(self, data: bytes) -> None:
        self.messages.append((TEXT, data))

    def receive_binary(self, data: bytes) -> None:
        self.messages.append((BINARY, data))

    def ping(self, payload: bytes) -> None:
        self.pings.append(payload)

    def peer_closed(self, code: int) -> None:
        self.ended = True
        self.codes.append(code)

    def fail(self, code: int) -> None:
        self.codes.append(code)

    parser_failed = fail

    def renew_parser(self) -> None:
        """Only whole connections can."""


@st.composite
def fragmented(draw: st.DrawFn) -> tuple[list[tuple[int, bytes]], list[bytes], bytes]:
    """Messages, the pings strewn among their fragments, and the bytes a client may send for them."""
    sent = draw(messages)
    pings: list[bytes] = []
    wire = b""
    for opcode, payload in sent:
        cuts = [0, *sorted(draw(st.lists(st.integers(0, len(payload)), max_size=4))), len(payload)]
        last = len(cuts) - 2
        for n, (begin, end) in enumerate(pairwise(cuts)):
            wire += frame(
                CONT if n else opcode, payload[begin:end], fin=n == last, mask=draw(masks)
            )
            for control, content in draw(controls):
                wire += frame(control, content, mask=draw(masks))
                pings += [content] if control == PING else []
    return sent, pings, wire


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """What a client may send, with a few bytes changed."""
    wire = bytearray(draw(fragmented())[2])
    for at in draw(st.lists(st.integers(0, max(0, len(wire) - 1)), max_size=5)) if wire else []:
        wire[at] = draw(st.integers(0, 255))
    return bytes(wire)


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Running]:
    async with serving(Mount()) as running:
        yield running


class TestSplitting:
    @settings(max_examples=300, deadline=None)
    @given(stream=fragmented(), sizes=st.lists(st.integers(1, 2000), min_size=1, max_size=30))
    async def test_any_reads_give_the_same_messages(
        self, stream: tuple[list[tuple[int, bytes]], list[bytes], bytes], sizes: list[int]
    ) -> None:
        sent, pings, wire = stream
        heard: Any = Heard()
        frames = Frames(heard, 100_000, Deadlines())
        frames.deliver_to(heard)
        parser = Parser(heard, frames, 100_000)
        at = 0
        while at < len(wire):
            for size in sizes:
                at = _read(parser, wire, at, size)
        assert heard.messages == sent
        assert heard.pings == pings

    @settings(max_examples=50, deadline=None)
    @given(stream=fragmented(), size=st.integers(1, 5000))
    async def test_so_they_do_over_a_port(
        self,
        running: Running,
        stream: tuple[list[tuple[int, bytes]], list[bytes], bytes],
        size: int,
    ) -> None:
        sent, pings, wire = stream
        client = await running.connect()
        for at in range(0, len(wire), size):
            await client.send(wire[at : at + size])
        got = [await client.frame() for _ in range(len(sent) + len(pings))]
        await running.hang_up()
        assert [(opcode, data) for opcode, data in got if opcode != PONG] == sent
        assert [data for opcode, data in got if opcode == PONG] == pings


class TestAnyBytes:
    @settings(max_examples=300, deadline=None)
    @given(data=st.one_of(st.binary(max_size=400), mutated()), cut=st.integers(1, 400))
    async def test_end_in_a_close_or_in_waiting_for_more(self, data: bytes, cut: int) -> None:
        heard: Any = Heard()
        frames = Frames(heard, 1000, Deadlines())
        frames.deliver_to(heard)
        parser = Parser(heard, frames, 1000)
        at = 0
        while at < len(data) and not heard.codes:
            at = _read(parser, data, at, cut)
        assert set(heard.codes) <= {1002, 1007, 1009} or heard.ended
        assert all(len(message) <= 1000 for _, message in heard.messages)

    async def test_over_a_port_leave_the_server_well(
        self, running: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        random = Random(7)  # noqa: S311  (not a secret)
        for _ in range(100):
            client = await running.connect()
            await client.send(random.randbytes(random.randint(1, 3000)))
            await client.hang_up()
        await until(lambda: not running.connections)
        client = await running.connect()
        await client.send(frame(TEXT, b"still here"))
        assert await client.frame() == (TEXT, b"still here")
        assert caplog.records == []


def _read(parser: Parser, wire: bytes, at: int, size: int) -> int:
    """One read of at most so many bytes; what fits into the buffer decides too."""
    room = parser.get_buffer(-1)
    piece = wire[at : at + min(size, len(room))]
    if piece:
        room[: len(piece)] = piece
        parser.buffer_updated(len(piece))
    return at + len(piece)

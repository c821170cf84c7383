"""RFC 7692 as a table, on the same stack; and who is compressed to at all."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from cgraph_kit.channels.transport import Accepted, Handshake
from cgraph_kit.channels.wire import COMPRESSED, WEBSOCKET
from support.conformance import ECHO, FINE, Case, bad, good
from support.utf8 import INVALID, VALID
from support.websocket import (
    BINARY,
    CLOSE,
    MOUNT,
    PING,
    PONG,
    TEXT,
    Client,
    Echo,
    Running,
    closing,
    frame,
    packed,
    serving,
    upgrade_request,
    within,
)

CONT = 0
RSV1 = 4
LIMIT = 256 * 1024
OFFER = "permessage-deflate; client_max_window_bits"
HELLO = (TEXT, b"Hello")
LONG = b"all work and no play makes jack a dull boy " * 100


def squeezed(opcode: int, data: bytes, *, window: int = 15, level: int = 6) -> bytes:
    """A compressed message in one frame."""
    return frame(opcode, packed(data, window, level), rsv=RSV1)


def raw(payload: str, opcode: int = TEXT) -> bytes:
    """A frame whose compressed payload is given in hexadecimal."""
    return frame(opcode, bytes.fromhex(payload), rsv=RSV1)


def apart(opcode: int, payload: bytes, size: int) -> bytes:
    """One message in pieces of `size`; only the first says that it is compressed."""
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
    first, *more = pieces
    rest = b"".join(frame(CONT, piece, fin=False) for piece in more)
    return frame(opcode, first, fin=False, rsv=RSV1) + rest + frame(CONT)


def examples() -> Iterator[Case]:
    """RFC 7692 §7.2.3."""
    hello = "f248cdc9c90700"
    yield from good("one block", raw(hello), HELLO)
    halves = frame(TEXT, bytes.fromhex("f248cd"), fin=False, rsv=RSV1)
    yield from good("in two frames", halves + frame(CONT, bytes.fromhex("c9c90700")), HELLO)
    yield from good("twice without context", raw(hello) * 2, HELLO, HELLO)
    yield from bad("twice with context", raw(hello) + raw("f200110000"), 1007, HELLO)
    yield from good("stored", raw("000500faff48656c6c6f00"), HELLO)
    yield from good("a last block", raw("f348cdc9c9070000"), HELLO)
    yield from good("two blocks", raw("f248050000 00ffffcac9c90700"), HELLO)
    yield from good("empty", raw("00"), (TEXT, b""))
    yield from good("empty, as a block of its own", raw("0200"), (TEXT, b""))


def messages() -> Iterator[Case]:
    for opcode, kind in ((TEXT, "text"), (BINARY, "binary")):
        for size in (0, 1, 100, 1023, 1024, 65_536, LIMIT):
            data = b"*" * size
            yield from good(f"{kind} of {size}", squeezed(opcode, data), (opcode, data))
        for window in range(9, 16):
            name = f"{kind}, window of {window}"
            yield from good(name, squeezed(opcode, LONG, window=window), (opcode, LONG))
        for level in range(10):
            name = f"{kind}, level {level}"
            yield from good(name, squeezed(opcode, LONG, level=level), (opcode, LONG))
        yield from good(f"{kind} not compressed", frame(opcode, LONG), (opcode, LONG))
        for size in (1, 7, 100):
            sent = apart(opcode, packed(LONG), size)
            yield from good(f"{kind} in pieces of {size}", sent, (opcode, LONG))
    every = bytes(range(256))
    yield from good("every byte", squeezed(BINARY, every), (BINARY, every))
    mixed = squeezed(TEXT, b"a") + FINE + squeezed(BINARY, b"b") + FINE
    yield from good("mixed", mixed, (TEXT, b"a"), ECHO, (BINARY, b"b"), ECHO)
    between = frame(TEXT, packed(b"Hello")[:3], fin=False, rsv=RSV1) + frame(PING, b"p")
    last = frame(CONT, packed(b"Hello")[3:])
    yield from good("ping between", between + last, (PONG, b"p"), HELLO)
    empty = (
        frame(TEXT, fin=False, rsv=RSV1) + frame(CONT, fin=False) + frame(CONT, packed(b"Hello"))
    )
    yield from good("empty pieces", empty, HELLO)


def bits() -> Iterator[Case]:
    for rsv in (1, 2, 3, 5, 6, 7):
        yield from bad(f"rsv {rsv:03b}", frame(TEXT, packed(b"Hello"), rsv=rsv))
    for opcode in (PING, PONG, CLOSE):
        yield from bad(f"rsv1 on control {opcode}", frame(opcode, rsv=RSV1))
    yield from bad("rsv1 on a continuation of nothing", frame(CONT, packed(b"a"), rsv=RSV1))
    for name, rsv in (("compressed", RSV1), ("plain", 0)):
        started = frame(TEXT, packed(b"Hello")[:3] if rsv else b"Hel", fin=False, rsv=rsv)
        last = frame(CONT, packed(b"Hello")[3:], rsv=RSV1)
        yield Case(f"rsv1 on a continuation, {name}", started + last, [], 1002)
        inside = squeezed(TEXT, b"Hello")
        yield Case(f"a compressed message inside a {name} one", started + inside, [], 1002)


def broken() -> Iterator[Case]:
    hello = packed(b"Hello")
    for name, payload in (
        ("nothing", b""),
        ("cut", hello[:-2]),
        ("cut in a stored block", bytes.fromhex("000500faff4865")),
        ("an unknown kind of block", b"\x06"),
        ("lengths that differ", bytes.fromhex("000500000048656c6c6f00")),
        ("a reference to before the message", bytes.fromhex("f200110000")),
        ("text as it is", b"Hello"),
        ("the tail left on", hello + b"\x00\x00\xff\xff"),
        ("a last block alone", bytes.fromhex("f348cdc9c90700")),
        ("more behind a last block", bytes.fromhex("f348cdc9c90700") + hello),
        ("zlib's own header", b"\x78\x9c" + hello),
    ):
        for opcode, kind in ((TEXT, "text"), (BINARY, "binary")):
            yield from bad(f"{kind}: {name}", frame(opcode, payload, rsv=RSV1), 1007)
        pieces = frame(BINARY, payload, fin=False, rsv=RSV1) + frame(CONT)
        yield Case(f"in pieces: {name}", pieces, [], 1007)
    failing = frame(BINARY, b"\x06", fin=False, rsv=RSV1)
    yield Case("fails before the last piece", failing, [], 1007)


def utf8() -> Iterator[Case]:
    for name, text in VALID.items():
        yield from good(f"utf-8: {name}", squeezed(TEXT, text), (TEXT, text))
        sent = apart(TEXT, packed(text, level=0), 1)
        yield Case(f"utf-8 in pieces: {name}", sent + closing(1000), [(TEXT, text)])
    for name, text in INVALID.items():
        yield from bad(f"not utf-8: {name}", squeezed(TEXT, text), 1007)
        yield Case(f"not utf-8 in pieces: {name}", apart(TEXT, packed(text), 1), [], 1007)
        yield from good(f"binary: {name}", squeezed(BINARY, text), (BINARY, text))


def limits() -> Iterator[Case]:
    yield from bad("one too many", squeezed(BINARY, b"*" * (LIMIT + 1)), 1009)
    bomb = packed(bytes(100_000_000))
    yield from bad("a bomb", frame(BINARY, bomb, rsv=RSV1), 1009)
    yield Case("a bomb in pieces", apart(BINARY, bomb, 1000), [], 1009)
    lasting = frame(BINARY, bomb[:5000], fin=False, rsv=RSV1)
    yield Case("a bomb before its end", lasting, [], 1009)
    huge = frame(BINARY, rsv=RSV1, length=LIMIT + 1)[:10]
    yield from bad("too long as it comes, by its header", huge, 1009)


CASES = [*examples(), *messages(), *bits(), *broken(), *utf8(), *limits()]


async def echo(handshake: Handshake) -> Accepted:
    packing = COMPRESSED if handshake.inflates else WEBSOCKET
    return Accepted(partial(Echo, packing=packing))


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Running]:
    async with serving(echo) as running:
        yield running


async def offering(running: Running, offer: str = OFFER) -> Client:
    return await running.connect(sec_websocket_extensions=offer)


class TestConformance:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    async def test_case(self, running: Running, case: Case) -> None:
        await case.hold(await offering(running))

    def test_covers(self) -> None:
        assert len({case.name for case in CASES}) == len(CASES) > 200


class TestNegotiation:
    async def test_says_what_is_agreed(self, running: Running) -> None:
        client = await running.dial()
        await client.send(upgrade_request(headers={"sec-websocket-extensions": OFFER}))
        assert (
            "\r\nsec-websocket-extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover\r\n"
        ) in await client.response()

    async def test_reads_offers_over_several_headers(self, running: Running) -> None:
        request = upgrade_request(headers={"sec-websocket-extensions": "x-other"})
        second = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
        client = await running.dial()
        await client.send(request[:-2] + second + b"\r\n")
        assert "permessage-deflate" in await client.response()

    @pytest.mark.parametrize(
        "offer", ["", "x-other", "permessage-deflate; x", "permessage-deflate;"]
    )
    async def test_without_agreement_nothing_is_compressed(
        self, running: Running, offer: str
    ) -> None:
        if offer.endswith(";"):
            request = upgrade_request(headers={"sec-websocket-extensions": offer})
            assert (await running.request(request)).startswith("HTTP/1.1 400 ")
            return
        client = await offering(running, offer)
        await client.send(frame(TEXT, LONG))
        assert await client.frame() == (TEXT, LONG)
        await client.send(squeezed(TEXT, LONG))
        assert await client.close_code() == (1002, "")

    async def test_can_be_switched_off(self) -> None:
        async with serving(echo, compression=False) as running:
            for offer in (OFFER, "permessage-deflate;"):
                client = await offering(running, offer)
                assert not client.inflates
                await client.send(frame(TEXT, LONG) + squeezed(TEXT, LONG))
                assert await client.frame() == (TEXT, LONG)
                assert await client.close_code() == (1002, "")


class TestOutgoing:
    async def test_long_messages_are_compressed_and_short_ones_not(self, running: Running) -> None:
        client = await offering(running)
        await client.send(frame(TEXT, LONG) + FINE + frame(BINARY, LONG))
        assert [await client.frame() for _ in range(3)] == [(TEXT, LONG), ECHO, (BINARY, LONG)]
        assert client.inflated == 2

    async def test_a_client_with_wsprotos_extension_follows(self, running: Running) -> None:
        client = await running.dial()
        wire = WSConnection(ConnectionType.CLIENT)
        deflate = PerMessageDeflate()
        await client.send(wire.send(Request(host="a", target=MOUNT, extensions=[deflate])))
        assert isinstance(await _next(wire, client), AcceptConnection)
        assert deflate.enabled()
        for data in ("short", LONG.decode(), "schön " * 1000, "again " * 1000):
            await client.send(wire.send(TextMessage(data)))
            got = ""
            while len(got) < len(data):
                event = await _next(wire, client)
                assert isinstance(event, TextMessage)
                got += event.data
            assert got == data


async def _next(wire: WSConnection, client: Client) -> Event:
    while True:
        for event in wire.events():
            return event
        wire.receive_data(await within(client.reader.read(65536)) or None)

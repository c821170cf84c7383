"""RFC 6455 as a table: what a client sends, what must come back, and the code the connection ends with."""

from collections.abc import AsyncIterator, Iterator

import pytest

from support.conformance import ECHO, FINE, Case, bad, good
from support.utf8 import INVALID, VALID
from support.websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Mount,
    Running,
    closing,
    frame,
    serving,
)

CONT = 0
LIMIT = 256 * 1024


def framing() -> Iterator[Case]:
    for opcode, kind in ((TEXT, "text"), (BINARY, "binary")):
        for size in (0, 1, 125, 126, 127, 128, 65535, 65536, 65537, LIMIT):
            yield from good(f"{kind} of {size}", frame(opcode, b"*" * size), (opcode, b"*" * size))
    every = bytes(range(256))
    yield from good("every byte", frame(BINARY, every), (BINARY, every))
    yield from good("mask of zeros", frame(TEXT, b"fine", mask=bytes(4)), ECHO)
    yield from good("three at once", FINE * 3, ECHO, ECHO, ECHO)
    for opcode in (CONT, TEXT, BINARY, PING, PONG, CLOSE):
        yield from bad(f"unmasked {opcode}", frame(opcode, mask=None))
    for size in (0, 125):
        yield from bad(f"16 bits for {size}", frame(TEXT, b"*" * size, wide=16))
    for size in (0, 126, 65535):
        yield from bad(f"64 bits for {size}", frame(TEXT, b"*" * size, wide=64))
    yield from bad("top bit of the length", frame(TEXT, length=1 << 63))


def control() -> Iterator[Case]:
    for size in (0, 1, 2, 125):
        payload = bytes(range(size))
        yield from good(f"ping of {size}", frame(PING, payload), (PONG, payload))
        yield from good(f"unsolicited pong of {size}", frame(PONG, payload))
    pings = [bytes((n,)) for n in range(10)]
    yield from good(
        "ten pings", b"".join(frame(PING, p) for p in pings), *((PONG, p) for p in pings)
    )
    yield from good("pong, then ping", frame(PONG, b"x") + frame(PING, b"y"), (PONG, b"y"))
    yield from good("ping, then text", frame(PING) + FINE, (PONG, b""), ECHO)
    for opcode in (PING, PONG, CLOSE):
        yield from bad(f"control {opcode} of 126", frame(opcode, b"\x03\xe8" + b"*" * 124))
        yield from bad(f"control {opcode} of 65536", frame(opcode, b"*" * 65536))
        yield from bad(f"control {opcode} in fragments", frame(opcode, b"", fin=False))


def reserved() -> Iterator[Case]:
    for rsv in range(1, 8):
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
            yield from bad(f"rsv {rsv:03b} on {opcode}", frame(opcode, b"", rsv=rsv))
    started = frame(TEXT, b"a", fin=False)
    yield Case("rsv on a continuation", started + frame(CONT, b"b", rsv=4), [], 1002)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield from bad(f"opcode {opcode}", frame(opcode))
        yield from bad(f"opcode {opcode} with payload", frame(opcode, b"reserved"))


def fragmented() -> Iterator[Case]:
    for opcode, kind in ((TEXT, "text"), (BINARY, "binary")):
        first = frame(opcode, b"frag", fin=False)
        last = frame(CONT, b"ment")
        whole = (opcode, b"fragment")
        yield from good(f"{kind} in two", first + last, whole)
        yield from good(
            f"{kind}, ping between", first + frame(PING, b"p") + last, (PONG, b"p"), whole
        )
        yield from good(f"{kind}, pong between", first + frame(PONG, b"p") + last, whole)
        many = first + frame(CONT, b"", fin=False) * 5 + last
        yield from good(f"{kind}, empty pieces", many, whole)
        yield from good(
            f"{kind}, all empty",
            frame(opcode, fin=False) + frame(CONT, fin=False) + frame(CONT),
            (opcode, b""),
        )
        yield from good(f"{kind} twice", (first + last) * 2, whole, whole)
        ones = (
            frame(opcode, b"*", fin=False) + frame(CONT, b"*", fin=False) * 998 + frame(CONT, b"*")
        )
        yield from good(f"{kind} in a thousand", ones, (opcode, b"*" * 1000))
        yield from bad(f"{kind} inside {kind}", first + frame(opcode, b"x"))
        yield from bad(f"{kind} inside fragments", first + frame(opcode, b"x", fin=False))
        yield from bad(f"{kind}, then again a continuation", first + last + last, 1002, whole)
    yield from bad("continuation of nothing", frame(CONT, b"x"))
    yield from bad("unfinished continuation of nothing", frame(CONT, b"x", fin=False))
    yield Case("close between fragments", frame(TEXT, b"a", fin=False) + closing(1000), [], 1000)


def utf8() -> Iterator[Case]:
    for name, text in VALID.items():
        yield from good(f"utf-8: {name}", frame(TEXT, text), (TEXT, text))
        pieces = [text[i : i + 1] for i in range(len(text))]
        apart = frame(TEXT, fin=False) + b"".join(frame(CONT, p, fin=False) for p in pieces)
        yield Case(
            f"utf-8 in fragments: {name}", apart + frame(CONT) + closing(1000), [(TEXT, text)]
        )
    for name, text in INVALID.items():
        yield from bad(f"not utf-8: {name}", frame(TEXT, text), 1007)
        half = len(text) // 2
        apart = frame(TEXT, text[:half], fin=False) + frame(CONT, text[half:])
        yield Case(f"not utf-8 in fragments: {name}", apart, [], 1007)
        yield from good(f"binary that is not utf-8: {name}", frame(BINARY, text), (BINARY, text))
    yield Case("fails before the last fragment", frame(TEXT, b"a\xff", fin=False), [], 1007)
    yield Case("fails at a wrong second byte", frame(TEXT, b"\xe0\x80", fin=False), [], 1007)


def close() -> Iterator[Case]:
    for code in (1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999):
        yield Case(f"close {code}", closing(code), [], code)
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        yield from bad(f"close {code}, not allowed", closing(code))
    yield Case("close without a code", closing(), [], None)
    yield Case("close with a reason", closing(1000, b"bye"), [], 1000)
    yield Case("close with the longest reason", closing(1000, b"*" * 123), [], 1000)
    yield Case("close, byte by byte", closing(1000, b"bye"), [], 1000, split=True)
    yield from bad("close with half a code", frame(CLOSE, b"\x03"))
    for name in ("surrogate pair", "cut at the end", "overlong slash, two"):
        yield from bad(f"close reason: {name}", closing(1000, INVALID[name]), 1007)
    for name, after in (
        ("text", FINE),
        ("ping", frame(PING)),
        ("close", closing(1001)),
        ("rubbish", b"\xff" * 20),
        ("invalid text", frame(TEXT, b"\xff")),
    ):
        yield Case(f"{name} after close", closing(1000) + after, [], 1000)


def limits() -> Iterator[Case]:
    huge = frame(BINARY, length=LIMIT + 1)[:10]  # not even the mask has come
    yield from bad("too long, by its header", huge, 1009)
    yield from bad("as long as can be", frame(TEXT, length=(1 << 63) - 1), 1009)
    yield from bad("too long, in full", frame(TEXT, b"*" * (LIMIT + 1)), 1009)
    half = b"*" * (LIMIT // 2)
    halves = frame(BINARY, half, fin=False) + frame(CONT, half)
    yield Case("all of it in fragments", halves + closing(1000), [(BINARY, half + half)])
    over = frame(BINARY, half, fin=False) + frame(CONT, half, fin=False) + frame(CONT, b"*")
    yield from bad("too long in fragments", over, 1009)


CASES = [
    *framing(), *control(), *reserved(), *fragmented(), *utf8(), *close(), *limits()
]  # fmt: skip


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Running]:
    async with serving(Mount()) as running:
        yield running


class TestConformance:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    async def test_case(self, running: Running, case: Case) -> None:
        await case.hold(await running.connect())

    def test_covers(self) -> None:
        assert len({case.name for case in CASES}) == len(CASES) > 200

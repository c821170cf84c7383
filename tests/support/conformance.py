"""Rules of a protocol as a table: what a client sends, what must come back, and the code the connection ends with."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from support.websocket import CLOSE, TEXT, Client, closing, frame

FINE = frame(TEXT, b"fine")
ECHO = (TEXT, b"fine")


@dataclass
class Case:
    name: str
    sent: bytes
    back: list[tuple[int, bytes]]
    """All frames before the close frame."""
    code: int | None = 1000
    """Of the server's close frame; None: it has none."""
    split: bool = False
    """Sent byte by byte."""

    async def hold(self, client: Client) -> None:
        """Fails when the server does anything else; the client is used up."""
        with contextlib.suppress(ConnectionError):  # the server may have hung up in between
            for at in range(len(self.sent) if self.split else 1):
                await client.send(self.sent[at : at + 1] if self.split else self.sent)
        frames = await client.frames()
        assert frames[:-1] == self.back
        assert frames[-1] == (CLOSE, b"" if self.code is None else self.code.to_bytes(2, "big"))
        await client.hang_up()


def good(name: str, sent: bytes, *back: tuple[int, bytes]) -> Iterator[Case]:
    """In one piece and, if that is quick enough, byte by byte; then the client closes."""
    yield Case(name, sent + closing(1000), list(back))
    if len(sent) < 100:
        yield Case(f"{name}, byte by byte", sent + closing(1000), list(back), split=True)


def bad(name: str, sent: bytes, code: int = 1002, *back: tuple[int, bytes]) -> Iterator[Case]:
    """Alone, and after a good message, which must still be answered."""
    yield Case(name, sent, list(back), code)
    yield Case(f"{name}, after a message", FINE + sent, [ECHO, *back], code)

"""Messages deflated (RFC 7692 §7.2), each by itself, so that one compressed frame serves every client.

A message is a row of DEFLATE blocks less its last four octets. Blocks that refer to nothing before them can stand in
any message, so a payload is deflated once and set between the words that differ from client to client.
"""

import zlib

from .closecodes import CloseCode, Violation

WINDOW_BITS = 13
"""Our messages refer back 8 KiB at most: as good as 32 KiB for JSON, and any client that offers as much can follow."""

_LEVEL = 3  # as quick as 1, and smaller; from 4 on it takes twice as long (docs/decisions/0013)
_MEMORY = 7  # 96 KiB for the time of one call
_LEAST = 1024  # below, what is saved is not worth the client's and our time
_MOST = 512 * 1024  # above, the loop would stand still for more than 3 ms
_WIDEST = -15  # raw DEFLATE as any client may send it
_TAIL = b"\x00\x00\xff\xff"
_END = (
    _TAIL + b"\x03\x00"
)  # behind a whole message, the last block: only complete messages get there
_AFTER_LAST = (b"", b"\x00" + _END)  # or the message brought a last block itself (§7.2.3.4)


def blocks(data: bytes) -> bytes:
    """The data deflated: whole blocks on octet boundaries, the last one empty. Nothing if that is not worthwhile."""
    if not _LEAST <= len(data) <= _MOST:
        return b""
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -WINDOW_BITS, _MEMORY)
    done = squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    return done if len(done) < len(data) else b""


def message(blocks: bytes) -> bytes:
    """The payload of a frame that says what is in the blocks."""
    return blocks[: -len(_TAIL)]


def enveloped(head: bytes, blocks: bytes, tail: bytes) -> bytes:
    """The payload of a frame that says `head`, what is in the blocks, and `tail`."""
    return b"%b%b%b\x00" % (_stored(head), blocks, _stored(tail))


def _stored(data: bytes) -> bytes:
    """A block of up to 65,535 octets as they are (RFC 1951 §3.2.4)."""
    size = len(data)
    return b"\x00%b%b%b" % (size.to_bytes(2, "little"), (size ^ 0xFFFF).to_bytes(2, "little"), data)


class Inflater:
    """One message on its way back, piece by piece and never more than `limit` octets of it."""

    __slots__ = ("_left", "_zlib")

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._zlib = zlib.decompressobj(_WIDEST)

    def add(self, piece: bytes, *, last: bool) -> bytes:
        """What the piece brings. Raises `Violation`: 1009 over the limit, 1007 for what is no DEFLATE message."""
        try:
            data = self._zlib.decompress(piece + _END if last else piece, self._left + 1)
        except zlib.error:
            raise Violation(CloseCode.INVALID_TEXT) from None
        self._left -= len(data)
        if self._left < 0:
            raise Violation(CloseCode.TOO_BIG)
        if not (self._is_over() if last else len(self._zlib.unused_data) <= 1):
            raise Violation(CloseCode.INVALID_TEXT)
        return data

    def _is_over(self) -> bool:
        return self._zlib.eof and self._zlib.unused_data in _AFTER_LAST

"""Messages that come in pieces, and the payload of a close frame (RFC 6455 §5.4, §5.5.1, §8.1)."""

import codecs

from .closecodes import CloseCode, Violation, allowed_on_wire
from .deflate import Inflater

_utf8 = codecs.getincrementaldecoder("utf-8")


class Fragments:
    """A message whose first piece has come. Text is checked piece by piece, so it fails at the first bad byte."""

    __slots__ = ("_body", "_decoder", "_inflater", "_limit")

    def __init__(self, *, text: bool, limit: int, compressed: bool = False) -> None:
        self._limit = limit
        self._body = bytearray()
        self._decoder = _utf8("strict") if text else None
        self._inflater = Inflater(limit) if compressed else None

    @property
    def is_text(self) -> bool:
        return self._decoder is not None

    def add(self, piece: bytes, *, last: bool) -> None:
        """Raises `Violation`: 1009 for more than the limit in all, 1007 for text that cannot become UTF-8."""
        if self._inflater is not None:
            piece = self._inflater.add(piece, last=last)
        if len(self._body) + len(piece) > self._limit:
            raise Violation(CloseCode.TOO_BIG)
        if self._decoder is not None:
            try:
                self._decoder.decode(piece, last)
            except UnicodeDecodeError:
                raise Violation(CloseCode.INVALID_TEXT) from None
        self._body += piece

    def message(self) -> bytes:
        return bytes(self._body)


def is_utf8(data: bytes) -> bool:
    """Valid UTF-8 in the strict sense of RFC 3629: no surrogates, nothing overlong, nothing past U+10FFFF."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def close_code(payload: bytes) -> int:
    """The code of a received close frame, 1005 if it has none. Raises `Violation` (1002, or 1007 for the reason)."""
    if not payload:
        return CloseCode.NO_CODE
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not allowed_on_wire(code):
        raise Violation(CloseCode.PROTOCOL_ERROR)
    if not is_utf8(payload[2:]):
        raise Violation(CloseCode.INVALID_TEXT)
    return code

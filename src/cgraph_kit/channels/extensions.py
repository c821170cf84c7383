"""Which extension of the handshake is agreed to: permessage-deflate, without context (RFC 6455 §9.1, RFC 7692 §7.1)."""

import re

from .deflate import WINDOW_BITS
from .handshake import Malformed

Param = tuple[str, str | None]

_NAME = "permessage-deflate"
_NO_CONTEXT = "server_no_context_takeover", "client_no_context_takeover"
_AGREED = "; ".join((_NAME, *_NO_CONTEXT))
_OUR_WINDOW, _THEIR_WINDOW = "server_max_window_bits", "client_max_window_bits"

_WINDOWS = {str(bits): bits for bits in range(8, 16)}
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PARAM = re.compile(rf'({_TOKEN.pattern})(?:[ \t]*=[ \t]*({_TOKEN.pattern}|"(?:[^"\\]|\\.)*"))?')
_BLANK = " \t"


def agree(offers: str) -> str | None:
    """The answer to `Sec-WebSocket-Extensions`: the first offer that can be met. Raises `Malformed`.

    The answer always takes the context away from both sides: ours so that a compressed frame can be shared, the
    client's so that a connection keeps no window. The client need not have offered it (§7.1.1).
    """
    parsed = [_offer(item) for item in _items(offers)]
    return next((answer for name, params in parsed if (answer := _answer(name, params))), None)


def _answer(name: str, params: list[Param]) -> str | None:
    given = dict(params)
    if name != _NAME or len(given) < len(params) or not all(map(_valid, given, given.values())):
        return None
    window = given.get(_OUR_WINDOW)
    if window is None:
        return _AGREED
    return f"{_AGREED}; {_OUR_WINDOW}={WINDOW_BITS}" if _WINDOWS[window] >= WINDOW_BITS else None


def _valid(name: str, value: str | None) -> bool:
    if name in _NO_CONTEXT:
        return value is None
    if name == _OUR_WINDOW:
        return value in _WINDOWS
    return name == _THEIR_WINDOW and (value is None or value in _WINDOWS)


def _items(header: str) -> list[str]:
    """Of a list; a quoted value is a token in the end, so no comma or semicolon hides in quotes."""
    return [item for part in header.split(",") if (item := part.strip(_BLANK))]


def _offer(item: str) -> tuple[str, list[Param]]:
    name, *params = (part.strip(_BLANK) for part in item.split(";"))
    if not _TOKEN.fullmatch(name):
        raise Malformed(item)
    return name, [_param(param) for param in params]


def _param(text: str) -> Param:
    found = _PARAM.fullmatch(text)
    if found is None:
        raise Malformed(text)
    name, value = found.groups()
    if value is not None and value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if not _TOKEN.fullmatch(value):
            raise Malformed(text)
    return name, value

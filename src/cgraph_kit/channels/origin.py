"""Whether a browser's page may open a connection: Phoenix's `check_origin`, all of its modes."""

from collections.abc import Callable, Sequence
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from .transport import Handshake

OriginMode = bool | Literal["conn"] | Sequence[str] | Callable[[SplitResult], bool]
"""`True`: the origin's host is our own. `False`: anything goes. `"conn"`: scheme, host and port equal the request's.

A list of "https://a.com", "//a.com:888" or "//*.a.com": each part given must match, and "*." matches the bare domain
too. A function decides for itself, given the parsed origin.
"""

_PORTS = {"http": 80, "https": 443}


def origin_allowed(
    origin: str | None, mode: OriginMode, request: Handshake, own_host: str = ""
) -> bool:
    """No origin is allowed (only browsers send one); "null" and other origins without a host only by `False`.

    `own_host` is the host name of the public URL, for the mode `True`.
    """
    if origin is None or mode is False:
        return True
    parts = _split(origin)
    if parts is None:
        return False
    if callable(mode):
        return mode(parts)
    if mode == "conn":
        return _same(parts, request)
    if mode is True:
        return parts.hostname == own_host.lower()
    return any(_matches(parts, allowed) for allowed in mode)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for what is no port number
    except ValueError:
        return None
    return parts if parts.hostname else None


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)


def _same(origin: SplitResult, request: Handshake) -> bool:
    ours = _split(f"{request.scheme}://{request.host}")
    return ours is not None and (origin.scheme, origin.hostname, _port(origin)) == (
        ours.scheme,
        ours.hostname,
        _port(ours),
    )


def _matches(origin: SplitResult, pattern: str) -> bool:
    allowed = _split(pattern)
    return (
        allowed is not None
        and allowed.scheme in {"", origin.scheme}
        and _port(allowed) in {None, _port(origin)}
        and _host_matches(origin.hostname or "", allowed.hostname or "")
    )


def _host_matches(host: str, allowed: str) -> bool:
    bare = allowed.removeprefix("*.")
    return host == bare or (bare != allowed and host.endswith(f".{bare}"))

"""A file's bytes as an answer: what browsers may do with them, which part, and whether they have them already."""

from collections.abc import AsyncIterator, Callable
from urllib.parse import quote

from .exchange import Exchange
from .plugs.caching import is_named
from .ranges import wanted
from .response import NOT_MODIFIED, Header, Response, Streamed

SHOWN = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp"),
        *("audio/mpeg", "audio/ogg", "audio/mp4", "audio/wav", "audio/flac", "audio/webm"),
        *("video/mp4", "video/webm", "text/plain"),
    }
)
"""What browsers may show in place; everything else is a download of bytes."""
BYTES = b"application/octet-stream"
POLICY = b"default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
PRIVATE = b"private, no-cache"
"""Kept by who asked, and asked for again each time: whether they may still read it."""
PUBLIC = b"public, max-age=3600"
PARTIAL = 206

Open = Callable[[int, int], AsyncIterator[bytes]]
"""The bytes from the first up to, not including, the second number."""


def hand_out(
    exchange: Exchange,
    open: Open,
    *,
    name: str,
    content_type: str,
    size: int,
    hash: bytes,
    public: bool = False,
    download: bool = False,
) -> Response:
    """All of it, a part, or that it is as it was. Raises `RangeNotSatisfiable`."""
    tag = b'"%b"' % hash.hex().encode()
    headers: list[Header] = [
        (b"etag", tag),
        (b"cache-control", PUBLIC if public else PRIVATE),
        (b"content-security-policy", POLICY),
        (b"vary", b"authorization"),
    ]
    if is_named(exchange.headers.get(b"if-none-match", b""), tag):
        return Response(b"", NOT_MODIFIED, headers=headers, page=True)
    shown = content_type in SHOWN and not download
    headers += [
        (b"accept-ranges", b"bytes"),
        (b"content-disposition", disposition(name, shown=shown)),
    ]
    part = wanted(exchange.headers, size, tag)
    start, end = part or (0, size)
    if part is not None:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size)))
    return Streamed(
        open(start, end),
        end - start,
        PARTIAL if part else 200,
        content_type=_media_type(content_type),
        headers=headers,
    )


def disposition(name: str, *, shown: bool) -> bytes:
    """RFC 6266: the name for everybody in ASCII, and as it is (RFC 8187) for who understands."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    how = "inline" if shown else "attachment"
    exact = f"; filename*=UTF-8''{quote(name, safe='')}" if plain != name else ""
    return f'{how}; filename="{plain}"{exact}'.encode()


def _media_type(content_type: str) -> bytes:
    if content_type not in SHOWN:
        return BYTES
    return b"text/plain; charset=utf-8" if content_type == "text/plain" else content_type.encode()

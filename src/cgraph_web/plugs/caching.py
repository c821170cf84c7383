"""What others may keep of answers that do not depend on who asks (RFC 9110 §13, 9111)."""

from hashlib import blake2b

from cgraph_web.exchange import Exchange
from cgraph_web.response import NOT_MODIFIED, Response

SECONDS = 15
"""How long an answer to nobody in particular is good without asking; as long again while a new one is fetched."""
_PUBLIC = (
    b"cache-control",
    b"public, max-age=%d, stale-while-revalidate=%d" % (SECONDS, SECONDS),
)
_PRIVATE = (b"cache-control", b"private, no-store")
_VARY = (b"vary", b"authorization")
OK = 200


def cached(response: Response, exchange: Exchange) -> Response:
    """An answer to nobody in particular: it may be kept, and is not sent again to who has it. Anything but a 200 is as it was."""
    if response.status != OK:
        return response
    tag = b'"%b"' % blake2b(response.body, digest_size=16).hexdigest().encode()
    if is_named(exchange.headers.get(b"if-none-match", b""), tag):
        response = Response(b"", NOT_MODIFIED)
    response.headers += (_PUBLIC, _VARY, (b"etag", tag))
    response.kept = True
    return response


def private(response: Response) -> Response:
    """An answer to somebody: nobody else may see it, and nobody keeps it."""
    response.headers += (_PRIVATE, _VARY)
    response.kept = True
    return response


def is_named(named: bytes, tag: bytes) -> bool:
    """Whether an If-None-Match names this answer; weakly compared, as it must be."""
    names = (name.strip().removeprefix(b"W/") for name in named.split(b","))
    return any(name in {tag, b"*"} for name in names)

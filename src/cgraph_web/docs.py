"""The documents of the API and of the channels, and the pages that render them without asking anybody else for anything."""

import asyncio
import gzip
from importlib.resources import files

from .action import action
from .exchange import Exchange
from .response import Response
from .site import Site

JAVASCRIPT = b"text/javascript; charset=utf-8"
POLICY = b"; ".join(
    (
        b"default-src 'none'",
        b"script-src 'self'",
        b"style-src 'self' 'unsafe-inline'",
        b"connect-src 'self'",
        b"img-src 'self' data: blob:",
        b"font-src 'self' data:",
        b"base-uri 'none'",
        b"form-action 'none'",
        b"frame-ancestors 'none'",
    )
)
"""The renderer writes its own styles into the page; scripts come from here and nowhere else."""

_FRESH = [(b"cache-control", b"no-cache")]
_DAY = [(b"cache-control", b"public, max-age=86400"), (b"vary", b"accept-encoding")]
_ASSETS = files("cgraph_web") / "assets"
_PAGE = (_ASSETS / "docs.html").read_text()
_START = (_ASSETS / "start.js").read_bytes()
_SCALAR = (_ASSETS / "scalar.js.gz").read_bytes()


@action(public=True, hidden=True)
async def openapi(site: Site) -> Response:
    """The OpenAPI 3.1 document."""
    # The first time it has to be made, for a tenth of a second: not on the loop.
    made = await asyncio.to_thread(lambda: site.openapi)
    return Response(made, headers=_FRESH, page=True)


@action(public=True, hidden=True)
async def asyncapi(site: Site) -> Response:
    """The AsyncAPI 3 document."""
    made = await asyncio.to_thread(lambda: site.asyncapi)
    return Response(made, headers=_FRESH, page=True)


@action(public=True, hidden=True)
async def root() -> Response:
    """Where whoever opens the bare address gets to."""
    return Response(b"", 302, content_type=b"text/plain", headers=[(b"location", b"/api/docs")])


@action(public=True, hidden=True)
async def page() -> Response:
    """The reference of the API, for people."""
    return _rendering("/api/openapi.json", "CGraph API")


@action(public=True, hidden=True)
async def channels() -> Response:
    """The reference of the channels, for people."""
    return _rendering("/api/asyncapi.json", "CGraph channels")


def _rendering(document: str, title: str) -> Response:
    page = _PAGE.replace("$document", document).replace("$title", title)
    return Response(
        page.encode(),
        content_type=b"text/html; charset=utf-8",
        headers=[(b"content-security-policy", POLICY), *_FRESH],
        page=True,
    )


@action(public=True, hidden=True)
async def start() -> Response:
    """The few lines that start the renderer."""
    return Response(_START, content_type=JAVASCRIPT, headers=_FRESH, page=True)


@action(public=True, hidden=True)
async def scalar(exchange: Exchange) -> Response:
    """The renderer. It is kept compressed; a client that cannot take it so gets it unpacked."""
    if b"gzip" in exchange.headers.get(b"accept-encoding", b""):
        encoding = (b"content-encoding", b"gzip")
        return Response(_SCALAR, content_type=JAVASCRIPT, headers=[*_DAY, encoding], page=True)
    return Response(gzip.decompress(_SCALAR), content_type=JAVASCRIPT, headers=_DAY, page=True)

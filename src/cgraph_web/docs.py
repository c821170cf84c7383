"""`/api/docs`."""

from .action import action
from .response import Response
from .site import Site


@action(public=True, hidden=True)
async def page() -> Response:
    """The page."""
    return Response(b"<h1>docs</h1>", content_type=b"text/html; charset=utf-8")


@action(public=True, hidden=True)
async def openapi(site: Site) -> Response:
    """The OpenAPI document."""
    return Response(site.openapi)

"""`/api/openapi.json`."""

from collections.abc import Sequence

from cgraph.settings import Settings

from .action import Route
from .response import encode


def document(routes: Sequence[Route], settings: Settings) -> bytes:
    return encode({"openapi": "3.1.0", "info": {"title": "CGraph", "version": "1"}, "paths": {}})

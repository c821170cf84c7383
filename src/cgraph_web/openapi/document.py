"""The whole document."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from cgraph_web.action import Route
from cgraph_web.binding import Binding, bind
from cgraph_web.errors import ErrorEnvelope
from cgraph_web.response import encode

from .operations import COMPONENT_HEADERS, COMPONENT_PARAMETERS, failure_components, operation
from .schemas import Schemas, has_body

DESCRIPTION = """\
REST API of a community platform: people, conversations, messages.

- One object answers as `{"data": …}`, a list as `{"data": […], "page": {"before": …, "after": …}}`: pass a cursor back \
as `before` or `after` to go on in that direction; null means the list ends there.
- Every failure answers as `{"error": {"code", "message", "fields", "request_id"}}`; `code` is stable.
- Any write may be given an `Idempotency-Key`, and is then done once however often it is sent.
- Requests are limited by scope (`x-rate-limit-scope`); every answer says in `X-RateLimit-*` what is left, and a 429 in \
`Retry-After`, exactly in `error.retry_after`, when to try again.
- Ids are strings, times ISO 8601 in UTC.
"""


def document(routes: Sequence[Route]) -> bytes:
    """The OpenAPI document of these routes, as JSON; hidden ones are left out."""
    shown = [(route, bind(route)) for route in routes if not route.action.hidden]
    schemas = Schemas(type for _, binding in shown for type in _types(binding))
    paths: dict[str, dict[str, Any]] = {}
    for route, binding in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route, binding, schemas)
    return encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "CGraph", "version": version("cgraph"), "description": DESCRIPTION},
            "servers": [{"url": "/"}],
            "security": [{"bearer": []}],
            "tags": _tags(shown),
            "paths": paths,
            "components": {
                "schemas": _without_queries(schemas, shown),
                "responses": failure_components(shown),
                "parameters": COMPONENT_PARAMETERS,
                "headers": COMPONENT_HEADERS,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
                },
            },
        }
    )


def _types(binding: Binding) -> list[Any]:
    types = [ErrorEnvelope, *binding.path.values()]
    types += [part[1] for part in (binding.query, binding.body) if part]
    if has_body(binding.returns):
        types.append(binding.returns)
    return types


def _tags(shown: Sequence[tuple[Route, Binding]]) -> list[dict[str, str]]:
    modules = {route.action.tag: route.action.fn.__module__ for route, _ in shown}
    return [
        {"name": tag, "description": (sys.modules[module].__doc__ or "").strip().partition("\n")[0]}
        for tag, module in modules.items()
    ]


def _without_queries(schemas: Schemas, shown: Sequence[tuple[Route, Binding]]) -> dict[str, Any]:
    """The components, less the query structs: their fields stand as parameters."""
    queries = {binding.query[1].__name__ for _, binding in shown if binding.query}
    return {name: found for name, found in schemas.components.items() if name not in queries}

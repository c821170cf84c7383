"""One route as an OpenAPI operation."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import msgspec

from cgraph import accounts
from cgraph_kit.errors import Error, Invalid, NotFound, RateLimited, Unauthorized, Unavailable
from cgraph_kit.idempotency import KeyReused
from cgraph_web.action import Route
from cgraph_web.binding import Binding
from cgraph_web.errors import (
    BodyTooLarge,
    ErrorEnvelope,
    InternalError,
    NoRoute,
    RequestTimeout,
    UnsupportedMediaType,
    status_of,
)
from cgraph_web.limits import BY_ACCOUNTS, scope_of
from cgraph_web.plugs.idempotency import HEADER

from .examples import UUID, example_of
from .schemas import Schemas, has_body

TOKEN_ERRORS = (accounts.InvalidToken, accounts.SessionEnded, accounts.TokenExpired)
"""What a token of no use is told."""

IDEMPOTENCY_PARAMETER = {"$ref": "#/components/parameters/IdempotencyKey"}
COMPONENT_PARAMETERS = {
    "IdempotencyKey": {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": "A name for this write. Sent again with the same name it is not done twice: the first answer "
        "comes back, with `Idempotent-Replay: true`. The same name on another request is refused with 409.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "example": "0f8c2b1e-send-1",
    }
}


BYTES = {"type": "string", "format": "binary"}
INCOMING = {
    "required": True,
    "description": "The bytes, sent piece by piece and read so.",
    "content": {"application/octet-stream": {"schema": BYTES}},
}
OF_ANY_TYPE = {"*/*": {"schema": BYTES}}
RATE_LIMIT_HEADERS = {
    "X-RateLimit-Limit": ("Requests that may come at once.", {"type": "integer"}),
    "X-RateLimit-Remaining": ("Requests that may come right now.", {"type": "integer"}),
    "X-RateLimit-Reset": (
        "When all may come again, in seconds since 1970.",
        {"type": "number"},
    ),
    "X-RateLimit-Reset-After": ("The same in seconds from now.", {"type": "number"}),
    "X-RateLimit-Bucket": ("Answers with the same one share a count.", {"type": "string"}),
    "X-RateLimit-Scope": ("What is counted: the name of the limit.", {"type": "string"}),
}
RETRY_AFTER = ("Whole seconds until it makes sense to try again.", {"type": "integer"})
ETAG = ("Names this very answer; sent back as `If-None-Match`.", {"type": "string"})
COMPONENT_HEADERS = {
    name: {"description": description, "schema": schema}
    for name, (description, schema) in {
        **RATE_LIMIT_HEADERS,
        "Retry-After": RETRY_AFTER,
        "ETag": ETAG,
    }.items()
}


def operation(route: Route, binding: Binding, schemas: Schemas) -> dict[str, Any]:
    """What a client must know to call a route, and everything it may be answered."""
    action = route.action
    described: dict[str, Any] = {
        "operationId": action.name,
        "tags": [action.tag],
        "summary": action.summary,
        "description": action.description,
        "parameters": list(_parameters(route, binding, schemas)),
        "responses": _successes(route, binding, schemas) | _failures(route, binding),
    }
    if binding.body:
        schema = schemas.of(binding.body[1])
        described["requestBody"] = {
            "required": True,
            "content": _json(schema, action.example or example_of(schemas, schema)),
        }
    if "incoming" in binding.named:
        described["requestBody"] = INCOMING
    if action.public:
        described["security"] = [{}, {"bearer": []}] if action.optional else []
    if (scope := scope_of(route)) is not None:
        described["x-rate-limit-scope"] = scope
    return {name: value for name, value in described.items() if value or name == "security"}


def possible_errors(route: Route, binding: Binding) -> list[type[Error]]:
    """Everything that may go wrong: what the action names, and what the pipeline before it adds."""
    errors: set[type[Error]] = {
        *route.action.errors,
        Invalid,
        InternalError,
        Unavailable,
    }
    if not route.action.public or route.action.optional:
        errors |= {Unauthorized, *TOKEN_ERRORS}
    if route.action.admin:
        errors.add(NoRoute)
    if binding.path:
        errors.add(NotFound)
    if binding.body or "incoming" in binding.named:
        errors |= {BodyTooLarge, UnsupportedMediaType, RequestTimeout}
    if route.keyed:
        errors.add(KeyReused)
    if (scope := scope_of(route)) is not None and scope not in BY_ACCOUNTS:
        errors.add(RateLimited)
    return sorted(errors, key=lambda error: (status_of(error), error.code))


def _parameters(route: Route, binding: Binding, schemas: Schemas) -> Iterable[dict[str, Any]]:
    for name, type in binding.path.items():
        schema = schemas.of(type)
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schema,
            "example": example_of(schemas, schema, name),
        }
    if binding.query:
        properties, required = schemas.fields(binding.query[1])
        for name, schema in properties.items():
            described = {k: v for k, v in schema.items() if k != "description"}
            yield {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": described,
                **({"description": schema["description"]} if "description" in schema else {}),
            }
    if route.keyed:
        yield IDEMPOTENCY_PARAMETER


def _successes(route: Route, binding: Binding, schemas: Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in (route.action.status, *route.action.also):
        described: dict[str, Any] = {"description": "Done." if status < 400 else "Not so."}  # noqa: PLR2004
        if has_body(binding.returns):
            schema = schemas.of(binding.returns)
            described["content"] = _json(schema, example_of(schemas, schema))
        if route.action.binary:
            described["content"] = OF_ANY_TYPE
        if scope_of(route) is not None:
            described["headers"] = _headers(*RATE_LIMIT_HEADERS)
        found[str(status)] = described
    if route.action.optional and route.method == "GET":
        whose = "." if route.action.binary else "; only without a token."
        found["304"] = {
            "description": f"As it was (`If-None-Match`){whose}",
            "headers": _headers("ETag", *RATE_LIMIT_HEADERS),
        }
    return found


def _failures(route: Route, binding: Binding) -> dict[str, Any]:
    documented = {route.action.status, *route.action.also}
    return {
        str(status): {"$ref": f"#/components/responses/{_failure_name(errors)}"}
        for status, errors in _by_status(route, binding)
        if status not in documented
    }


def failure_components(shown: Iterable[tuple[Route, Binding]]) -> dict[str, Any]:
    """Each set of errors that some operation has under one status, described once."""
    return {
        _failure_name(errors): _failure(errors)
        for route, binding in shown
        for _, errors in _by_status(route, binding)
    }


def _by_status(route: Route, binding: Binding) -> Iterable[tuple[int, list[type[Error]]]]:
    errors = possible_errors(route, binding)
    return [(status, list(group)) for status, group in groupby(errors, key=status_of)]


def _failure_name(errors: Iterable[type[Error]]) -> str:
    return ".".join(error.code for error in errors)


def _failure(errors: Iterable[type[Error]]) -> dict[str, Any]:
    errors = list(errors)
    described: dict[str, Any] = {
        "description": "; ".join(f"`{error.code}`: {error.default}" for error in errors),
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{ErrorEnvelope.__name__}"},
                "examples": {error.code: {"value": _error_example(error)} for error in errors},
            }
        },
    }
    if issubclass(errors[0], RateLimited):
        described["headers"] = _headers("Retry-After", *RATE_LIMIT_HEADERS)
    elif issubclass(errors[0], Unavailable):
        described["headers"] = _headers("Retry-After")
    return described


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _error_example(error: type[Error]) -> Any:
    fields = {"content": ["can't be blank"]} if issubclass(error, Invalid) else {}
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.default,
        "fields": fields,
        "request_id": UUID.replace("-", ""),
    }
    if issubclass(error, RateLimited | Unavailable):
        body["retry_after"] = 1.5
    return {"error": body}


def _json(schema: Any, example: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema, "example": msgspec.to_builtins(example)}}

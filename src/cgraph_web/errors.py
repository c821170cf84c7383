"""Where errors leave: kind → status, and every failure in one envelope.

`{"error": {"code", "message", "fields", "request_id"}}`, and what the error carries besides (`extra`).
"""

import logging
from math import ceil
from typing import Any

import msgspec

from cgraph_kit.errors import (
    Conflict,
    Error,
    Forbidden,
    Gone,
    Invalid,
    Moved,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthorized,
    Unavailable,
)

from .exchange import Exchange
from .response import Header, Response, encode

log = logging.getLogger(__name__)


class NoRoute(NotFound):
    code = "no_route"
    default = "there is nothing at this address"


class BadRequest(Error):
    """What nobody can read as a request."""

    code = "bad_request"
    default = "this is not an HTTP request"


class HeadersTooLarge(TooLarge):
    code = "headers_too_large"
    default = "the request line and headers are larger than allowed"


class MethodNotAllowed(Error):
    code = "method_not_allowed"
    default = "this address does not know this method"


class RequestTimeout(Error):
    code = "request_timeout"
    default = "the body did not arrive in time"


class BodyTooLarge(TooLarge):
    code = "body_too_large"
    default = "the body is larger than allowed"

    @classmethod
    def over(cls, limit: int) -> "BodyTooLarge":
        """Says how much would have been allowed."""
        return cls(f"the body is larger than {limit} bytes", limit=limit)


class RangeNotSatisfiable(Error):
    """`size`: how many bytes there are."""

    code = "range_not_satisfiable"
    default = "the range begins after the end"


class UnsupportedMediaType(Error):
    code = "unsupported_media_type"
    default = "the body must be application/json"


class InternalError(Error):
    """Stands for every exception that is not an `Error`: a bug, told only to the log."""

    code = "internal_error"
    default = "something went wrong on our side; the request id will help us to find it"


class ClientGone(Exception):
    """The client hung up before its request was read: nobody is left to answer."""


STATUS: dict[type[Error], int] = {
    Moved: 301,
    BadRequest: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    RequestTimeout: 408,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    RangeNotSatisfiable: 416,
    Invalid: 422,
    RateLimited: 429,
    HeadersTooLarge: 431,
    InternalError: 500,
    Unavailable: 503,
}


ADDRESSES = {"post": "/api/v1/posts", "thread": "/api/v1/threads"}
"""Where what has moved is to be found, by its kind."""


def status_of(error: type[Error]) -> int:
    """The status of the nearest kind."""
    return next((STATUS[kind] for kind in error.__mro__ if kind in STATUS), 500)


class ErrorBody(msgspec.Struct, frozen=True):
    """What went wrong."""

    code: str
    """Stable, for programs."""
    message: str
    """For people; may change."""
    fields: dict[str, list[str]]
    """Reasons by field, where the input is at fault."""
    request_id: str
    retry_after: float | None = None
    """Seconds, where trying again makes sense."""
    moved_to: dict[str, str] | None = None
    """Kind and id of what it has become, where it is somewhere else now."""


class ErrorEnvelope(msgspec.Struct, frozen=True):
    """Every failure."""

    error: ErrorBody


def error_response(error: Error, exchange: Exchange) -> Response:
    """An error as its envelope, with the headers its kind demands."""
    status = status_of(type(error))
    body: dict[str, Any] = {
        **error.extra,
        "code": error.code,
        "message": error.message,
        "fields": error.fields,
        "request_id": exchange.request_id,
    }
    if isinstance(error, RateLimited | Unavailable):
        body["retry_after"] = round(error.retry_after, 3)
    return Response(encode({"error": body}), status, headers=_headers(error, exchange))


def failure_response(error: BaseException, exchange: Exchange) -> Response:
    """Any exception as a response; what is not an `Error` is logged with its traceback."""
    if isinstance(error, Error):
        return error_response(error, exchange)
    log.error("request failed", exc_info=error)
    return error_response(InternalError(), exchange)


def _headers(error: Error, exchange: Exchange) -> list[Header]:
    if isinstance(error, RateLimited | Unavailable):
        return [(b"retry-after", b"%d" % max(1, ceil(error.retry_after)))]
    if isinstance(error, Unauthorized):
        return [(b"www-authenticate", _challenge(exchange))]
    if isinstance(error, Moved):
        return [(b"location", f"{ADDRESSES[error.kind]}/{error.id}".encode())]
    if isinstance(error, RangeNotSatisfiable):
        return [(b"content-range", b"bytes */%d" % error.extra["size"])]
    if isinstance(error, MethodNotAllowed):
        allow = ", ".join(error.extra.get("allow", ()))
        return [(b"allow", allow.encode())]
    return []


def _challenge(exchange: Exchange) -> bytes:
    """RFC 6750 §3: a caller who sent no token is told no error."""
    sent = b"authorization" in exchange.headers
    return b'Bearer realm="cgraph", error="invalid_token"' if sent else b'Bearer realm="cgraph"'

"""Requests that fail before anything here sees them: no request at all, or a head that is too slow or too large."""

from cgraph_kit import logging

from .errors import BadRequest, HeadersTooLarge, RequestTimeout, error_response
from .exchange import Exchange
from .metrics import observe
from .plugs.request_id import request_id
from .plugs.security_headers import API_POLICY
from .response import JSON, Header

_ERRORS = {
    400: BadRequest(),
    408: RequestTimeout("the request did not arrive in time"),
    431: HeadersTooLarge(),
}


def early_refusal(status: int) -> tuple[bytes, list[Header]]:
    """The body and the headers of the answer to a request that ends with this status before it has begun."""
    id = request_id(None)
    observe("other", "unmatched", status, 0.0)
    logging.write("info", "request refused", {"status": status, "request_id": id})
    headers = [
        (b"content-type", JSON),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", API_POLICY),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", id.encode()),
    ]
    return error_response(_ERRORS[status], Exchange(id, "", {})).body, headers

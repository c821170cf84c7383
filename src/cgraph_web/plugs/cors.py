"""Which browsers' pages may call the API (CORS, Fetch standard).

Without credentials: tokens travel in a header that no browser adds by itself, so no cookie rules are needed.
"""

from collections.abc import Mapping, Sequence

from cgraph_web.response import Header

ALLOWED_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
ALLOWED_HEADERS = (
    b"Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Range, Upload-Offset, "
    b"X-File-Alt-Text, X-File-Name, X-Request-Id"
)
EXPOSED_HEADERS = (
    b"X-Request-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    b"X-RateLimit-Reset-After, X-RateLimit-Bucket, X-RateLimit-Scope, Idempotent-Replay, Location, "
    b"Accept-Ranges, Content-Disposition, Content-Range, ETag, Upload-Offset"
)
MAX_AGE = b"600"
_VARY = (b"vary", b"origin")


class Cors:
    """The origins that may, "*" for all; without any, no CORS header is ever sent."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._any = "*" in origins
        self._origins = frozenset(origin.rstrip("/").encode() for origin in origins)
        self.enabled = bool(origins)

    def preflight(self, headers: Mapping[bytes, bytes]) -> list[Header] | None:
        """What the answer to an OPTIONS request adds to `allow`, or None when it is not a browser's "may I?"."""
        if not self.enabled or b"access-control-request-method" not in headers:
            return None
        return [
            (b"access-control-allow-methods", ALLOWED_METHODS),
            (b"access-control-allow-headers", ALLOWED_HEADERS),
            (b"access-control-max-age", MAX_AGE),
        ]

    def allow(self, headers: Mapping[bytes, bytes]) -> list[Header]:
        """What an answer to this request adds, so that the browser hands it to the page."""
        origin = headers.get(b"origin")
        if origin is None or not (self._any or origin in self._origins):
            return [_VARY]
        return [
            (b"access-control-allow-origin", b"*" if self._any else origin),
            (b"access-control-expose-headers", EXPOSED_HEADERS),
            _VARY,
        ]

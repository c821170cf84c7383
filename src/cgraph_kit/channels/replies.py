"""What the protocol says about outcomes: the JSON of errors, closings and the few fixed answers."""

from typing import Any, Final

from cgraph_kit.errors import Error, RateLimited, Unavailable

from .protocol import to_json

OK: Final = b'"ok"'
ERROR: Final = b'"error"'
UNMATCHED: Final = b'{"reason":"unmatched topic"}'
TOO_MANY: Final = b'{"reason":"too many channels joined"}'
JOIN_CRASHED: Final = b'{"reason":"join crashed"}'
CRASHED: Final = b'{"reason":"channel_crash"}'
RESYNC: Final = b'{"reason":"resync"}'
PHX_CLOSE: Final = b'"phx_close"'
PHX_ERROR: Final = b'"phx_error"'


def refusal(error: Error) -> bytes:
    """An error a client can act on: its code as `reason`, and what else it knows."""
    response: dict[str, Any] = {**error.extra, "reason": error.code, "message": error.message}
    if error.fields:
        response["fields"] = error.fields
    if isinstance(error, RateLimited | Unavailable):
        response["retry_after"] = error.retry_after
    return to_json(response)

"""Why somebody does something: a header that audit logs keep."""

from urllib.parse import unquote

from cgraph_kit.errors import Invalid
from cgraph_web.exchange import Exchange

HEADER = "X-Audit-Log-Reason"
MAX_LENGTH = 512


def reason_of(exchange: Exchange) -> str | None:
    """What `X-Audit-Log-Reason` says, percent-encoded UTF-8 as headers are ASCII. Raises `Invalid`."""
    sent = exchange.headers.get(b"x-audit-log-reason")
    if sent is None:
        return None
    try:
        text = unquote(sent.decode(), errors="strict").strip()
    except UnicodeDecodeError:
        raise Invalid.field(HEADER, "must be percent-encoded UTF-8") from None
    if "\x00" in text or len(text) > MAX_LENGTH:
        raise Invalid.field(HEADER, f"must be at most {MAX_LENGTH} characters, without NUL")
    return text or None

"""A name for each request, in its answer, in errors and in every log line."""

import re
from secrets import token_hex

_SANE = re.compile(rb"[A-Za-z0-9._-]{8,128}")


def request_id(sent: bytes | None) -> str:
    """The caller's X-Request-Id if it cannot do harm in a log, else a new one."""
    if sent is not None and _SANE.fullmatch(sent):
        return sent.decode("ascii")
    return token_hex(16)

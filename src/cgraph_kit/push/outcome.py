"""What became of one push: four answers, whatever the provider calls them."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from cgraph_kit import clock

LONGEST_WAIT = 86_400.0
"""Seconds: nobody is believed who asks for more."""


class Sent(msgspec.Struct, frozen=True):
    """The provider has taken it; whether the device shows it nobody knows."""

    provider_id: str | None = None
    """What the provider calls it."""


class Gone(msgspec.Struct, frozen=True):
    """The device takes no more pushes by this token: forget it."""

    reason: str


class Retry(msgspec.Struct, frozen=True):
    """Not now."""

    reason: str
    after: float | None = None
    """Seconds the provider asks to wait; None: it named none."""


class Rejected(msgspec.Struct, frozen=True):
    """This push will not be taken, however often it is tried; the next one may be."""

    reason: str


Outcome = Sent | Gone | Retry | Rejected


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, which may be a number or a date (RFC 9110 §10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max((when - clock.now()).total_seconds(), 0.0), LONGEST_WAIT)

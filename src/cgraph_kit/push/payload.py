"""What a push says, before it is put into a provider's words and size."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

Urgency = Literal["very-low", "low", "normal", "high"]
"""RFC 8030 §5.3: from "when it costs nothing" to "wake the device"."""

LIMIT = 4096
"""Bytes a push may have, on every platform."""
ROUTING_MAX = 2048
"""Bytes of everything but the texts: the other half is theirs."""
TTL_MAX = 28 * 86_400
"""Seconds: FCM keeps nothing for longer."""

# A cut never leaves one of these behind: white space, and what would join or dress up what was cut off.
_LOOSE = " \t\r\n\u200d\ufe0f"


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """One push. Without title and body it is silent: it moves the badge or takes notifications away.

    Raises `ValueError` where everything but the texts exceeds `ROUTING_MAX` bytes.
    """

    id: str
    """The same in every try: the client drops what it has seen."""
    kind: str
    """What happened, as a word for the client's program."""
    title: str = ""
    body: str = ""
    url: str | None = None
    """Where a tap leads."""
    data: Mapping[str, str] = {}
    """What else the client needs to find its way."""
    badge: int | None = None
    """The number on the app's icon from now on; None leaves it."""
    collapse: str | None = None
    """A newer push takes the place of an older one with the same word, also where it still waits for its device."""
    retract: Sequence[str] = ()
    """`id` or `collapse` of earlier pushes to be taken away: read elsewhere, or deleted. More than fit: several pushes."""
    ttl: int = 86_400
    """Seconds the provider tries for; 0: now or never."""
    urgency: Urgency = "normal"

    def __post_init__(self) -> None:
        if not 0 <= self.ttl <= TTL_MAX:
            raise ValueError(f"ttl must be between 0 and {TTL_MAX} seconds")
        routing = content(self) | {"title": "", "body": ""}
        if len(msgspec.json.encode(routing)) > ROUTING_MAX:
            raise ValueError(f"everything but the texts must fit into {ROUTING_MAX} bytes")

    @property
    def silent(self) -> bool:
        return not self.title and not self.body


def content(payload: Payload) -> dict[str, Any]:
    """What the client gets to read, without what is missing."""
    found = {
        "id": payload.id,
        "kind": payload.kind,
        "title": payload.title,
        "body": payload.body,
        "url": payload.url,
        "badge": payload.badge,
        "collapse": payload.collapse,
        "data": payload.data,
        "retract": payload.retract,
    }
    return {
        name: value
        for name, value in found.items()
        if value is not None and value not in ("", {}, ())
    }


def fitted(payload: Payload, encode: Callable[[Payload], bytes], limit: int = LIMIT) -> bytes:
    """The push encoded into at most `limit` bytes: where it is longer the body is shortened, then the title.

    Cuts between code points, never within one. What is too long without any text is returned as it is.
    """
    encoded = encode(payload)
    for field in ("body", "title"):
        if len(encoded) <= limit:
            break
        payload = _shortened(payload, field, encode, limit)
        encoded = encode(payload)
    return encoded


def _shortened(
    payload: Payload, field: str, encode: Callable[[Payload], bytes], limit: int
) -> Payload:
    text: str = getattr(payload, field)

    def cut(kept: int) -> Payload:
        return msgspec.structs.replace(payload, **{field: _cut(text, kept)})

    # A code point has at least one byte, so no more than `limit` of them are worth a look.
    candidates = range(min(len(text), limit))
    fitting = bisect_right(candidates, limit, key=lambda kept: len(encode(cut(kept))))
    return cut(max(fitting - 1, 0))


def _cut(text: str, kept: int) -> str:
    start = text[:kept].rstrip(_LOOSE)
    return start + "…" if start else ""

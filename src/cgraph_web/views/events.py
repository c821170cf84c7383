"""What was missed, as the pushes would have carried it."""

from typing import Any

import msgspec

from cgraph_kit.streams import Missed
from cgraph_web.response import Response, encode


class ReplayedEvent(msgspec.Struct, frozen=True):
    """One missed event."""

    event: str
    payload: dict[str, Any]
    """With its `seq`."""


class MissedEvents(msgspec.Struct, frozen=True):
    """All that was missed (`resumed`), or the reason to reload; never a part."""

    seq: int
    """The last number there is."""
    resumed: bool
    events: list[ReplayedEvent]
    reason: str | None
    """`ahead`, `expired` or `too_many`."""


class MissedEnvelope(msgspec.Struct, frozen=True):
    """For the documentation: what `missed` answers."""

    data: MissedEvents


def missed(found: Missed) -> Response:
    """`{"data": …}`; the payloads are the log's own bytes."""
    events = [{"event": event.type, "payload": msgspec.Raw(event.body())} for event in found.events]
    data = {
        "seq": found.seq,
        "resumed": found.reason is None,
        "events": events,
        "reason": found.reason,
    }
    return Response(encode({"data": data}))

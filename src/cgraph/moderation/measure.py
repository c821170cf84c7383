"""What may be done about a case."""

from datetime import datetime
from typing import Literal

import msgspec

from cgraph_kit.errors import Invalid

from .case import Row

Measure = Literal["remove", "warn", "ban", "timeout"]
"""Take the thing away; tell the author; keep the author out of the group or forum; silence them in the group."""


class Doing(msgspec.Struct, frozen=True):
    """What measures go by."""

    case: Row
    until: datetime | None
    note: str | None


def impossible(measure: Measure) -> Invalid:
    """It cannot be done there."""
    return Invalid.field("measures", f"has {measure}, which cannot be done here")

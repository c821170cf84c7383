"""What a decision does in the place it is about, and how that is taken back."""

from datetime import datetime
from typing import Literal

import msgspec

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid

from .case import Effect, Row
from .errors import CannotUndo

Measure = Literal["remove", "warn", "ban", "timeout"]
"""Take the thing away; tell the author; keep the author out of the group or forum; silence them in the group."""


class Doing(msgspec.Struct, frozen=True):
    """What measures go by."""

    case: Row
    until: datetime | None
    note: str | None


async def act(tx: Transaction, actor: Actor, doing: Doing, measure: Measure) -> Effect:
    """Take a measure. Raises `Invalid` for one that cannot be taken there."""
    match measure, doing.case.item_kind:
        case "remove", "message":
            return await _remove_message(tx, actor, doing.case)
        case "warn", _ if doing.case.author_id is not None:
            return Effect("warn")
    raise Invalid.field("measures", f"has {measure}, which cannot be done here")


async def revert(tx: Transaction, actor: Actor, case: Row, effect: Effect) -> None:
    """Make it as if it had not been. Raises `CannotUndo`."""
    if not effect.reversible:
        raise CannotUndo(f"{effect.kind} cannot be taken back")


async def _remove_message(tx: Transaction, actor: Actor, case: Row) -> Effect:
    conversation_id = case.container_id or case.item_id
    await messaging.remove_message(tx, conversation_id, case.item_id, by=actor.id)
    return Effect("remove", reversible=False)

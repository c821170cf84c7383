"""What a decision does in the place it is about, and how that is taken back."""

from typing import assert_never

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction

from . import forum_effects, group_effects, message_effects
from .case import Effect, Row
from .errors import CannotUndo
from .measure import Doing, Measure, impossible


async def act(tx: Transaction, actor: Actor, doing: Doing, measure: Measure) -> Effect:
    """Take a measure, as the place's own rules let the actor. Raises `Invalid` for one that cannot be taken there."""
    case = doing.case
    if case.author_id is None and measure != "remove":
        raise impossible(measure)
    if measure == "warn":
        return Effect("warn")
    if measure == "remove" and case.item_kind == "message":
        return await message_effects.remove(tx, actor, doing)
    match case.place_kind:
        case "forum":
            return await forum_effects.act(tx, actor, doing, measure)
        case "group":
            return await group_effects.act(tx, actor, doing, measure)
        case "site":
            raise impossible(measure)
        case _:
            assert_never(case.place_kind)


async def revert(tx: Transaction, actor: Actor, case: Row, effect: Effect) -> None:
    """Make it as if it had not been. Raises `CannotUndo`, and as the place does."""
    if not effect.reversible:
        raise CannotUndo(f"{effect.kind} cannot be taken back")
    if effect.kind == "warn":
        return
    if case.place_kind == "forum":
        await forum_effects.revert(tx, actor, case, effect)
    elif case.place_kind == "group":
        await group_effects.revert(tx, actor, case, effect)

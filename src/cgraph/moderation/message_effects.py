"""Taking away what somebody said in a conversation, channel or thread. The words are gone: only the case keeps them."""

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph_kit.db import Transaction

from .case import Effect
from .measure import Doing


async def remove(tx: Transaction, actor: Actor, doing: Doing) -> Effect:
    """Empty the message for everybody; where it is empty or gone already, there is nothing to do."""
    case = doing.case
    place_id = case.container_id or case.item_id
    try:
        removed = await messaging.remove_message(tx, place_id, case.item_id, by=actor.id)
    except messaging.MessageNotFound:
        removed = False
    if removed and case.place_kind == "group" and case.place_id is not None:
        await groups.note_removed_message(
            tx, actor, case.place_id, place_id, case.author_id, reason=doing.note
        )
    return Effect("remove", reversible=not removed)

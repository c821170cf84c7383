"""Measures in a forum, by its own rules; each is an act of its log, by which it is taken back."""

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.forums import NewForumBan
from cgraph_kit.db import Transaction

from .case import Effect, Row
from .errors import CannotUndo
from .measure import Doing, Measure, impossible

GONE = (forums.AlreadyDone, forums.PostNotFound, forums.CommentNotFound)
"""There is nothing left to take away."""


async def act(tx: Transaction, actor: Actor, doing: Doing, measure: Measure) -> Effect:
    """Raises as `forums.remove_post` and `forums.ban_user`, `Invalid`."""
    if measure == "remove":
        return await _remove(tx, actor, doing)
    if measure == "ban":
        return await _ban(tx, actor, doing)
    raise impossible(measure)


async def _remove(tx: Transaction, actor: Actor, doing: Doing) -> Effect:
    remove = forums.remove_post if doing.case.item_kind == "post" else forums.remove_comment
    try:
        entry = await remove(tx, actor, doing.case.item_id, reason=doing.note)
    except GONE:
        # What was hidden for the time being stays so, and comes back with this decision.
        return Effect("remove", ref=doing.case.hidden_act_id)
    return Effect("remove", ref=entry.id)


async def _ban(tx: Transaction, actor: Actor, doing: Doing) -> Effect:
    place_id, author_id = doing.case.place_id, doing.case.author_id
    if place_id is None or author_id is None:
        raise impossible("ban")
    new = NewForumBan(doing.note, doing.until)
    entry = await forums.ban_user(tx, actor, place_id, author_id, new)
    return Effect("ban", ref=entry.id)


async def revert(tx: Transaction, actor: Actor, case: Row, effect: Effect) -> None:
    """Raises `CannotUndo`."""
    if effect.ref is None or case.place_id is None:
        return
    try:
        await forums.undo_act(tx, actor, case.place_id, effect.ref)
    except (forums.CannotUndoAct, forums.ActNotFound, forums.ForumNotFound) as error:
        raise CannotUndo(error.message) from None

"""What many have reported is hidden until somebody has decided: so far the community decides itself."""

from uuid import UUID

from cgraph import forums
from cgraph.accounts import Actor
from cgraph_kit.db import Transaction

from .case import Row
from .limits import Limits
from .report import NewReport

UNSHOWABLE = (
    forums.CannotUndoAct,
    forums.CommentNotFound,
    forums.ForumNotFound,
    forums.NotModerator,
    forums.OutrankedInForum,
)
"""Somebody else decided about it, or who decides may not."""
SEVERAL = 3
"""Reporters it takes, however much each weighs."""


async def hide_if_many(
    tx: Transaction, case_id: UUID, new: NewReport, score: float, limits: Limits
) -> None:
    """Hide a post or comment whose case has reached the score, once; not what moderators wrote. The caller holds the case."""
    if not limits.report_hide_score or score < limits.report_hide_score:
        return
    if new.kind not in {"post", "comment"} or not await tx.value(_DUE, case_id, SEVERAL):
        return
    hide = forums.hide_reported_post if new.kind == "post" else forums.hide_reported_comment
    act_id = await hide(tx, new.id)
    if act_id is not None:
        await tx.value(_HIDDEN, case_id, act_id)


async def show_again(tx: Transaction, actor: Actor, case: Row) -> None:
    """Put back what was hidden, if nobody has touched or moved it since and who decides may."""
    if case.hidden_act_id is None or case.place_id is None:
        return
    try:
        await forums.undo_act(tx, actor, case.place_id, case.hidden_act_id)
    except forums.ActNotFound:
        await _show_where_it_is(tx, actor, case, case.hidden_act_id)
    except UNSHOWABLE:
        return


async def _show_where_it_is(tx: Transaction, actor: Actor, case: Row, act_id: UUID) -> None:
    """A comment that was moved with its post since: the act stands in the log of the forum it was in."""
    if case.item_kind != "comment" or not await forums.is_removed_by(tx, case.item_id, act_id):
        return
    try:
        await forums.restore_comment(tx, actor, case.item_id)
    except UNSHOWABLE:
        return


_DUE = """
SELECT true FROM moderation_cases WHERE id = $1 AND hidden_act_id IS NULL AND report_count >= $2
"""
_HIDDEN = "UPDATE moderation_cases SET hidden_act_id = $2 WHERE id = $1"

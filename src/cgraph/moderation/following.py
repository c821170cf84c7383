"""Cases go where the thing goes they are about: acts of a forum's moderators that carry posts into another forum."""

from uuid import UUID

import msgspec

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.forums import LogEntry
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction


async def move_post(
    db: Repo,
    actor: Actor,
    post_id: UUID,
    to: UUID | str,
    *,
    reason: str | None = None,
    limits: forums.Limits = forums.DEFAULT_LIMITS,
) -> LogEntry:
    """As `forums.move_post`; open cases of the post, and of what was said about it, are then for those who moderate there."""
    async with db.transaction() as tx:
        case_ids = await _hold_cases(tx, post_id)
        entry = await forums.move_post(tx, actor, post_id, to, reason=reason, limits=limits)
        await _follow(tx, case_ids, post_id)
        return entry


async def undo_forum_act(
    db: Repo, actor: Actor, forum: UUID | str, act_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """As `forums.undo_act`; the open cases of a post that comes back come with it."""
    async with db.transaction() as tx:
        post_id = await forums.find_moved_post(tx, act_id)
        case_ids = await _hold_cases(tx, post_id) if post_id else []
        entry = await forums.undo_act(tx, actor, forum, act_id, reason=reason)
        if post_id is not None:
            await _follow(tx, case_ids, post_id)
        return entry


class _Open(msgspec.Struct, frozen=True):
    id: UUID
    item_id: UUID


async def _hold_cases(tx: Transaction, post_id: UUID) -> list[UUID]:
    """The open cases of a post and what was said about it, which nobody decides meanwhile."""
    forum_id = await forums.find_forum_of_post(tx, post_id)
    if forum_id is None:
        return []
    there = await tx.all(_Open, _OPEN, forum_id)
    about = await forums.find_said_about(tx, post_id, [case.item_id for case in there])
    wanted = [case.id for case in there if case.item_id in about]
    return await tx.values(_HOLD, wanted) if wanted else []


async def _follow(tx: Transaction, case_ids: list[UUID], post_id: UUID) -> None:
    if case_ids:
        forum_id = await forums.find_forum_of_post(tx, post_id)
        await tx.value(_MOVE, case_ids, forum_id, clock.now())


_OPEN = """
SELECT id, item_id FROM moderation_cases
WHERE place_id = $1 AND state = 'pending' AND item_kind IN ('post', 'comment')
"""
# What was decided by the time they are held stays with who decided it.
_HOLD = """
SELECT id FROM moderation_cases WHERE id = ANY($1) AND state = 'pending' ORDER BY id FOR NO KEY UPDATE
"""
# Nobody who has claimed one need moderate there.
_MOVE = """
UPDATE moderation_cases SET place_id = $2, updated_at = $3, version = version + 1, claimed_by = NULL, claimed_until = NULL
WHERE id = ANY($1) AND place_id <> $2
"""

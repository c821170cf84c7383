"""What happened in a group since a member last looked."""

from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit import streams
from cgraph_kit.db import Repo
from cgraph_kit.streams import Missed

from .limits import DEFAULT_LIMITS, Limits
from .standing import get_standing


async def read_since(
    db: Repo, actor: Actor, group_id: UUID, since: int | None, *, limits: Limits = DEFAULT_LIMITS
) -> Missed:
    """Everything after `since`, or the reason why that cannot be given; None: only the last number.

    What is from before they came is `expired` to them, and all that follows with it. Raises `GroupNotFound`.
    """
    await get_standing(db, actor.id, group_id)
    if since is None:
        return Missed(await streams.last_seq(db, group_id))
    missed = await streams.since(db, group_id, since, most=limits.resume_max)
    if missed.events and await db.value(_BEFORE, group_id, actor.id, since):
        return Missed(missed.seq, reason="expired")
    return missed


_BEFORE = """
SELECT EXISTS (
    SELECT FROM events e JOIN group_members m ON m.group_id = $1 AND m.user_id = $2
    WHERE e.stream_id = $1 AND e.seq > $3 AND e.inserted_at < m.joined_at
)
"""

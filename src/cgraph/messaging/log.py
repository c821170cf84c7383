"""What a client has missed: the event logs of conversations and of people, read by those who may."""

from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit import streams
from cgraph_kit.db import Repo

from .access import get_access
from .limits import DEFAULT_LIMITS, Limits


async def read_since(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    since: int | None,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> streams.Missed:
    """Every event of a conversation after a number (None: only where it stands), or the reason to reload; nothing from before one joined.

    Imported history is in no log: a reader from before it is told to reload. Raises `ConversationNotFound`.
    """
    access = await get_access(db, actor, conversation_id)
    if since is None:
        return streams.Missed(await streams.last_seq(db, conversation_id))
    after = max(since, access.joined_seq)
    missed = await streams.since(db, conversation_id, after, most=limits.resume_max)
    # Somebody may have been removed while the log was read.
    await get_access(db, actor, conversation_id)
    return missed


async def read_own_since(
    db: Repo, actor: Actor, since: int, *, limits: Limits = DEFAULT_LIMITS
) -> streams.Missed:
    """The same of the actor's own stream."""
    return await streams.since(db, actor.id, since, most=limits.resume_max)

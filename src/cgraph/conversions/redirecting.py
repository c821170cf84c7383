"""Old addresses of what was converted lead to what it is now, for who may read that."""

from uuid import UUID

from cgraph import forums, groups
from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .errors import ConvertedAway
from .kept import Target, find_target


async def lead_on(db: Repo, actor: Actor | None, source_id: UUID) -> None:
    """Raise `ConvertedAway` where a thread or post that is not there has become something the actor may read."""
    target = await find_target(db, source_id)
    if target is not None and await _may_read(db, actor, target):
        raise ConvertedAway(target.kind, target.id)


async def _may_read(db: Repo, actor: Actor | None, target: Target) -> bool:
    if target.kind == "post":
        try:
            return (await forums.get_post_place(db, actor, target.id)).there
        except forums.PostNotFound:
            return False
    if actor is None:
        return False
    try:
        await groups.get_access(db, actor.id, target.id)
    except groups.ChannelNotFound:
        return False
    return True

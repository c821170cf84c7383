"""Groups, channels and threads by their ids, as one person sees them: one statement of a kind, however many groups they are of."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .access import list_accesses
from .channel import Channel
from .channel_list import SEVERAL, seen_channels
from .group import Group
from .overview import list_these_groups
from .permissions import Permission
from .thread import THREAD, Thread

MOST_NAMES = 20
"""Names looked for at once."""


async def list_groups_by_ids(db: Repo, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Group]:
    """Those of these groups the actor is in, by id."""
    if not ids:
        return {}
    return {group.id: group for group in await list_these_groups(db, actor, ids)}


async def list_channels_by_ids(db: Repo, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Channel]:
    """Those of these channels the actor sees, by id."""
    if not ids:
        return {}
    channels = await seen_channels(db, SEVERAL, actor.id, list(ids))
    return {one.id: one for one in channels if one.bits & Permission.VIEW_CHANNEL}


async def list_threads_by_ids(db: Repo, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, Thread]:
    """Those of these threads the actor sees, by id. Two statements."""
    accesses = await list_accesses(db, [(id, actor.id) for id in ids])
    seen = [access.conversation_id for access in accesses.values() if access.is_thread]
    if not seen:
        return {}
    return {thread.id: thread for thread in await db.all(Thread, _THREADS, actor.id, seen)}


class NamedPlace(msgspec.Struct, frozen=True):
    """A group, or a channel or thread in one."""

    name: str
    """Its own or, of what comes with its channel, that one's: in lower case, or the id as a text, as it was asked for."""
    id: UUID


async def find_named_places(
    db: Repo, actor: Actor, names: Sequence[str], ids: Sequence[UUID] = ()
) -> list[NamedPlace]:
    """Groups, channels and threads of the actor's groups with one of these names, whatever their case, and channels with
    one of these ids; one statement.

    A channel comes with all its threads. Whether the actor sees them is for the caller to ask.
    """
    wanted = [name.lower() for name in names][:MOST_NAMES]
    return await db.all(NamedPlace, _NAMED, actor.id, wanted, ids[:MOST_NAMES])


_THREADS = f"SELECT {THREAD} FROM group_threads t WHERE t.id = ANY ($2)"
_NAMED = """
WITH mine AS MATERIALIZED (
    SELECT g.id, g.name FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = $1
), c AS (
    SELECT lower(c.name) AS name, c.id FROM mine JOIN group_channels c ON c.group_id = mine.id
    WHERE lower(c.name) = ANY ($2) AND c.kind <> 'category'
    UNION SELECT c.id::text, c.id FROM mine JOIN group_channels c ON c.group_id = mine.id
    WHERE c.id = ANY ($3::uuid[]) AND c.kind <> 'category'
)
SELECT lower(name), id FROM mine WHERE lower(name) = ANY ($2)
UNION SELECT name, id FROM c
UNION SELECT c.name, t.id FROM c JOIN group_threads t ON t.channel_id = c.id
UNION SELECT lower(t.name), t.id FROM mine JOIN group_threads t ON t.group_id = mine.id WHERE lower(t.name) = ANY ($2)
"""

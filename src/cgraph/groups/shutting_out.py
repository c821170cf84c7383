"""Who has lost sight of a group, a channel or a thread: many people and places at once, for open topics."""

from collections.abc import Collection, Iterable
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo

from .access import list_accesses
from .standing import list_standings

Pair = tuple[UUID, UUID]
"""A place (the group itself, a channel or a thread) and a person."""
AT_ONCE = 2000


async def find_shut_out(db: Repo, group_id: UUID, pairs: Collection[Pair]) -> set[Pair]:
    """Those of these pairs where the person may not, or no longer, see the place; or where there is none.

    The places are the group itself, its channels and threads.
    """
    inside = {user_id for place_id, user_id in pairs if place_id == group_id}
    within = await _members(db, group_id, inside) if inside else set()
    seen = {(group_id, user_id) for user_id in within}
    for some in _batches(pair for pair in pairs if pair[0] != group_id):
        seen |= (await list_accesses(db, some)).keys()
    return set(pairs) - seen


async def map_places(db: Repo, place_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The group of each of these channels and threads that there are. It never changes."""
    return {row.id: row.group_id for row in await db.all(_Place, _PLACES, list(place_ids))}


async def _members(db: Repo, group_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    standings = await list_standings(db, group_id, list(user_ids))
    return {standing.member.user_id for standing in standings}


def _batches(pairs: Iterable[Pair]) -> Iterable[list[Pair]]:
    found = list(pairs)
    return (found[at : at + AT_ONCE] for at in range(0, len(found), AT_ONCE))


class _Place(msgspec.Struct, frozen=True):
    id: UUID
    group_id: UUID


_PLACES = """
SELECT id, group_id FROM group_channels WHERE id = ANY($1)
UNION ALL SELECT id, group_id FROM group_threads WHERE id = ANY($1)
"""

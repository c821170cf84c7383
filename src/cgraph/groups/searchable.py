"""Groups, channels and threads as search finds them; and where messages lie that were said in them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph.searchable import Reached, Scanned, Searchable
from cgraph_kit.db import Repo

SearchableKind = Literal["group", "channel"]


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    group_id: UUID
    channel_id: UUID | None
    name: str
    text: str | None
    features: list[str]
    private: bool
    inserted_at: datetime
    shown: bool

    def thing(self, kind: SearchableKind) -> Searchable:
        return Searchable(
            kind=kind,
            id=self.id,
            container_id=self.id,
            channel_id=None if self.private else self.channel_id,
            community_id=None if self.private else self.group_id,
            inserted_at=self.inserted_at,
            title=self.name,
            text=self.text or "",
            features=tuple(self.features),
        )


async def list_searchable(
    db: Repo, kind: SearchableKind, ids: Collection[UUID]
) -> list[Searchable]:
    """Groups, or channels and threads, by name and topic; those that are gone are left out. One statement."""
    rows = await db.all(_Row, _LIST[kind], list(ids))
    return [row.thing(kind) for row in rows if row.shown]


async def scan_searchable(db: Repo, kind: SearchableKind, after: Reached, limit: int) -> Scanned:
    """All groups, or all channels and threads."""
    rows = await db.all(_Row, _SCAN[kind], after.id, limit)
    reached = Reached(rows[-1].id) if len(rows) == limit else None
    return Scanned([row.thing(kind) for row in rows if row.shown], reached)


class _Place(msgspec.Struct, frozen=True):
    id: UUID
    channel_id: UUID | None
    group_id: UUID


async def locate(db: Repo, things: Sequence[Searchable]) -> list[Searchable]:
    """The same with the channel and group of what lies in channels and public threads."""
    ids = {thing.container_id for thing in things}
    places = {row.id: row for row in await db.all(_Place, _PLACES, list(ids))} if ids else {}
    return [_located(thing, places.get(thing.container_id)) for thing in things]


def _located(thing: Searchable, place: _Place | None) -> Searchable:
    if place is None:
        return thing
    return msgspec.structs.replace(thing, channel_id=place.channel_id, community_id=place.group_id)


_GROUPS = """
SELECT id, id, NULL::uuid, name, description, '{}'::text[], false, inserted_at, true FROM groups
"""
_CHANNELS = """
SELECT c.id, c.group_id, NULL::uuid AS channel_id, c.name, c.topic AS text,
    array_remove(ARRAY[c.kind, CASE WHEN c.archived_at IS NOT NULL THEN 'archived' END], NULL) AS features,
    false AS private, c.inserted_at, c.kind <> 'category' AS shown
FROM group_channels c
"""
_THREADS = """
SELECT t.id, t.group_id, t.channel_id, t.name, NULL,
    array_remove(ARRAY['thread', CASE WHEN t.archived_at IS NOT NULL THEN 'archived' END,
        CASE WHEN t.locked THEN 'locked' END], NULL),
    t.private, t.inserted_at, true
FROM group_threads t
"""
_LIST = {
    "group": f"{_GROUPS} WHERE id = ANY($1)",
    "channel": f"{_CHANNELS} WHERE c.id = ANY($1) UNION ALL {_THREADS} WHERE t.id = ANY($1)",
}
_SCAN = {
    "group": f"{_GROUPS} WHERE id > $1 ORDER BY id LIMIT $2",
    "channel": f"""
SELECT * FROM ({_CHANNELS} WHERE c.id > $1 ORDER BY c.id LIMIT $2) c
UNION ALL SELECT * FROM ({_THREADS} WHERE t.id > $1 ORDER BY t.id LIMIT $2) t
ORDER BY id LIMIT $2
""",
}
_PLACES = """
SELECT id, NULL::uuid, group_id FROM group_channels WHERE id = ANY($1)
UNION ALL SELECT id, channel_id, group_id FROM group_threads WHERE id = ANY($1) AND NOT private
"""

"""Hanging files on things, and taking them off.

Whoever makes or removes an attachment holds the file's row first; several are held in the order of their ids. So a file
that is attached while it is being collected is either kept or was gone before.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid

from .errors import FileNotFound, FileNotReady, TooManyFiles
from .file import OF_BLOB, Attachment, Kind, thumbnails_of
from .removing import remove_unattached

KEPT: Kind = "kept"
"""A thing that is shown nowhere for now, but kept for a place: until it is shown again, or the place is gone (`release_kept`)."""
ATTACHMENTS_MAX = 10
"""Files on one thing, unless the caller says otherwise."""


class Hung(msgspec.Struct, frozen=True):
    """A thing files hang on."""

    kind: Kind
    item_id: UUID
    place_id: UUID | None = None
    """Where it lies: what a reader needs to know to say who may read it."""


async def claim(
    tx: Transaction,
    actor: Actor,
    file_ids: Sequence[UUID],
    *,
    kind: Kind,
    item_id: UUID,
    place_id: UUID | None = None,
    most: int = ATTACHMENTS_MAX,
) -> list[Attachment]:
    """Hang the actor's own files on a thing, in this order, after what hangs there; what does already stays.

    Raises `FileNotFound` for what is not the actor's own upload, `FileNotReady`, `TooManyFiles`, and `Invalid` for one
    named twice.
    """
    if not file_ids:
        return []
    if len(set(file_ids)) < len(file_ids):
        raise Invalid.field("file_ids", "names a file twice")
    states = {row.id: row.state for row in await tx.all(_Held, _HOLD, list(file_ids), actor.id)}
    if len(states) < len(file_ids):
        raise FileNotFound
    for state in states.values():
        if state != "ready":
            raise FileNotReady(state=state)
    hanging = await tx.value(_HANG, kind, item_id, place_id, list(file_ids))
    if hanging > most:
        raise TooManyFiles(limit=most)
    attached = {one.id: one for one in (await list_attached(tx, kind, [item_id]))[item_id]}
    return [attached[id] for id in file_ids]


async def release(tx: Transaction, kind: Kind, item_ids: Collection[UUID]) -> None:
    """Take off all files of these things; those that hang on nothing else are removed."""
    file_ids = await tx.values(_FILES_OF, kind, list(item_ids))
    if file_ids:
        await _take_off(tx, kind, list(item_ids), file_ids)


async def release_in(
    tx: Transaction, kind: Kind, item_ids: Collection[UUID], place_ids: Collection[UUID]
) -> None:
    """The same of things in these places: what has gone on to another place under its id keeps its files."""
    there = await tx.values(_THERE, kind, list(item_ids), list(place_ids))
    await release(tx, kind, there)


async def release_kept(tx: Transaction, place_ids: Collection[UUID]) -> None:
    """The same of all that was kept for these places."""
    await release(tx, KEPT, await tx.values(_KEPT_FOR, KEPT, list(place_ids)))


async def release_files(
    tx: Transaction, kind: Kind, item_id: UUID, file_ids: Collection[UUID]
) -> None:
    """Take some files off a thing; those that hang on nothing else are removed. Others than hang there are left alone."""
    if file_ids:
        await _take_off(tx, kind, [item_id], list(file_ids))


async def copy(tx: Transaction, sources: Sequence[Hung], targets: Sequence[Hung]) -> None:
    """Hang on each target what hangs on its source, as forwards and crossposts do. Who reads the source was asked before.

    What is taken off the source meanwhile is not copied.
    """
    if not sources:
        return
    columns = _columns(sources, targets)
    await tx.values(_HOLD_SOURCES, columns[0], columns[1])
    await tx.value(_COPY, *columns)


async def move(tx: Transaction, sources: Sequence[Hung], targets: Sequence[Hung]) -> None:
    """Hang what hangs on each source on its target instead, as when a thing becomes another. Nothing is removed."""
    if not sources:
        return
    columns = _columns(sources, targets)
    await tx.values(_HOLD_SOURCES, columns[0], columns[1])
    await tx.value(_COPY, *columns)
    await tx.value(_DROP_SOURCES, columns[0], columns[1])


async def list_attached(
    db: Repo, kind: Kind, item_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[Attachment]]:
    """What hangs on these things, in order; a thing with nothing on it has an empty list. One statement."""
    found: dict[UUID, list[Attachment]] = defaultdict(list)
    if item_ids:
        for row in await db.all(_Attached, _LIST, kind, list(item_ids)):
            found[row.item_id].append(row.attachment())
    return found


def _columns(sources: Sequence[Hung], targets: Sequence[Hung]) -> tuple[list[Any], ...]:
    pairs = list(zip(sources, targets, strict=True))
    return (
        [source.kind for source, _ in pairs],
        [source.item_id for source, _ in pairs],
        [target.kind for _, target in pairs],
        [target.item_id for _, target in pairs],
        [target.place_id for _, target in pairs],
    )


async def _take_off(
    tx: Transaction, kind: Kind, item_ids: list[UUID], file_ids: list[UUID]
) -> None:
    held = await tx.values(_HOLD_ANY, file_ids)
    await tx.value(_TAKE_OFF, kind, item_ids, held)
    await remove_unattached(tx, held)


class _Held(msgspec.Struct, frozen=True):
    id: UUID
    state: str


class _Attached(msgspec.Struct, frozen=True):
    item_id: UUID
    id: UUID
    name: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    frames: int | None
    duration: float | None
    placeholder: str | None
    thumbnails: list[dict[str, str | int]]
    alt_text: str | None

    def attachment(self) -> Attachment:
        values = msgspec.structs.asdict(self)
        del values["item_id"]
        return Attachment(**values | {"thumbnails": thumbnails_of(self.thumbnails)})


_HOLD = """
SELECT id, state FROM files WHERE id = ANY($1) AND user_id = $2 ORDER BY id FOR NO KEY UPDATE
"""
_HOLD_ANY = "SELECT id FROM files WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
_THERE = """
SELECT DISTINCT item_id FROM file_attachments WHERE kind = $1 AND item_id = ANY($2) AND place_id = ANY($3)
"""
_KEPT_FOR = "SELECT DISTINCT item_id FROM file_attachments WHERE kind = $1 AND place_id = ANY($2)"
_FILES_OF = "SELECT DISTINCT file_id FROM file_attachments WHERE kind = $1 AND item_id = ANY($2)"
# How many hang there then; two who add to one thing hold that thing, not the files.
_HANG = """
WITH before AS (
    SELECT coalesce(max(position) + 1, 0) AS next, count(*) AS n FROM file_attachments WHERE kind = $1 AND item_id = $2
), hung AS (
    INSERT INTO file_attachments (kind, item_id, place_id, file_id, position)
    SELECT $1, $2, $3, i.id, b.next + i.n - 1
    FROM unnest($4::uuid[]) WITH ORDINALITY AS i (id, n), before b
    ON CONFLICT DO NOTHING RETURNING 1
), bound AS (
    UPDATE files SET loose = false WHERE id = ANY($4) AND loose
)
SELECT n + (SELECT count(*) FROM hung) FROM before
"""
_TAKE_OFF = """
DELETE FROM file_attachments WHERE kind = $1 AND item_id = ANY($2) AND file_id = ANY($3)
"""
_SOURCES = """
unnest($1::text[], $2::uuid[]) AS s (kind, item_id)
JOIN file_attachments a ON a.kind = s.kind AND a.item_id = s.item_id
"""
_HOLD_SOURCES = f"""
SELECT id FROM files WHERE id IN (SELECT a.file_id FROM {_SOURCES}) ORDER BY id FOR NO KEY UPDATE
"""
_COPY = """
INSERT INTO file_attachments (kind, item_id, place_id, file_id, position)
SELECT t.kind, t.item_id, t.place_id, a.file_id, a.position
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[])
         AS t (source_kind, source_id, kind, item_id, place_id)
JOIN file_attachments a ON a.kind = t.source_kind AND a.item_id = t.source_id
ON CONFLICT DO NOTHING
"""
_DROP_SOURCES = f"""
DELETE FROM file_attachments WHERE (kind, item_id, file_id) IN (SELECT a.kind, a.item_id, a.file_id FROM {_SOURCES})
"""
_LIST = f"""
SELECT a.item_id, f.id, f.name, b.content_type, b.size, {OF_BLOB}, f.alt_text
FROM file_attachments a JOIN files f ON f.id = a.file_id JOIN file_blobs b ON b.id = f.blob_id
WHERE a.kind = $1 AND a.item_id = ANY($2) ORDER BY a.item_id, a.position, a.file_id
"""

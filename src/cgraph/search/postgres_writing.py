"""Writing documents: those that were are taken out, those that are put in, in two statements."""

from collections.abc import Sequence

from cgraph_kit.db import Transaction

from .document import Document, Gone
from .postgres_partitions import make_partitions


async def write(tx: Transaction, documents: Sequence[Document], gone: Sequence[Gone]) -> None:
    """Have these as they are now, and no longer those that are gone. Nobody else writes before this transaction ends."""
    stale = {Gone(*one.key, one.inserted_at) for one in documents}
    stale.update(one for one in gone if one.inserted_at is not None)
    if stale:
        await _take_out(tx, stale)
    if documents:
        await make_partitions(tx, {one.inserted_at for one in documents})
        await _put_in(tx, documents)


async def _take_out(tx: Transaction, stale: set[Gone]) -> None:
    ordered = sorted(stale, key=lambda one: (one.inserted_at, one.id))
    await tx.value(
        _TAKE_OUT,
        [one.kind for one in ordered],
        [one.id for one in ordered],
        # Of messages alone the container is part of the name; other things may have been moved.
        [one.container_id if one.kind == "message" else None for one in ordered],
        [one.inserted_at for one in ordered],
    )


async def _put_in(tx: Transaction, documents: Sequence[Document]) -> None:
    ordered = sorted(documents, key=lambda one: one.inserted_at)
    await tx.value(
        _PUT_IN,
        [one.inserted_at for one in ordered],
        [one.seq for one in ordered],
        [one.id for one in ordered],
        [one.container_id for one in ordered],
        [one.channel_id for one in ordered],
        [one.community_id for one in ordered],
        [one.item_id for one in ordered],
        [one.author_id for one in ordered],
        [one.kind for one in ordered],
        # Arrays of arrays would have to be rectangles.
        [_array(one.features) for one in ordered],
        [one.terms for one in ordered],
    )


def _array(texts: Sequence[str]) -> str:
    quoted = ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return f"{{{quoted}}}"


# Files go with what they hang on. The condition that is always true makes the planner expect one row, and find each by its
# index while it knows nothing of the table.
_TAKE_OUT = """
WITH stale AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[]) AS g (kind, id, container_id, at)
    WHERE length(kind) = abs(length(kind))
), things AS (
    DELETE FROM search_documents d USING stale g
    WHERE d.inserted_at = g.at AND d.id = g.id AND d.kind = g.kind
        AND (g.container_id IS NULL OR d.container_id = g.container_id)
)
DELETE FROM search_documents d USING stale g
WHERE d.inserted_at = g.at AND d.item_id = g.id AND d.kind = 'file' AND g.kind <> 'file'
"""
_PUT_IN = """
INSERT INTO search_documents (inserted_at, seq, id, container_id, channel_id, community_id, item_id, author_id, kind,
    features, terms, generation)
SELECT i.inserted_at, i.seq, i.id, i.container_id, i.channel_id, i.community_id, i.item_id, i.author_id, i.kind,
    i.features::text[], i.terms::tsvector, g.generation
FROM unnest($1::timestamptz[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
    $9::text[], $10::text[], $11::text[])
    AS i (inserted_at, seq, id, container_id, channel_id, community_id, item_id, author_id, kind, features, terms),
    (SELECT coalesce(max(generation), 1) AS generation FROM search_rebuilds) g
"""

"""Links where they stand: asked for with the text, and shown there once their pages have been read."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cgraph_kit.db import Database, Transaction
from cgraph_kit.ids import new_id

from .preview import Kind, Placed, Preview, from_stored

AT_ONCE = 100
"""Things that are looked up at a time."""

Show = Callable[[Transaction, Placed], Awaitable[None]]
"""Holds a thing, shows what `list_ready` finds, and tells those who see it. Nothing where the thing is gone."""
Shows = Mapping[Kind, Show]
"""Who does so for what; the application knows them all."""


async def place_links(tx: Transaction, placed: Placed, urls: Sequence[str]) -> list[UUID]:
    """Let exactly these links stand in a thing that is held, or being made. Those that are to be read: theirs is a job each."""
    await tx.value(_LEAVE, placed.kind, placed.item_id, list(urls))
    if not urls:
        return []
    # In one order, so that those who name the same addresses at the same time do not wait for each other.
    named = sorted(urls)
    hosts = [urlsplit(url).hostname or "" for url in named]
    await tx.value(_NAME, [new_id() for _ in named], named, hosts)
    return await tx.values(_PLACE, placed.kind, placed.item_id, placed.place_id, list(urls))


async def drop_links(tx: Transaction, placed: Placed) -> None:
    """No links stand in it any more, as far as previews go."""
    await place_links(tx, placed, ())


async def list_ready(tx: Transaction, placed: Placed) -> list[Preview]:
    """What is to be shown of the links in a thing, in their order. The caller holds it, and shows exactly this."""
    rows: list[dict[str, Any]] = await tx.values(_READY, placed.kind, placed.item_id)
    return from_stored(rows)


async def show_everywhere(db: Database, shows: Shows, preview_id: UUID) -> None:
    """Show what a page says wherever its link waits for that. Twice is harmless: what is settled waits no more."""
    while waiting := await db.all(Placed, _WAITING, preview_id, AT_ONCE):
        for placed in waiting:
            async with db.transaction() as tx:
                if placed.kind in shows and await tx.value(_HAS_PAGE, preview_id):
                    await shows[placed.kind](tx, placed)
                await tx.value(_SETTLE, placed.kind, placed.item_id, preview_id)


_LEAVE = """
DELETE FROM link_preview_uses u WHERE kind = $1 AND item_id = $2
    AND NOT EXISTS (SELECT FROM link_previews p WHERE p.id = u.preview_id AND p.url = ANY($3::text[]))
"""
_NAME = """
INSERT INTO link_previews (id, url, host) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT (url) DO NOTHING
"""
# Held: what is being forgotten at this moment is waited for, and then not there.
_PLACE = """
WITH named AS MATERIALIZED (
    SELECT p.id, l.n FROM unnest($4::text[]) WITH ORDINALITY AS l (url, n) JOIN link_previews p USING (url)
    ORDER BY p.id FOR KEY SHARE OF p
)
INSERT INTO link_preview_uses AS u (kind, item_id, preview_id, place_id, position)
SELECT $1, $2, id, $3, n FROM named
ON CONFLICT (kind, item_id, preview_id) DO UPDATE SET position = excluded.position, settled = false
RETURNING preview_id
"""
_READY = """
WITH ready AS (
    SELECT u.preview_id, u.position, p.url, p.page, p.image_id
    FROM link_preview_uses u JOIN link_previews p ON p.id = u.preview_id
    WHERE u.kind = $1 AND u.item_id = $2 AND p.page IS NOT NULL
), shown AS (
    UPDATE link_preview_uses u SET settled = true, image_id = r.image_id FROM ready r
    WHERE u.kind = $1 AND u.item_id = $2 AND u.preview_id = r.preview_id
)
SELECT page || jsonb_build_object('id', preview_id, 'url', url) FROM ready ORDER BY position
"""
_WAITING = """
SELECT kind, item_id, place_id FROM link_preview_uses WHERE preview_id = $1 AND NOT settled LIMIT $2
"""
_HAS_PAGE = "SELECT page IS NOT NULL FROM link_previews WHERE id = $1"
_SETTLE = """
UPDATE link_preview_uses SET settled = true WHERE kind = $1 AND item_id = $2 AND preview_id = $3 AND NOT settled
"""

"""Previews of the links in posts and comments: asked for with the text, kept beside it once they are there."""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from cgraph import previews
from cgraph.previews import Placed
from cgraph_kit.db import Transaction

from .limits import Limits

Item = Literal["post", "comment"]


class Linking(NamedTuple):
    """What of an item says where it leads."""

    content: str
    url: str | None
    off: bool
    """Its author wants no previews."""


async def ask_for(
    tx: Transaction,
    kind: Item,
    id: UUID,
    content: str,
    url: str | None = None,
    *,
    limits: Limits,
) -> None:
    """Have the links of what is being said looked at; a post's own address goes first."""
    if links := previews.find_links(content, limits.link_previews_max, url):
        await previews.want(tx, Placed(kind, id), links)


async def switch_off(tx: Transaction, kind: Item, id: UUID) -> None:
    """Show none, now or ever."""
    await tx.value(_SWITCH[kind], id, True)


async def follow_edit(
    tx: Transaction, kind: Item, id: UUID, before: Linking, after: Linking, *, limits: Limits
) -> None:
    """Let a held item that says something else now lead to the links of that. The caller tells."""
    was, now = (_links(one, limits) for one in (before, after))
    if before.off != after.off:
        await tx.value(_SWITCH[kind], id, after.off)
    if was != now:
        await previews.want(tx, Placed(kind, id), now)
        await tx.value(_KEEP_THESE[kind], id, now)


async def keep_ready(tx: Transaction, kind: Item, id: UUID) -> bool:
    """Show with an item that is held what is there of its links. Whether that is other than it was."""
    ready = previews.stored(await previews.list_ready(tx, Placed(kind, id)))
    return bool(await tx.value(_KEEP[kind], id, ready))


def _links(one: Linking, limits: Limits) -> Sequence[str]:
    return () if one.off else previews.find_links(one.content, limits.link_previews_max, one.url)


_TABLES: dict[Item, str] = {"post": "posts", "comment": "comments"}
_SWITCH = {
    kind: f"UPDATE {table} SET previews_off = $2 WHERE id = $1" for kind, table in _TABLES.items()
}
_KEEP = {
    kind: f"UPDATE {table} SET previews = $2 WHERE id = $1 AND previews IS DISTINCT FROM $2 RETURNING true"
    for kind, table in _TABLES.items()
}
_KEEP_THESE = {
    kind: f"""
UPDATE {table} SET previews = (
    SELECT jsonb_agg(p ORDER BY n) FROM jsonb_array_elements(previews) WITH ORDINALITY AS e (p, n)
    WHERE p->>'url' = ANY($2::text[])
) WHERE id = $1 AND previews IS NOT NULL
"""
    for kind, table in _TABLES.items()
}

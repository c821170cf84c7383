"""Forums, posts and comments as search finds them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from cgraph.searchable import Reached, Scanned, Searchable, has_link
from cgraph_kit.db import Repo

SearchableKind = Literal["forum", "post", "comment"]


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    forum_id: UUID
    post_id: UUID | None
    author_id: UUID | None
    title: str
    text: str
    language: str | None
    features: list[str]
    inserted_at: datetime
    attachments: list[dict[str, Any]] | None
    shown: bool

    def thing(self, kind: SearchableKind) -> Searchable:
        links = ("link",) if kind != "forum" and has_link(self.text) else ()
        return Searchable(
            kind=kind,
            id=self.id,
            container_id=self.forum_id,
            item_id=self.post_id,
            author_id=self.author_id,
            inserted_at=self.inserted_at,
            title=self.title,
            text=self.text,
            language=self.language,
            features=(*self.features, *links),
            attachments=self.attachments or (),
        )


async def list_searchable(
    db: Repo, kind: SearchableKind, ids: Collection[UUID]
) -> list[Searchable]:
    """These as they are now; what is deleted, removed or in a deleted forum is left out. One statement."""
    rows = await db.all(_Row, f"{_SELECT[kind]} WHERE t.id = ANY($1)", list(ids))
    return [row.thing(kind) for row in rows if row.shown]


async def scan_searchable(db: Repo, kind: SearchableKind, after: Reached, limit: int) -> Scanned:
    """All of a kind."""
    sql = f"{_SELECT[kind]} WHERE t.id > $1 ORDER BY t.id LIMIT $2"
    rows = await db.all(_Row, sql, after.id, limit)
    reached = Reached(rows[-1].id) if len(rows) == limit else None
    return Scanned([row.thing(kind) for row in rows if row.shown], reached)


def _features(**names: str) -> str:
    """Which of these hold."""
    cases = ", ".join(f"CASE WHEN {holds} THEN '{name}' END" for name, holds in names.items())
    return f"array_remove(ARRAY[{cases}]::text[], NULL)"


_MENTIONS = "ARRAY(SELECT 'mention:' || id FROM unnest(t.mentions) AS id)"
"""As `mention_of` says it."""
_OF_FORUM = _features(
    private="t.visibility = 'private'",
    unlisted="t.visibility = 'unlisted'",
    nsfw="t.nsfw",
    archived="t.archived_at IS NOT NULL",
)
_OF_POST = _features(
    poll="t.kind = 'poll'",
    pinned="t.pinned_at IS NOT NULL",
    locked="t.locked_at IS NOT NULL",
    archived="t.archived_at IS NOT NULL",
    nsfw="t.nsfw OR f.nsfw",
    crosspost="t.crosspost_of_id IS NOT NULL",
    distinguished="t.distinguished",
    edited="t.edited_at IS NOT NULL",
    mention="t.mentions <> '{}'",
)
_OF_COMMENT = _features(
    locked="t.locked_at IS NOT NULL",
    distinguished="t.distinguished",
    edited="t.edited_at IS NOT NULL",
    mention="t.mentions <> '{}'",
    reply="t.parent_id IS NOT NULL",
)
# What is no part of the text comes after it: places in it stay what they are in the thing itself.
_SELECT = {
    "forum": f"""
SELECT t.id, t.id, NULL::uuid, NULL::uuid, t.title, concat_ws(E'\\n', t.description, t.slug), NULL, {_OF_FORUM},
    t.inserted_at, NULL::jsonb, t.deleted_at IS NULL
FROM forums t
""",
    "post": f"""
SELECT t.id, t.forum_id, NULL::uuid, t.author_id, t.title, concat_ws(E'\\n', t.content, t.url, (
        SELECT string_agg(a.text, E'\\n' ORDER BY a.answer) FROM poll_answers a WHERE t.kind = 'poll' AND a.post_id = t.id
    )), t.language, {_OF_POST} || {_MENTIONS}, t.inserted_at, t.attachments,
    t.deleted_at IS NULL AND t.removed_at IS NULL AND f.deleted_at IS NULL
FROM posts t JOIN forums f ON f.id = t.forum_id
""",
    "comment": f"""
SELECT t.id, t.forum_id, t.post_id, t.author_id, '', t.content, p.language, {_OF_COMMENT} || {_MENTIONS},
    t.inserted_at, t.attachments, t.deleted_at IS NULL AND t.removed_at IS NULL AND f.deleted_at IS NULL
FROM comments t JOIN posts p ON p.id = t.post_id JOIN forums f ON f.id = t.forum_id
""",
}

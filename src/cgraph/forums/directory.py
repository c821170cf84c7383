"""Which forums there are."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.paging import Page, WhichPage, decode_cursor, forward_page

from .access import JOINS, get_forum
from .forum import ForumSummary
from .nesting import READABLE

Mine = Literal["all", "subscribed", "moderated", "pending"]


class ForumDirectory(WhichPage, frozen=True):
    """Which forums."""

    scope: Mine = "all"
    """`all`: public ones, the most subscribed first; else one's own, by slug. `pending`: where one waits to be let in."""
    nsfw: bool = False
    """Whether what is not safe for work is listed too."""


class _Place(msgspec.Struct, frozen=True, array_like=True):
    subscriber_count: int
    id: UUID


async def list_forums(db: Repo, actor: Actor | None, which: ForumDirectory) -> Page[ForumSummary]:
    """A page of them. Raises `Invalid` for a cursor of another list."""
    user_id = None if actor is None else actor.id
    if which.scope != "all":
        return await _mine(db, user_id, which)
    key = decode_cursor(which.after, _Place, "after") if which.after else None
    start = (key.subscriber_count, key.id) if key else (None, None)
    rows = await db.all(
        ForumSummary, _ALL, which.nsfw, user_id, clock.now(), *start, which.limit + 1
    )
    return forward_page(rows, which.limit, lambda row: _Place(row.subscriber_count, row.id))


async def _mine(db: Repo, user_id: UUID | None, which: ForumDirectory) -> Page[ForumSummary]:
    start = decode_cursor(which.after, str, "after") if which.after else ""
    # To who waits for a private forum, only its name is known.
    sql = _MINE[which.scope]
    rows = await db.all(ForumSummary, sql, start, user_id, clock.now(), which.limit + 1)
    return forward_page(rows, which.limit, lambda row: row.slug)


async def list_children(db: Repo, actor: Actor | None, forum: UUID | str) -> list[ForumSummary]:
    """The forums right below one that the actor may read, by slug; at most a thousand. Raises `ForumNotFound`."""
    access = await get_forum(db, actor, forum)
    user_id = None if actor is None else actor.id
    return await db.all(ForumSummary, _CHILDREN, access.forum_id, user_id, clock.now())


SUMMARY = """
f.id, f.slug, f.parent_id, f.title, f.description, f.icon_url, f.visibility, f.nsfw, f.languages, f.subscriber_count,
f.post_count, f.comment_count, s.state, s.level, f.archived_at, f.inserted_at
"""
"""Columns of `ForumSummary`, over forums `f` and the joins."""
_ALL = f"""
SELECT {SUMMARY} FROM forums f {JOINS}
WHERE f.visibility = 'public' AND f.deleted_at IS NULL AND ($1 OR NOT f.nsfw)
    AND ($4::bigint IS NULL OR (f.subscriber_count, f.id) < ($4, $5::uuid))
ORDER BY f.subscriber_count DESC, f.id DESC LIMIT $6
"""
_PENDING = """
f.id, f.slug, NULL, f.slug, NULL, NULL, f.visibility, false, '{}'::text[], 0, 0, 0, s.state, s.level, NULL, s.inserted_at
"""
_MINE: Mapping[str, str] = {
    scope: f"""
SELECT {columns} FROM forums f {JOINS}
WHERE {whose} AND f.deleted_at IS NULL AND f.slug > $1 ORDER BY f.slug LIMIT $4
"""
    for scope, columns, whose in (
        ("subscribed", SUMMARY, f"s.state = 'active' AND {READABLE}"),
        ("moderated", SUMMARY, "m.user_id IS NOT NULL"),
        ("pending", _PENDING, "s.state = 'pending'"),
    )
}
_CHILDREN = f"""
SELECT {SUMMARY} FROM forums f {JOINS}
WHERE f.parent_id = $1 AND f.deleted_at IS NULL AND {READABLE}
    AND (f.visibility <> 'unlisted' OR s.state = 'active' OR m.position IS NOT NULL OR a.user_id IS NOT NULL)
ORDER BY f.slug LIMIT 1000
"""

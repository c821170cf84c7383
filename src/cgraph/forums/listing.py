"""Lists of posts: of all forums, one's own, several, one, or of a person.

By time a page is a range of an index; by rank it is a slice of what stood there when its reader began (see `snapshots`).
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Limit, Page, decode_cursor, forward_page
from cgraph_kit.validation import Input, Text

from .access import JOINS, forum_name, get_forum
from .errors import ForumNotFound
from .forum import Sort
from .muting import list_muted_words
from .nesting import READABLE
from .post import Post
from .ranking import Window
from .snapshots import Ranked, list_ranked
from .viewing import list_posts_by_ids

MOST_FORUMS = 50
"""Of which one list may be."""
DEFAULT_SORT: Sort = "hot"

Scope = Literal["all", "subscribed", "moderated"]


class WhichPosts(Input, frozen=True):
    """Which posts of a list, and in what order."""

    sort: Sort | None = None
    """Left out: as the forum has it; of several forums `hot`, of a person `new`."""
    window: Window = "all"
    """How far back `top` looks."""
    limit: Limit = DEFAULT_LIMIT
    after: Text | None = None
    """A cursor of this list."""


class WherePosts(WhichPosts, frozen=True):
    """Posts of which forums, or of whom."""

    scope: Scope = "all"
    """`all`: public forums."""
    forums: Annotated[list[Text], msgspec.Meta(max_length=MOST_FORUMS)] = msgspec.field(
        default_factory=list
    )
    """Only these, by id or slug."""
    author_id: UUID | None = None
    """Only what this person has posted, by time."""
    nsfw: bool = False
    """Whether what is not safe for work is listed too."""


class _Place(NamedTuple):
    """What a list is of."""

    name: str
    forum_ids: Sequence[UUID] | None
    """None: every public forum."""
    author_id: UUID | None = None


class _Key(msgspec.Struct, frozen=True, array_like=True):
    inserted_at: datetime
    id: UUID


async def list_posts(db: Repo, actor: Actor | None, which: WherePosts) -> Page[Post]:
    """Posts of many forums, or of one person. What the actor has hidden, muted or blocked is left out: pages may be shorter.

    Raises `ForumNotFound`, `ListingExpired`, `Invalid`.
    """
    place = await _place(db, actor, which)
    sort = which.sort or ("new" if which.author_id else DEFAULT_SORT)
    page = await _list(db, place, which, sort)
    posts = await _shown(db, actor, page.items)
    return Page([post for post in posts if which.nsfw or not post.nsfw], after=page.after)


async def list_forum_posts(
    db: Repo, actor: Actor | None, forum: UUID | str, which: WhichPosts
) -> Page[Post]:
    """Posts of one forum; the first page has the pinned ones on top, whatever its limit. Raises as `list_posts`."""
    access = await get_forum(db, actor, forum)
    place = _Place(f"forum:{access.forum_id}", [access.forum_id])
    sort = which.sort or msgspec.convert(access.default_sort, Sort)
    pinned = await db.values(_PINNED, access.forum_id, clock.now())
    page = await _list(db, place, which, sort)
    ids = [id for id in page.items if id not in pinned]
    posts = await _shown(db, actor, ids if which.after else [*pinned, *ids])
    return Page(posts, after=page.after)


async def _place(db: Repo, actor: Actor | None, which: WherePosts) -> _Place:
    if which.author_id is not None:
        return await _of_person(db, actor, which, which.author_id)
    if which.forums:
        ids = await _named(db, actor, which.forums)
    elif which.scope == "all":
        return _Place("all", None)
    else:
        ids = [] if actor is None else await db.values(_MINE[which.scope], actor.id)
    digest = blake2b(b"".join(id.bytes for id in sorted(ids)), digest_size=16).hexdigest()
    return _Place(f"forums:{digest}", ids)


async def _of_person(db: Repo, actor: Actor | None, which: WherePosts, author_id: UUID) -> _Place:
    if which.sort not in {None, "new", "old"}:
        raise Invalid.field("sort", "must be new or old for posts of a person")
    user_id = None if actor is None else actor.id
    ids = await db.values(_POSTED_IN, author_id, user_id, clock.now())
    return _Place("", ids, author_id)


async def _named(db: Repo, actor: Actor | None, names: Sequence[str]) -> list[UUID]:
    known = [forum_name(name) for name in names]
    ids = [name for name in known if isinstance(name, UUID)]
    slugs = [name for name in known if isinstance(name, str)]
    user_id = None if actor is None else actor.id
    found = await db.all(_Named, _READABLE, ids, user_id, clock.now(), slugs)
    there = {row.id for row in found} | {row.slug for row in found}
    if any(name not in there for name in known):
        raise ForumNotFound
    return sorted({row.id for row in found})


class _Named(msgspec.Struct, frozen=True):
    id: UUID
    slug: str


async def _list(db: Repo, place: _Place, which: WhichPosts, sort: Sort) -> Page[UUID]:
    if place.forum_ids is not None and not place.forum_ids:
        return Page([])
    match sort:
        case "new" | "old":
            return await _by_time(db, place, which, oldest_first=sort == "old")
        case "top":
            ranked = Ranked(place.name, sort, place.forum_ids, which.window)
        case _:
            ranked = Ranked(place.name, sort, place.forum_ids)
    return await list_ranked(db, ranked, limit=which.limit, after=which.after)


async def _by_time(db: Repo, place: _Place, which: WhichPosts, *, oldest_first: bool) -> Page[UUID]:
    key = decode_cursor(which.after, _Key, "after") if which.after else None
    start = (key.inserted_at, key.id) if key else (None, None)
    sql = _timely(place.forum_ids is None, place.author_id is not None, oldest_first)
    args = [arg for arg in (place.forum_ids, place.author_id) if arg is not None]
    rows = await db.all(_Key, sql, *start, which.limit + 1, *args)
    page = forward_page(rows, which.limit, lambda row: row)
    return Page([row.id for row in page.items], after=page.after)


async def _shown(db: Repo, actor: Actor | None, ids: Sequence[UUID]) -> list[Post]:
    posts = await list_posts_by_ids(db, actor, ids)
    words = await list_muted_words(db, actor) if actor is not None else []
    return [
        post
        for post in posts
        if not (post.hidden or post.blocked or post.deleted_at or post.removed_at)
        and not any(word in post.title.casefold() for word in words)
    ]


@cache
def _timely(everywhere: bool, of_person: bool, oldest_first: bool) -> str:
    """Parameters: time and id of the last one shown, the limit, then the forums, then the person."""
    sign, order = (">", "ASC") if oldest_first else ("<", "DESC")
    order = f"p.inserted_at {order}, p.id {order}"
    live = f"""
        p.deleted_at IS NULL AND p.removed_at IS NULL
        AND ($1::timestamptz IS NULL OR (p.inserted_at, p.id) {sign} ($1, $2::uuid))"""
    if everywhere:
        public = "(SELECT f.visibility = 'public' AND f.deleted_at IS NULL FROM forums f WHERE f.id = p.forum_id)"
        return f"SELECT p.inserted_at, p.id FROM posts p WHERE {live} AND {public} ORDER BY {order} LIMIT $3"
    if of_person:
        return f"""
SELECT p.inserted_at, p.id FROM posts p WHERE p.author_id = $5 AND p.forum_id = ANY ($4::uuid[]) AND {live}
ORDER BY {order} LIMIT $3"""
    return f"""
SELECT p.inserted_at, p.id FROM unnest($4::uuid[]) f (id), LATERAL (
    SELECT p.inserted_at, p.id FROM posts p WHERE p.forum_id = f.id AND {live} ORDER BY {order} LIMIT $3
) p ORDER BY {order} LIMIT $3"""


_PINNED = """
SELECT id FROM posts WHERE forum_id = $1 AND pinned_at IS NOT NULL AND (pinned_until IS NULL OR pinned_until > $2)
    AND deleted_at IS NULL AND removed_at IS NULL
ORDER BY pinned_at DESC, id DESC
"""
_MINE: dict[Scope, str] = {
    "subscribed": """
SELECT s.forum_id FROM forum_subscriptions s JOIN forums f ON f.id = s.forum_id
WHERE s.user_id = $1 AND s.state = 'active' AND f.deleted_at IS NULL ORDER BY s.forum_id
""",
    "moderated": """
SELECT m.forum_id FROM forum_moderators m JOIN forums f ON f.id = m.forum_id
WHERE m.user_id = $1 AND f.deleted_at IS NULL ORDER BY m.forum_id
""",
}
_READABLE = f"""
SELECT f.id, f.slug FROM forums f {JOINS}
WHERE (f.id = ANY ($1::uuid[]) OR f.slug = ANY ($4::text[])) AND f.deleted_at IS NULL AND {READABLE}
"""
# Unlisted forums show what somebody has posted there only to those who know them.
_POSTED_IN = f"""
SELECT f.id FROM (SELECT DISTINCT forum_id FROM posts WHERE author_id = $1) p JOIN forums f ON f.id = p.forum_id {JOINS}
WHERE f.deleted_at IS NULL AND {READABLE}
    AND (f.visibility <> 'unlisted' OR s.state = 'active' OR m.position IS NOT NULL OR a.user_id IS NOT NULL)
"""

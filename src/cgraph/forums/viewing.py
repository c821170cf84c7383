"""Posts as a reader sees them: one statement, however many, and one more for what only some of them have."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import accounts, files, previews
from cgraph.accounts import Actor, Person
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.markdown import render

from .access import JOINS
from .attaching import addresses
from .errors import PostNotFound
from .forum import ForumName
from .nesting import READABLE
from .polls import list_polls
from .post import Crossposted, Poll, Post, PostKind
from .redirects import lead_on

EXCERPT = 500
"""Code points of a post that lists show."""


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    forum_id: UUID
    forum_slug: str
    forum_title: str
    moderator: bool
    author_id: UUID | None
    author_number: int | None
    username: str | None
    display_name: str | None
    avatar_url: str | None
    kind: PostKind
    title: str
    content: str
    url: str | None
    language: str | None
    nsfw: bool
    crosspost_of_id: UUID | None
    mentions: list[UUID]
    upvotes: int
    downvotes: int
    score: int
    comment_count: int
    my_vote: int
    saved: bool
    hidden: bool
    followed: bool
    read_comments: int | None
    blocked: bool
    distinguished: bool
    seq: int
    inserted_at: datetime
    edited_at: datetime | None
    last_comment_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    locked_at: datetime | None
    archived_at: datetime | None
    pinned_at: datetime | None
    pinned_until: datetime | None
    attachments: list[dict[str, Any]] | None
    previews: list[dict[str, Any]] | None

    def shows(self, reader_id: UUID | None) -> bool:
        """Whether the reader sees more of it than a stub: what was removed, its author and moderators do."""
        if self.deleted_at is not None:
            return False
        return self.removed_at is None or self.moderator or self._mine(reader_id)

    def lists(self, reader_id: UUID | None) -> bool:
        """Whether there is anything to come for: a stub with comments below is."""
        return self.shows(reader_id) or self.comment_count > 0 or self._mine(reader_id)

    def _mine(self, reader_id: UUID | None) -> bool:
        return reader_id is not None and reader_id == self.author_id

    def author(self) -> Person | None:
        if self.author_id is None or self.author_number is None or self.username is None:
            return None
        return Person(
            self.author_id, self.author_number, self.username, self.display_name, self.avatar_url
        )


class _Extras(msgspec.Struct, frozen=True):
    """What only some posts have."""

    polls: Mapping[UUID, Poll]
    crossposted: Mapping[UUID, Crossposted]
    people: Mapping[UUID, Person]


async def get_post(db: Repo, actor: Actor | None, post_id: UUID) -> Post:
    """A post, whole. Raises `PostNotFound`, also for a stub without comments, `PostMoved`."""
    found = await list_posts_by_ids(db, actor, [post_id], whole=True)
    if not found or found[0].removed_at is not None:
        await lead_on(db, actor, post_id)
    if not found:
        raise PostNotFound
    return found[0]


async def list_posts_by_ids(
    db: Repo, actor: Actor | None, ids: Sequence[UUID], *, whole: bool = False
) -> list[Post]:
    """These posts in this order, with the beginning of what they say; those the actor may not read are left out."""
    if not ids:
        return []
    reader_id = None if actor is None else actor.id
    length = None if whole else EXCERPT + 1
    rows = await db.all(_Row, _VIEW, list(ids), reader_id, clock.now(), length)
    shown = [row for row in rows if row.lists(reader_id)]
    extras = await _extras(db, reader_id, [row for row in shown if row.shows(reader_id)])
    return [_post(row, extras, reader_id, whole=whole) for row in shown]


async def _extras(db: Repo, reader_id: UUID | None, rows: Sequence[_Row]) -> _Extras:
    polls = [row.id for row in rows if row.kind == "poll"]
    crossposts = [row.crosspost_of_id for row in rows if row.crosspost_of_id is not None]
    named = sorted({id for row in rows for id in row.mentions})
    return _Extras(
        await list_polls(db, reader_id, polls) if polls else {},
        await _crossposted(db, reader_id, crossposts) if crossposts else {},
        await accounts.get_people(db, named) if named else {},
    )


def _post(row: _Row, extras: _Extras, reader_id: UUID | None, *, whole: bool) -> Post:
    shows = row.shows(reader_id)
    content = (row.content if whole else row.content[:EXCERPT]) if shows else ""
    links = mention_links(extras.people[id] for id in row.mentions if id in extras.people)
    return Post(
        id=row.id,
        forum=ForumName(row.forum_id, row.forum_slug, row.forum_title),
        author=row.author() if shows else None,
        kind=row.kind,
        title=row.title if shows else "",
        content=content,
        html=render(content, links, addresses(row.attachments)) if content else "",
        truncated=shows and len(content) < len(row.content),
        url=row.url if shows else None,
        language=row.language,
        nsfw=row.nsfw,
        crosspost_of=extras.crossposted.get(row.crosspost_of_id) if row.crosspost_of_id else None,
        poll=extras.polls.get(row.id),
        attachments=files.from_stored(row.attachments) if shows else (),
        upvotes=row.upvotes,
        downvotes=row.downvotes,
        score=row.score,
        comment_count=row.comment_count,
        my_vote=row.my_vote,
        saved=row.saved,
        hidden=row.hidden,
        followed=row.followed,
        new_comments=None
        if row.read_comments is None
        else max(0, row.comment_count - row.read_comments),
        blocked=row.blocked,
        distinguished=row.distinguished,
        seq=row.seq,
        inserted_at=row.inserted_at,
        edited_at=row.edited_at,
        last_comment_at=row.last_comment_at,
        deleted_at=row.deleted_at,
        removed_at=row.removed_at,
        locked_at=row.locked_at,
        archived_at=row.archived_at,
        pinned_at=row.pinned_at,
        pinned_until=row.pinned_until,
        previews=previews.from_stored(row.previews) if shows else (),
    )


async def _crossposted(
    db: Repo, reader_id: UUID | None, ids: Sequence[UUID]
) -> dict[UUID, Crossposted]:
    rows = await db.all(_Crossposted, _CROSSPOSTED, list(ids), reader_id, clock.now())
    return {row.id: row.named() for row in rows}


class _Crossposted(msgspec.Struct, frozen=True):
    id: UUID
    forum_id: UUID
    forum_slug: str
    forum_title: str
    title: str
    author_id: UUID | None
    score: int
    comment_count: int

    def named(self) -> Crossposted:
        forum = ForumName(self.forum_id, self.forum_slug, self.forum_title)
        return Crossposted(
            self.id, forum, self.title, self.author_id, self.score, self.comment_count
        )


async def list_crossposts(db: Repo, actor: Actor | None, post_id: UUID) -> list[Crossposted]:
    """Other posts that point to the same post or the same address, in forums the actor may read; the newest hundred.

    A stub points nowhere: what it linked to is not told by who else does. Raises `PostNotFound`.
    """
    post = await get_post(db, actor, post_id)
    if not post.title:
        return []
    reader_id = None if actor is None else actor.id
    rows = await db.all(_Crossposted, _CROSSPOSTS, post_id, reader_id, clock.now())
    return [row.named() for row in rows]


def mention_links(people: Iterable[Person]) -> dict[str, str]:
    """Where the names of these people lead, in what they are mentioned in."""
    return {person.username: f"/users/{person.id}" for person in people}


_VIEW = f"""
SELECT p.id, f.id, f.slug, f.title, m.position IS NOT NULL OR a.user_id IS NOT NULL,
    p.author_id, u.user_id, u.username, u.display_name, u.avatar_url, p.kind, p.title,
    CASE WHEN $4::int IS NULL THEN p.content ELSE left(p.content, $4) END, p.url, p.language, p.nsfw, p.crosspost_of_id,
    p.mentions, r.upvotes, r.downvotes, r.score, p.comment_count, coalesce(v.value, 0), k.saved_at IS NOT NULL,
    k.hidden_at IS NOT NULL, k.followed_at IS NOT NULL, CASE WHEN k.read_at IS NOT NULL THEN k.read_comments END,
    EXISTS (SELECT FROM blocked_pairs bp WHERE bp.user_id = $2 AND bp.other_id = p.author_id), p.distinguished,
    t.last_seq, p.inserted_at, p.edited_at, p.last_comment_at, p.deleted_at, p.removed_at, p.locked_at,
    coalesce(p.archived_at, f.archived_at), p.pinned_at, p.pinned_until, p.attachments, p.previews
FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, n)
JOIN posts p ON p.id = w.id JOIN post_ranks r ON r.id = p.id JOIN streams t ON t.id = p.id JOIN forums f ON f.id = p.forum_id {JOINS}
LEFT JOIN users u ON u.id = p.author_id
LEFT JOIN votes v ON v.item_id = p.id AND v.user_id = $2
LEFT JOIN post_marks k ON k.post_id = p.id AND k.user_id = $2
WHERE f.deleted_at IS NULL AND {READABLE}
ORDER BY w.n
"""
_NAMED = """
p.id, f.id, f.slug, f.title, p.title, p.author_id, (SELECT r.score FROM post_ranks r WHERE r.id = p.id), p.comment_count
"""
_CROSSPOSTED = f"""
SELECT {_NAMED} FROM posts p JOIN forums f ON f.id = p.forum_id {JOINS}
WHERE p.id = ANY($1) AND p.deleted_at IS NULL AND p.removed_at IS NULL AND f.deleted_at IS NULL AND {READABLE}
"""
_CROSSPOSTS = f"""
WITH it AS (SELECT id, forum_id, url, coalesce(crosspost_of_id, id) AS root FROM posts WHERE id = $1), others AS (
    SELECT p.id FROM posts p JOIN it ON p.crosspost_of_id = it.root
    UNION SELECT root FROM it
    UNION SELECT p.id FROM posts p JOIN it ON p.url = it.url
)
SELECT {_NAMED} FROM others o JOIN posts p ON p.id = o.id JOIN forums f ON f.id = p.forum_id {JOINS}
WHERE p.id <> $1 AND p.deleted_at IS NULL AND p.removed_at IS NULL AND f.deleted_at IS NULL
    AND ({READABLE}) AND (f.visibility <> 'unlisted' OR s.state = 'active')
ORDER BY p.id DESC LIMIT 100
"""

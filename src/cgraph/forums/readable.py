"""What a person reads of all forums, and things in them by their ids: for those who look through many forums at once."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo

from . import comment_view
from .access import ACCESS, JOINS, Access
from .comment import Comment
from .directory import SUMMARY
from .forum import ForumName, ForumSummary
from .nesting import READABLE


class ReadableForums(msgspec.Struct, frozen=True):
    """The forums a reader finds things in: said as what they are, or as what they are not, whichever are fewer."""

    ids: frozenset[UUID]
    all_but: bool
    """Whether these are the ones they do not."""
    hidden: frozenset[UUID] = frozenset()
    """Posts they have hidden."""
    muted_words: Sequence[str] = ()
    """Posts with one of these in their title are left out: see `is_muted`."""

    def is_muted(self, title: str) -> bool:
        """Whether a post of this title is left out for its words."""
        folded = title.casefold()
        return any(word in folded for word in self.muted_words)


class PlacedComment(NamedTuple):
    """A comment and where it stands."""

    comment: Comment
    forum: ForumName
    post_title: str
    """Empty where the post is only a stub."""


async def get_readable(db: Repo, actor: Actor | None) -> ReadableForums:
    """Public forums, private ones they may read, and unlisted ones they have joined or look after; one statement.

    Whoever knows of an unlisted forum may read it; that they know nobody can tell but by this.
    """
    row = await db.one(_Said, _FORUMS, None, *_reader(actor))
    return ReadableForums(frozenset(row.ids), row.all_but, frozenset(row.hidden), row.muted_words)


async def list_readable_forums(
    db: Repo, actor: Actor | None, ids: Sequence[UUID]
) -> list[ForumSummary]:
    """Those of these forums that the reader may read, in no order."""
    return await db.all(ForumSummary, _SUMMARIES, list(ids), *_reader(actor))


async def list_comments_by_ids(
    db: Repo, actor: Actor | None, ids: Sequence[UUID]
) -> dict[UUID, PlacedComment]:
    """Those of these comments that are more than stubs to everybody and that the reader may read, by id.

    Three statements, however many.
    """
    if not ids:
        return {}
    rows = await db.all(_Comment, _COMMENTS, list(ids), None if actor is None else actor.id)
    forum_ids = sorted({row.forum_id for row in rows})
    found = await db.all(Access, _ACCESSES, forum_ids, *_reader(actor))
    accesses = {access.forum_id: access for access in found}
    read = [row for row in rows if row.forum_id in accesses]
    comments = await comment_view.shown_in(db, [(accesses[row.forum_id], row) for row in read])
    return {
        row.id: PlacedComment(comment, _name(accesses[row.forum_id]), row.post_title)
        for row, comment in zip(read, comments, strict=True)
    }


async def find_readable_forums(
    db: Repo, actor: Actor | None, slugs: Sequence[str]
) -> dict[str, UUID]:
    """By their slugs those of these forums that the reader may read."""
    rows = await db.all(_Slug, _BY_SLUG, list(slugs), *_reader(actor))
    return {row.slug: row.id for row in rows}


async def find_muted(db: Repo, readable: ReadableForums, post_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these posts that are left out of the reader's lists for the words in their titles."""
    if not readable.muted_words or not post_ids:
        return set()
    rows = await db.all(_Title, "SELECT id, title FROM posts WHERE id = ANY ($1)", list(post_ids))
    return {row.id for row in rows if readable.is_muted(row.title)}


async def list_saved_ids(db: Repo, actor: Actor, *, most: int) -> list[UUID]:
    """Posts the actor has saved, the latest first."""
    return await db.values(_SAVED, actor.id, most)


def _reader(actor: Actor | None) -> tuple[UUID | None, object]:
    return None if actor is None else actor.id, clock.now()


def _name(access: Access) -> ForumName:
    return ForumName(access.forum_id, access.slug, access.title)


class _Said(msgspec.Struct, frozen=True):
    ids: list[UUID]
    all_but: bool
    hidden: list[UUID]
    muted_words: list[str]


class _Title(msgspec.Struct, frozen=True):
    id: UUID
    title: str


class _Slug(msgspec.Struct, frozen=True):
    slug: str
    id: UUID


class _Comment(comment_view.Row, frozen=True):
    forum_id: UUID
    post_title: str


_KNOWN = """
(f.visibility = 'public' OR m.position IS NOT NULL OR a.user_id IS NOT NULL OR
    s.state = 'active' AND (f.visibility = 'unlisted' OR b.user_id IS NULL))
"""
"""Whether what is in a forum `f` is found by a reader who does not ask for it."""
# A forum that was deleted is one more that is not read, as long as anything of it is in an index.
_FORUMS = f"""
WITH f AS MATERIALIZED (
    SELECT f.id, f.deleted_at IS NULL AND coalesce({_KNOWN}, false) AS readable FROM forums f {JOINS} WHERE $1::uuid IS NULL
), n AS (
    SELECT count(*) FILTER (WHERE readable) > count(*) FILTER (WHERE NOT readable) AS all_but FROM f
)
SELECT coalesce((SELECT array_agg(f.id) FROM f WHERE f.readable <> n.all_but), '{{}}'), n.all_but,
    ARRAY(SELECT post_id FROM post_marks WHERE user_id = $2 AND hidden_at IS NOT NULL),
    ARRAY(SELECT word FROM forum_muted_words WHERE user_id = $2)
FROM n
"""
_READABLE = f"f.deleted_at IS NULL AND {READABLE}"
_SUMMARIES = f"SELECT {SUMMARY} FROM forums f {JOINS} WHERE f.id = ANY ($1) AND {_READABLE}"
_ACCESSES = f"SELECT {ACCESS} FROM forums f {JOINS} WHERE f.id = ANY ($1) AND {_READABLE}"
_BY_SLUG = f"SELECT f.slug, f.id FROM forums f {JOINS} WHERE f.slug = ANY ($1) AND {_READABLE}"
_COMMENTS = f"""
SELECT {comment_view.COLUMNS}, p.forum_id,
    CASE WHEN p.deleted_at IS NULL AND p.removed_at IS NULL THEN p.title ELSE '' END
FROM comments c JOIN posts p ON p.id = c.post_id {comment_view.JOINS}
WHERE c.id = ANY ($1) AND c.deleted_at IS NULL AND c.removed_at IS NULL
"""
_SAVED = """
SELECT post_id FROM post_marks WHERE user_id = $1 AND saved_at IS NOT NULL ORDER BY saved_at DESC, post_id DESC LIMIT $2
"""

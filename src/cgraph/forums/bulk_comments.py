"""Comments another system knew, with their votes, taken over as the trees they are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph.files import Attachment
from cgraph.previews import Preview
from cgraph_kit.db import Repo, Transaction

from . import ranking
from .attaching import keep_brought
from .bulk_trees import Forest, Node, ids_in
from .bulk_votes import ImportedVote, count, write_votes


class ImportedComment(msgspec.Struct, frozen=True):
    """A comment to be written as it was, with its votes, under an id of the caller's choice."""

    id: UUID
    post_id: UUID
    author_id: UUID | None
    content: str
    inserted_at: datetime
    parent_id: UUID | None = None
    """What it answers: a comment of the same post that is there, or comes before it."""
    mentions: Sequence[UUID] = ()
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    """By its author; then without text."""
    removed_at: datetime | None = None
    removed_by: UUID | None = None
    locked_at: datetime | None = None
    votes: Sequence[ImportedVote] = ()
    attachments: Sequence[Attachment] = ()
    """Files that come with it, which the caller hangs on it."""
    previews: Sequence[Preview] = ()
    """What is shown of its links, which the caller lays there. Of nothing else pages are asked."""
    previews_off: bool = False
    """Its author wants no previews."""

    @property
    def shown(self) -> bool:
        """Whether readers see what it says: only then posts and forums count it."""
        return self.deleted_at is None and self.removed_at is None


async def import_comments(tx: Transaction, comments: Sequence[ImportedComment]) -> None:
    """Write comments of any number of posts with their votes; trees, posts and forums count them.

    Forums and posts are held until the transaction ends. Raises `KeyError` where what one answers is not there.
    """
    if not comments:
        return
    posts = await _hold(tx, {comment.post_id for comment in comments})
    moderators = await _moderators(tx, {post.forum_id for post in posts.values()})
    forest = await _forest(tx, comments)
    nodes = [
        forest.add(
            comment.id,
            comment.parent_id,
            deleted=comment.deleted_at is not None,
            host=_is_host(comment.author_id, posts[comment.post_id], moderators),
        )
        for comment in comments
    ]
    forest.count()
    rows = [
        _row(comment, posts[comment.post_id].forum_id, node)
        for comment, node in zip(comments, nodes, strict=True)
    ]
    await tx.value(_WRITE, *map(list, zip(*rows, strict=True)))
    await keep_brought(tx, "comments", comments)
    voted = [(one.id, posts[one.post_id].forum_id, one.author_id, one.votes) for one in comments]
    await write_votes(tx, "comment", voted)
    await _grow(tx, forest.changed())
    await _count(tx, posts, comments)


async def find_comment_posts(db: Repo, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Of those of these ids that are comments, shown or not: the posts they are about."""
    rows = await db.all(_About, "SELECT id, post_id FROM comments WHERE id = ANY($1)", list(ids))
    return {row.id: row.post_id for row in rows}


class _About(msgspec.Struct, frozen=True):
    id: UUID
    post_id: UUID


class _Post(msgspec.Struct, frozen=True):
    id: UUID
    forum_id: UUID
    author_id: UUID | None
    inserted_at: datetime
    shown: bool


class _Branch(msgspec.Struct, frozen=True):
    id: UUID
    parent_id: UUID | None
    child_count: int
    descendant_count: int
    deleted: bool


class _Moderator(msgspec.Struct, frozen=True):
    forum_id: UUID
    user_id: UUID


async def _hold(tx: Transaction, ids: set[UUID]) -> dict[UUID, _Post]:
    await tx.value(_HOLD_FORUMS, list(ids))
    return {row.id: row for row in await tx.all(_Post, _HOLD, list(ids))}


async def _moderators(tx: Transaction, forum_ids: set[UUID]) -> set[tuple[UUID, UUID]]:
    sql = "SELECT forum_id, user_id FROM forum_moderators WHERE forum_id = ANY($1)"
    rows = await tx.all(_Moderator, sql, list(forum_ids))
    return {(row.forum_id, row.user_id) for row in rows}


def _is_host(author_id: UUID | None, post: _Post, moderators: set[tuple[UUID, UUID]]) -> bool:
    if author_id is None:
        return False
    return author_id == post.author_id or (post.forum_id, author_id) in moderators


async def _forest(tx: Transaction, comments: Sequence[ImportedComment]) -> Forest:
    """With all that is there of what the comments answer, up to the roots."""
    coming = {comment.id for comment in comments}
    parents = {each.parent_id for each in comments if each.parent_id} - coming
    forest = Forest()
    if not parents:
        return forest
    paths = await tx.values(
        "SELECT path::text FROM comments WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        list(parents),
    )
    for row in await tx.all(_Branch, _BRANCHES, list(ids_in(paths))):
        forest.plant(
            row.id, row.parent_id, row.child_count, row.descendant_count, deleted=row.deleted
        )
    return forest


async def _grow(tx: Transaction, nodes: Sequence[Node]) -> None:
    await tx.value(
        _GROW,
        [node.id for node in nodes],
        [node.children for node in nodes],
        [node.descendants for node in nodes],
        [node.answered for node in nodes],
    )


async def _count(
    tx: Transaction, posts: Mapping[UUID, _Post], comments: Sequence[ImportedComment]
) -> None:
    """What posts and forums say of how much there is, and since when."""
    shown: Counter[UUID] = Counter()
    came: Counter[UUID] = Counter()
    latest: dict[UUID, datetime] = {}
    active: dict[UUID, datetime] = {}
    for comment in comments:
        post = posts[comment.post_id]
        came[post.id] += 1
        if not comment.shown:
            continue
        shown[post.id] += 1
        at = comment.inserted_at
        latest[post.id] = max(at, latest.get(post.id, at))
        if _brings_up(comment, post):
            active[post.id] = max(at, active.get(post.id, at))
    ids = sorted(posts)
    await tx.value(
        _COUNT,
        ids,
        [shown[id] for id in ids],
        [came[id] for id in ids],
        [latest.get(id) for id in ids],
        [active.get(id) for id in ids],
    )


def _brings_up(comment: ImportedComment, post: _Post) -> bool:
    hours = (comment.inserted_at - post.inserted_at) / timedelta(hours=1)
    return ranking.counts_as_activity(by_author=comment.author_id == post.author_id, hours=hours)


def _row(comment: ImportedComment, forum_id: UUID, node: Node) -> tuple[object, ...]:
    votes = count(comment.votes)
    return (
        comment.id,
        comment.post_id,
        forum_id,
        node.parent.id if node.parent else None,
        node.reply_to_id,
        node.path,
        node.depth,
        comment.author_id,
        comment.content,
        f"{{{','.join(map(str, comment.mentions))}}}",
        votes.up,
        votes.down,
        node.host,
        node.answered,
        node.children,
        node.descendants,
        comment.inserted_at,
        comment.edited_at,
        comment.deleted_at,
        comment.removed_at,
        comment.removed_by,
        comment.locked_at,
    )


_COLUMNS = {
    "id": "uuid",
    "post_id": "uuid",
    "forum_id": "uuid",
    "parent_id": "uuid",
    "reply_to_id": "uuid",
    "path": "text",
    "depth": "smallint",
    "author_id": "uuid",
    "content": "text",
    "mentions": "text",
    "upvotes": "integer",
    "downvotes": "integer",
    "host": "boolean",
    "answered": "boolean",
    "child_count": "integer",
    "descendant_count": "integer",
    "inserted_at": "timestamptz",
    "edited_at": "timestamptz",
    "deleted_at": "timestamptz",
    "removed_at": "timestamptz",
    "removed_by": "uuid",
    "locked_at": "timestamptz",
}
"""Columns of a comment as it is written, and the types they are given in."""
_CAST = {"path": "path::ltree", "mentions": "mentions::uuid[]"}
_VALUES = ", ".join(_CAST.get(name, name) for name in _COLUMNS)
_ARRAYS = ", ".join(f"${n}::{type}[]" for n, type in enumerate(_COLUMNS.values(), 1))
# Not by COPY, which would need to know ltree.
_WRITE = f"""
INSERT INTO comments ({", ".join(_COLUMNS)})
SELECT {_VALUES} FROM unnest({_ARRAYS}) AS v({", ".join(_COLUMNS)})
"""
_HOLD_FORUMS = """
SELECT 1 FROM forums WHERE id IN (SELECT forum_id FROM posts WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE
"""
_HOLD = """
SELECT id, forum_id, author_id, inserted_at, deleted_at IS NULL AND removed_at IS NULL
FROM posts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""
_BRANCHES = """
SELECT id, parent_id, child_count, descendant_count, deleted_at IS NOT NULL
FROM comments WHERE id = ANY($1) ORDER BY depth
"""
_GROW = """
UPDATE comments c SET child_count = v.children, descendant_count = v.descendants, answered = c.answered OR v.answered
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::boolean[]) AS v(id, children, descendants, answered)
WHERE c.id = v.id
"""
_COUNT = """
WITH v AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::timestamptz[], $5::timestamptz[])
        AS v(id, shown, came, latest, active)
), moved AS (
    UPDATE streams s SET last_seq = s.last_seq + v.came, active_at = greatest(s.active_at, v.latest)
    FROM v WHERE s.id = v.id
), counted AS (
    UPDATE posts p SET
        comment_count = p.comment_count + v.shown, last_comment_at = greatest(p.last_comment_at, v.latest),
        active_at = greatest(p.active_at, v.active)
    FROM v WHERE p.id = v.id RETURNING p.forum_id, v.shown
), forum AS (SELECT forum_id, sum(shown) AS shown FROM counted GROUP BY forum_id)
UPDATE forums f SET comment_count = f.comment_count + forum.shown FROM forum WHERE f.id = forum.forum_id
"""

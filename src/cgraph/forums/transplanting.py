"""A post becomes a comment of another, or a comment a post, with everything below it: its votes, times and authors stay.

What is below a post of depth n lies at n + 1 below the comment it becomes. The caller holds the forum, then both posts:
nobody else changes their trees meanwhile, but by votes.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph import files, previews
from cgraph.files import Hung
from cgraph.previews import Placed
from cgraph_kit.db import Transaction

from .attaching import COMMENT, POST
from .comment import MAX_DEPTH
from .comment_deletion import Above, carry
from .counting import COUNTERS, TABLES
from .errors import CommentsTooDeep
from .events import CommentsMoved, CommentsMovedPayload, PostCounted, tell_post
from .vote import VotedKind


class Spot(msgspec.Struct, frozen=True):
    """Where a comment stands."""

    post_id: UUID
    parent_id: UUID | None
    reply_to_id: UUID | None = None
    host: bool = False


class _Above(Above, frozen=True):
    path: str
    depth: int


async def become_comment(
    tx: Transaction, forum_id: UUID, post_id: UUID, comment_id: UUID, *, spot: Spot, content: str
) -> None:
    """Make a comment of a post, at a place in another post of the same forum; the post is left without votes and comments.

    Raises `CommentsTooDeep`.
    """
    await _hold_trees(tx, post_id, spot.parent_id)
    above = await _list_above(tx, spot.parent_id)
    depth = above[-1].depth + 1 if above else 1
    deepest: int = await tx.value(_DEEPEST, post_id)
    if depth + deepest > MAX_DEPTH:
        raise CommentsTooDeep
    path = ".".join(filter(None, [above[-1].path if above else "", comment_id.hex]))
    await _forget_told(tx, "post_id = $1", post_id)
    await tx.value(
        _PLANT,
        comment_id,
        spot.post_id,
        forum_id,
        spot.parent_id,
        spot.reply_to_id,
        path,
        depth,
        content,
        spot.host,
        post_id,
    )
    await tx.value(_BELOW_COMMENT, post_id, spot.post_id, path, depth, comment_id)
    await tx.value(_COUNT_TREE, comment_id)
    await _move_votes(tx, post_id, comment_id, "comment")
    await tx.value(_EMPTY_POST, post_id)
    size: int = await tx.value(
        "SELECT 1 + descendant_count FROM comments WHERE id = $1", comment_id
    )
    await _add(tx, regained(above, size))
    await _answer(tx, spot.parent_id)
    await tx.value(_COUNT_POST, spot.post_id)
    await tx.value(_COUNT_FORUM, forum_id, 1)
    await files.move(tx, [Hung(POST, post_id)], [Hung(COMMENT, comment_id)])
    links = await previews.lift_links(tx, "post", [post_id])
    await previews.lay_links(tx, links, {post_id: Placed("comment", comment_id)})


async def become_post(tx: Transaction, forum_id: UUID, comment_id: UUID, post_id: UUID) -> Spot:
    """Make a post, which is there without votes and comments, of a comment of the same forum; the comment is gone.

    Where it was.
    """
    spot = await tx.one(Spot, _SPOT, comment_id)
    await _hold_trees(tx, spot.post_id, None)
    above = await _list_above(tx, spot.parent_id)
    await _forget_told(tx, _IN_TREE, comment_id)
    size: int = await tx.value(
        "SELECT 1 + descendant_count FROM comments WHERE id = $1", comment_id
    )
    await _add(tx, lost(above, size))
    await _move_votes(tx, comment_id, post_id, "post")
    await tx.value(_BELOW_POST, comment_id, post_id)
    await tx.value(_BRING, comment_id, post_id)
    links = await previews.lift_links(tx, "comment", [comment_id])
    await tx.value("DELETE FROM comments WHERE id = $1", comment_id)
    await _answer(tx, spot.parent_id)
    await tx.value(_COUNT_POST, post_id)
    await tx.value(_COUNT_POST, spot.post_id)
    await tx.value(_COUNT_FORUM, forum_id, -1)
    await files.move(tx, [Hung(COMMENT, comment_id)], [Hung(POST, post_id)])
    await previews.lay_links(tx, links, {comment_id: Placed("post", post_id)})
    return spot


async def tell_moved(
    tx: Transaction, forum_id: UUID, from_id: UUID, to_id: UUID, *, comment_id: UUID | None
) -> None:
    """Tell those who read either post that comments have gone from one to the other."""
    payload = CommentsMovedPayload(from_id, to_id, comment_id)
    for post_id in (from_id, to_id):
        await tell_post(tx, CommentsMoved, forum_id, post_id, payload)
        tx.publish(PostCounted(forum_id, post_id))


class Gain(msgspec.Struct, frozen=True):
    """What more is below a comment; less, where it is negative."""

    id: UUID
    children: int
    descendants: int


def lost(above: Sequence[Above], size: int) -> list[Gain]:
    """What those above, from the top down, lose with a tree of so many that count."""
    return [
        Gain(loss.id, -loss.children, -(loss.descendants + size - 1))
        for loss in carry(above, leaf=True)
    ]


def regained(above: Sequence[Above], size: int) -> list[Gain]:
    """What they gain with one: stubs with nothing below them count again, once there is something."""
    gains, coming = [], True
    for one in reversed(above):
        gains.append(Gain(one.id, int(coming), size))
        coming = coming and one.deleted and one.child_count == 0
        size += coming
    return gains


async def _hold_trees(tx: Transaction, post_id: UUID, parent_id: UUID | None) -> None:
    """All comments of a post, and those above a place in another, at once and in the order of their ids, as votes take them."""
    await tx.values(_HOLD, post_id, parent_id)


async def _list_above(tx: Transaction, parent_id: UUID | None) -> list[_Above]:
    """From the top down to the parent."""
    return [] if parent_id is None else await tx.all(_Above, _ABOVE, parent_id)


async def _add(tx: Transaction, gains: Sequence[Gain]) -> None:
    await tx.value(
        _GAIN,
        [gain.id for gain in gains],
        [gain.children for gain in gains],
        [gain.descendants for gain in gains],
    )


async def _move_votes(tx: Transaction, from_id: UUID, to_id: UUID, to_kind: VotedKind) -> None:
    """With the karma they gave, and the counters that were kept of them."""
    from_kind: VotedKind = "post" if to_kind == "comment" else "comment"
    table, other = TABLES[to_kind], TABLES[from_kind]
    await tx.value(f"SELECT 1 FROM {other} WHERE id = $1 FOR NO KEY UPDATE", from_id)
    await tx.value(
        f"""
WITH moved AS (
    UPDATE votes SET item_id = $2, item_kind = '{to_kind}' WHERE item_id = $1 RETURNING user_id, forum_id, counted
), given AS (
    SELECT m.forum_id, i.author_id, sum(m.counted)::int AS n FROM moved m JOIN {other} i ON i.id = $1
    WHERE i.author_id <> m.user_id GROUP BY m.forum_id, i.author_id
), rewarded AS (
    UPDATE karma k SET {other} = k.{other} - g.n, {table} = k.{table} + g.n FROM given g
    WHERE k.forum_id = g.forum_id AND k.user_id = g.author_id
)
UPDATE {COUNTERS[to_kind]} t SET upvotes = i.upvotes, downvotes = i.downvotes
FROM {COUNTERS[from_kind]} i WHERE t.id = $2 AND i.id = $1
""",
        from_id,
        to_id,
    )


async def _answer(tx: Transaction, parent_id: UUID | None) -> None:
    """Whether its host has answered it is asked anew."""
    if parent_id is not None:
        await tx.value(_ANSWERED, parent_id)


async def _forget_told(tx: Transaction, where: str, id: UUID) -> None:
    """Comments that move leave no words in the log of where they were: from now on another one tells of them."""
    await tx.value(_REDACT.format(where=where), id)


_DEEPEST = "SELECT coalesce(max(depth), 0) FROM comments WHERE post_id = $1"
_IDS_ABOVE = """
(SELECT unnest(string_to_array(path::text, '.')::uuid[]) FROM comments WHERE id = {parent})
"""
_HOLD = f"""
SELECT 1 FROM comments WHERE post_id = $1 OR id IN {_IDS_ABOVE.format(parent="$2")} ORDER BY id FOR NO KEY UPDATE
"""
_ABOVE = f"""
SELECT id, child_count, deleted_at IS NOT NULL, path::text, depth FROM comments
WHERE id IN {_IDS_ABOVE.format(parent="$1")} ORDER BY depth
"""
_PLANT = """
INSERT INTO comments (id, post_id, forum_id, parent_id, reply_to_id, path, depth, author_id, content, mentions, host,
    inserted_at, edited_at, distinguished, locked_at, attachments, previews, previews_off)
SELECT $1, $2, $3, $4, $5, $6::text::ltree, $7, author_id, $8, mentions, $9, inserted_at, edited_at, distinguished,
    locked_at, attachments, previews, previews_off
FROM posts WHERE id = $10
"""
_BELOW_COMMENT = """
UPDATE comments SET post_id = $2, path = $3::text::ltree || path, depth = depth + $4, parent_id = coalesce(parent_id, $5)
WHERE post_id = $1
"""
_BELOW_POST = """
UPDATE comments c SET post_id = $2, path = subpath(c.path, r.depth), depth = c.depth - r.depth,
    parent_id = nullif(c.parent_id, r.id)
FROM comments r WHERE r.id = $1 AND c.post_id = r.post_id AND c.path <@ r.path AND c.id <> r.id
"""
# A text with an image is shown as that: see `attaching.kind_with`.
_BRING = """
UPDATE posts p SET attachments = c.attachments, previews = c.previews, previews_off = c.previews_off, kind = CASE
    WHEN p.kind NOT IN ('text', 'image') THEN p.kind
    WHEN jsonb_path_exists(c.attachments, '$[*].content_type ? (@ starts with "image/")') THEN 'image' ELSE 'text'
END FROM comments c WHERE c.id = $1 AND p.id = $2
"""
_IN_TREE = """
post_id = (SELECT post_id FROM comments WHERE id = $1) AND path <@ (SELECT path FROM comments WHERE id = $1)
"""
_SPOT = "SELECT post_id, parent_id, reply_to_id, host FROM comments WHERE id = $1"
_COUNTS = "(deleted_at IS NULL OR child_count > 0)"
_COUNT_TREE = f"""
UPDATE comments r SET
    child_count = (SELECT count(*) FROM comments WHERE parent_id = r.id AND {_COUNTS}),
    descendant_count = (
        SELECT count(*) FROM comments c WHERE c.post_id = r.post_id AND c.path <@ r.path AND c.id <> r.id AND {_COUNTS}
    )
WHERE id = $1
"""
_GAIN = """
UPDATE comments c SET child_count = c.child_count + g.children, descendant_count = c.descendant_count + g.descendants
FROM unnest($1::uuid[], $2::int[], $3::int[]) g (id, children, descendants) WHERE c.id = g.id
"""
_EMPTY_POST = """
WITH unranked AS (UPDATE post_ranks SET upvotes = 0, downvotes = 0 WHERE id = $1)
UPDATE posts SET comment_count = 0, last_comment_at = NULL, previews = NULL WHERE id = $1
"""
_COUNT_POST = """
UPDATE posts p SET comment_count = c.n, last_comment_at = c.latest
FROM (
    SELECT count(*)::int AS n, max(inserted_at) AS latest FROM comments
    WHERE post_id = $1 AND deleted_at IS NULL AND removed_at IS NULL
) c WHERE p.id = $1
"""
_COUNT_FORUM = "UPDATE forums SET comment_count = comment_count + $2 WHERE id = $1"
_ANSWERED = """
UPDATE comments a SET answered = EXISTS (
    SELECT FROM comments o
    WHERE o.post_id = a.post_id AND o.host AND o.deleted_at IS NULL AND (
        o.parent_id = a.id AND o.reply_to_id IS NULL OR o.parent_id = a.parent_id AND o.reply_to_id = a.id
    )
) WHERE a.id = $1
"""
_REDACT = """
WITH moving AS MATERIALIZED (
    SELECT id, post_id, told_seqs FROM comments WHERE {where} AND told_seqs <> '{{}}'
), redacted AS (
    UPDATE events e SET payload = (e.payload::jsonb || '{{"author": null, "content": "", "mentions": [], "attachments": [], "previews": []}}')::text
    FROM moving m WHERE e.stream_id = m.post_id AND e.seq = ANY (m.told_seqs)
)
UPDATE comments c SET told_seqs = '{{}}' FROM moving m WHERE c.id = m.id
"""

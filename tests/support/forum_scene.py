"""A forum with moderators, posts and comments, for tests of what moderators do, and its counters counted anew."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id

from . import plaza
from .talk import make_actor


class ForumScene(msgspec.Struct, frozen=True):
    """People by what they are in the forum, and a post of the author's."""

    forum_id: UUID
    creator: Actor
    senior: Actor
    """Moderates from position 1."""
    junior: Actor
    """From position 2."""
    author: Actor
    reader: Actor
    post_id: UUID


async def make_forum_scene(db: Repo) -> ForumScene:
    names = ("creator", "senior", "junior", "author", "reader")
    creator, senior, junior, author, reader = [await make_actor(db, name) for name in names]
    forum_id = await plaza.found(db, creator)
    for position, moderator in enumerate((senior, junior), 1):
        await db.value(_MODERATOR, forum_id, moderator.id, position)
    post_id = await plaza.post(db, author, forum_id)
    return ForumScene(forum_id, creator, senior, junior, author, reader, post_id)


async def comment(
    db: Repo,
    author: Actor,
    post_id: UUID,
    parent_id: UUID | None = None,
    *,
    content: str = "Nice",
    at: datetime | None = None,
) -> UUID:
    """A comment with its author's own vote, counted everywhere."""
    id = new_id()
    at = at or clock.now()
    await db.value(_COMMENT, id, post_id, parent_id, author.id, content, at, id.hex)
    await db.value(_VOTE, id, author.id)
    await db.value(_COUNT_TREE, id)
    await db.value(_COUNT_POST, post_id, at)
    return id


async def miscounted(db: Repo, *forum_ids: UUID) -> list[str]:
    """Everything in these forums whose counters are not what a recount finds; empty, if all is well."""
    return await db.values(_RECOUNT, list(forum_ids))


_MODERATOR = "INSERT INTO forum_moderators (forum_id, user_id, position) VALUES ($1, $2, $3)"
_COMMENT = """
INSERT INTO comments (id, post_id, forum_id, parent_id, path, depth, author_id, content, upvotes, inserted_at)
SELECT $1, p.id, p.forum_id, $3, coalesce(c.path, ''::ltree) || $7::text::ltree, coalesce(c.depth, 0) + 1, $4, $5, 1, $6
FROM posts p LEFT JOIN comments c ON c.id = $3 WHERE p.id = $2
"""
_VOTE = """
INSERT INTO votes (item_id, user_id, item_kind, forum_id, value)
SELECT id, $2, 'comment', forum_id, 1 FROM comments WHERE id = $1
"""
_COUNT_TREE = """
UPDATE comments a SET descendant_count = a.descendant_count + 1, child_count = a.child_count + (a.id = c.parent_id)::int
FROM comments c WHERE c.id = $1 AND a.post_id = c.post_id AND a.path @> c.path AND a.id <> c.id
"""
_COUNT_POST = """
WITH post AS (
    UPDATE posts SET comment_count = comment_count + 1, last_comment_at = $2 WHERE id = $1 RETURNING forum_id
)
UPDATE forums f SET comment_count = comment_count + 1 FROM post WHERE f.id = post.forum_id
"""
_LIVE = "deleted_at IS NULL AND removed_at IS NULL"
_RECOUNT = f"""
SELECT what FROM (
SELECT f.id, 'forum posts' FROM forums f
WHERE f.post_count <> (SELECT count(*) FROM posts p WHERE p.forum_id = f.id AND {_LIVE})
UNION ALL SELECT f.id, 'forum comments' FROM forums f
WHERE f.comment_count <> (SELECT count(*) FROM comments c WHERE c.forum_id = f.id AND {_LIVE})
UNION ALL SELECT p.forum_id, 'post comments ' || p.id FROM posts p
WHERE p.comment_count <> (SELECT count(*) FROM comments c WHERE c.post_id = p.id AND {_LIVE})
UNION ALL SELECT p.forum_id, 'rank of post ' || p.id FROM posts p LEFT JOIN post_ranks r ON r.id = p.id
WHERE (p.forum_id, p.hot_epoch, p.hot_seconds, p.inserted_at, {_LIVE})
    IS DISTINCT FROM (r.forum_id, r.hot_epoch, r.hot_seconds, r.inserted_at, r.shown)
UNION ALL SELECT p.forum_id, 'post votes ' || p.id FROM post_ranks p
WHERE (p.upvotes, p.downvotes) <> (
    SELECT count(*) FILTER (WHERE v.counted = 1), count(*) FILTER (WHERE v.counted = -1) FROM votes v
    WHERE v.item_id = p.id AND v.item_kind = 'post' AND v.forum_id = p.forum_id)
UNION ALL SELECT c.forum_id, 'comment votes ' || c.id FROM comments c
WHERE (c.upvotes, c.downvotes) <> (
    SELECT count(*) FILTER (WHERE v.counted = 1), count(*) FILTER (WHERE v.counted = -1) FROM votes v
    WHERE v.item_id = c.id AND v.item_kind = 'comment' AND v.forum_id = c.forum_id)
UNION ALL SELECT c.forum_id, 'forum of comment ' || c.id FROM comments c JOIN posts p ON p.id = c.post_id
WHERE c.forum_id <> p.forum_id
UNION ALL SELECT c.forum_id, 'children ' || c.id FROM comments c
WHERE c.child_count <> (
    SELECT count(*) FROM comments k WHERE k.parent_id = c.id AND (k.deleted_at IS NULL OR k.child_count > 0))
UNION ALL SELECT c.forum_id, 'descendants ' || c.id FROM comments c
WHERE c.descendant_count <> (
    SELECT count(*) FROM comments k WHERE k.post_id = c.post_id AND k.path <@ c.path AND k.id <> c.id
        AND (k.deleted_at IS NULL OR k.child_count > 0))
UNION ALL SELECT c.forum_id, 'path ' || c.id FROM comments c LEFT JOIN comments a ON a.id = c.parent_id
WHERE c.path <> coalesce(a.path, ''::ltree) || replace(c.id::text, '-', '')::ltree OR c.depth <> nlevel(c.path)
    OR a.post_id IS DISTINCT FROM c.post_id AND c.parent_id IS NOT NULL
UNION ALL SELECT k.forum_id, 'karma ' || k.user_id FROM karma k
WHERE (k.posts, k.comments) <> (
    SELECT coalesce(sum(v.counted) FILTER (WHERE v.item_kind = 'post'), 0),
        coalesce(sum(v.counted) FILTER (WHERE v.item_kind = 'comment'), 0)
    FROM votes v LEFT JOIN posts p ON p.id = v.item_id LEFT JOIN comments c ON c.id = v.item_id
    WHERE v.forum_id = k.forum_id AND coalesce(p.author_id, c.author_id) = k.user_id AND v.user_id <> k.user_id)
) w (forum_id, what) WHERE forum_id = ANY($1)
"""

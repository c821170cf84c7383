"""Karma: what others' votes gave a person."""

from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo

from .access import Visibility

MOST = 100
"""Forums shown one by one."""


class ForumKarma(msgspec.Struct, frozen=True):
    """What was given in one forum."""

    forum_id: UUID
    slug: str
    title: str
    posts: int
    comments: int


class Karma(msgspec.Struct, frozen=True):
    """What was given in all."""

    user_id: UUID
    posts: int
    comments: int
    total: int
    forums: list[ForumKarma]
    """The hundred in which there is most, of those the reader may see."""


class _Total(msgspec.Struct, frozen=True):
    posts: int
    comments: int


class Recounted(msgspec.Struct, frozen=True):
    """One person's karma in one forum, as it is kept and as the votes have it."""

    forum_id: UUID
    posts: int
    comments: int
    counted_posts: int
    counted_comments: int

    @property
    def right(self) -> bool:
        """Whether the two agree. Always, if all is well."""
        return (self.posts, self.comments) == (self.counted_posts, self.counted_comments)


async def get_karma(db: Repo, actor: Actor, user_id: UUID) -> Karma:
    """A person's karma: all of it, and by forum as far as the reader may know the forum.

    Raises `accounts.UserNotFound`.
    """
    await accounts.get_profile(db, actor, user_id)
    total = await db.one(_Total, _TOTAL, user_id)
    forums = await db.all(ForumKarma, _FORUMS, user_id, actor.id, MOST, clock.now())
    return Karma(user_id, total.posts, total.comments, total.posts + total.comments, forums)


async def recount_karma(db: Repo, user_id: UUID) -> list[Recounted]:
    """A person's karma counted anew from every vote, by forum, beside what is kept."""
    return await db.all(Recounted, _RECOUNT, user_id)


_PUBLIC: Visibility = "public"
_TOTAL = """
SELECT coalesce(sum(posts), 0)::int, coalesce(sum(comments), 0)::int FROM karma WHERE user_id = $1
"""
_FORUMS = f"""
SELECT f.id, f.slug, f.title, k.posts, k.comments
FROM karma k JOIN forums f ON f.id = k.forum_id
WHERE k.user_id = $1 AND f.deleted_at IS NULL AND (
    f.visibility = '{_PUBLIC}' OR $1 = $2
    OR EXISTS (SELECT FROM forum_moderators m WHERE m.forum_id = f.id AND m.user_id = $2)
    OR EXISTS (SELECT FROM forum_subscriptions s WHERE s.forum_id = f.id AND s.user_id = $2 AND s.state = 'active'
        AND NOT EXISTS (SELECT FROM forum_bans b WHERE b.forum_id = f.id AND b.user_id = $2
            AND (b.expires_at IS NULL OR b.expires_at > $4)))
)
ORDER BY k.posts + k.comments DESC, f.id LIMIT $3
"""
_RECOUNT = """
WITH given AS (
    SELECT v.forum_id, v.item_kind, v.counted AS n
    FROM posts p JOIN votes v ON v.item_id = p.id WHERE p.author_id = $1 AND v.user_id <> $1
    UNION ALL
    SELECT v.forum_id, v.item_kind, v.counted
    FROM comments c JOIN votes v ON v.item_id = c.id WHERE c.author_id = $1 AND v.user_id <> $1
), counted AS (
    SELECT forum_id, coalesce(sum(n) FILTER (WHERE item_kind = 'post'), 0)::int AS posts,
        coalesce(sum(n) FILTER (WHERE item_kind = 'comment'), 0)::int AS comments
    FROM given GROUP BY forum_id
)
SELECT coalesce(k.forum_id, c.forum_id), coalesce(k.posts, 0), coalesce(k.comments, 0), coalesce(c.posts, 0),
    coalesce(c.comments, 0)
FROM (SELECT * FROM karma WHERE user_id = $1) k FULL JOIN counted c ON c.forum_id = k.forum_id ORDER BY 1
"""

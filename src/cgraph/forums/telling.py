"""Whom a post concerns: those it mentions, and those who watch its forum."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.notifications import Kind, Occasion, Scope, Subject
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

AT_ONCE = 500
"""People told in one transaction."""
NOBODY = UUID(int=0)


class _Post(msgspec.Struct, frozen=True):
    forum_id: UUID
    author_id: UUID | None
    gone: bool
    inserted_at: datetime


async def tell_of_post(
    db: Repo, post_id: UUID, mentions: Sequence[UUID], *, new: bool, grace: float
) -> None:
    """Tell the mentioned, and of a new post the forum's watchers; so many at a time, in the order of their ids."""
    post = await db.first(_Post, _POST, post_id)
    if post is None:
        return
    if mentions:
        await _tell(db, post_id, "mention", mentions, grace)
    after: UUID | None = NOBODY if new else None
    while after is not None:
        people = await db.values(_WATCHERS, post.forum_id, after, list(mentions), AT_ONCE)
        if people:
            await _tell(db, post_id, "forum_post", people, grace)
        after = people[-1] if len(people) == AT_ONCE else None


async def _tell(db: Repo, post_id: UUID, kind: Kind, people: Sequence[UUID], grace: float) -> None:
    async with db.transaction() as tx:
        # Held until the commit, and before inboxes: whoever takes it away withdraws what is told here.
        post = await tx.first(_Post, f"{_POST} FOR SHARE OF p", post_id)
        if post is None or post.gone:
            return
        await notifications.hold_inboxes(tx, set(people))
        told = await list_readers(tx, people, post.forum_id, post.author_id)
        found = [_occasion(post, post_id, kind, user_id) for user_id in told]
        if found:
            scopes = [Scope("post", post_id), Scope("forum", post.forum_id)]
            await notifications.notify(tx, found, scopes, grace=grace)


def _occasion(post: _Post, post_id: UUID, kind: Kind, user_id: UUID) -> Occasion:
    return Occasion(
        user_id=user_id,
        kind=kind,
        event_id=post_id,
        happened_at=post.inserted_at,
        subject=Subject("post", post_id),
        actor_id=post.author_id,
        place=Scope("post", post_id),
        seq=0,
        object_id=post_id,
    )


async def list_followers(
    tx: Transaction, post_id: UUID, forum_id: UUID, after: UUID, limit: int
) -> list[UUID]:
    """Those who want to hear of every comment on a post: its followers and the forum's watchers, by id, so many after one."""
    return await tx.values(_FOLLOWERS, post_id, forum_id, after, limit)


async def list_readers(
    tx: Transaction, people: Sequence[UUID], forum_id: UUID, author_id: UUID | None
) -> list[UUID]:
    """Those of these people who may read the forum, and whom no block parts from the author; without the author."""
    return await tx.values(_MAY_READ, list(people), forum_id, author_id, clock.now())


async def may_read(
    tx: Transaction, user_ids: Sequence[UUID], forum_id: UUID, author_id: UUID | None
) -> list[UUID]:
    """Those of these people who may be told of what somebody has said in a forum: readers, but the author and whom a block parts from them."""
    return await tx.values(_MAY_READ, list(user_ids), forum_id, author_id, clock.now())


_POST = """
SELECT p.forum_id, p.author_id, p.deleted_at IS NOT NULL OR p.removed_at IS NOT NULL OR f.deleted_at IS NOT NULL,
    p.inserted_at
FROM posts p JOIN forums f ON f.id = p.forum_id WHERE p.id = $1
"""
_WATCHERS = """
SELECT user_id FROM forum_subscriptions
WHERE forum_id = $1 AND user_id > $2 AND level IN ('watching', 'first_posts') AND state = 'active'
    AND user_id <> ALL($3::uuid[])
ORDER BY user_id LIMIT $4
"""
_FOLLOWERS = """
SELECT user_id FROM post_marks WHERE post_id = $1 AND followed_at IS NOT NULL AND user_id > $3
UNION SELECT user_id FROM forum_subscriptions
WHERE forum_id = $2 AND level = 'watching' AND state = 'active' AND user_id > $3
ORDER BY user_id LIMIT $4
"""
_MAY_READ = """
SELECT w.id FROM unnest($1::uuid[]) AS w (id) JOIN forums f ON f.id = $2
WHERE w.id IS DISTINCT FROM $3
    AND NOT EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = w.id AND b.other_id = $3)
    AND (f.visibility <> 'private'
        OR EXISTS (SELECT FROM forum_moderators m WHERE m.forum_id = $2 AND m.user_id = w.id)
        OR EXISTS (SELECT FROM forum_subscriptions s
            WHERE s.forum_id = $2 AND s.user_id = w.id AND s.state = 'active'
                AND NOT EXISTS (SELECT FROM forum_bans b WHERE b.forum_id = $2 AND b.user_id = w.id
                    AND (b.expires_at IS NULL OR b.expires_at > $4))))
"""

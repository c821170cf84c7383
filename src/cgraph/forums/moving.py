"""Moving a post to another forum, with all that was said about it and the karma it gave."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid

from .access import Access, PostAccess, get_forum, get_post_place, hold_post
from .editing import redact_post
from .errors import AlreadyDone, CannotUndoAct, PostNotFound
from .events import PostCreated, PostListed, PostUpdated, tell_forum, tell_post
from .holding import hold_forums
from .limits import DEFAULT_LIMITS, Limits
from .log import Entry, LogEntry, record, show_entry
from .moderating import demand_over
from .posting import payload_of
from .posting_limits import count_posting


async def move_post(
    db: Repo,
    actor: Actor,
    post_id: UUID,
    to: UUID | str,
    *,
    reason: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> LogEntry:
    """Move a post from a forum one moderates to one in which one moderates, or may post. It is pinned no longer.

    Who does not moderate there brings something there, as if they posted it: it counts in their pace. What was said in a
    private forum stays there, and nothing is taken into one, nor to where its author is banned. Raises `PostNotFound`,
    `NotModerator`, `OutrankedInForum`, `AlreadyDone`, `Invalid`, and for the other forum `ForumNotFound`,
    `BannedFromForum`, `PostingRestricted`, `ForumArchived`, `PostingTooFast`, `SaidBefore`, `TooManyLinks`.
    """
    async with db.transaction() as tx:
        seen = await get_post_place(tx, actor, post_id)
        target_id = (await get_forum(tx, actor, to)).forum_id
        await hold_forums(tx, {seen.forum.forum_id, target_id})
        post = await hold_post(tx, actor, post_id)
        target = await get_forum(tx, actor, target_id)
        post.forum.demand_moderator()
        if not post.there:
            raise PostNotFound
        if target_id == post.forum.forum_id:
            raise AlreadyDone
        await demand_over(tx, post.forum, post.author_id)
        target.demand_taking_part()
        if not target.moderator:
            target.demand_posting()
        if "private" in {target.visibility, post.forum.visibility}:
            raise Invalid.field("forum", "or the post's is private: nothing moves between them")
        if await tx.value(_BANNED, target_id, post.author_id, clock.now()):
            raise Invalid.field("forum", "has banned the author of the post")
        if not target.moderator:
            said: str = await tx.value(_SAID, post_id)
            await count_posting(tx, target, "post", said, limits.pace)
        return await show_entry(tx, await _log_move(tx, post, target, reason))


async def revert_move(
    tx: Transaction, actor: Actor, access: Access, entry: Entry, reason: str | None
) -> UUID:
    """Bring it back, and pin it if it was. For who moved it, or moderates where it is now too. Raises `CannotUndoAct`."""
    if entry.target_id is None:
        raise CannotUndoAct("what it was about is gone")
    try:
        post = await hold_post(tx, actor, entry.target_id)
    except PostNotFound:
        raise CannotUndoAct("what it was about is gone") from None
    if str(post.forum.forum_id) != entry.changes["forum_id"]["after"] or not post.there:
        raise CannotUndoAct("it has been changed again since")
    if "private" in {access.visibility, post.forum.visibility}:
        raise CannotUndoAct("one of the forums is private now: nothing moves between them")
    if entry.actor_id != actor.id:
        post.forum.demand_moderator()
    await demand_over(tx, access, post.author_id)
    await _move(tx, post, access)
    pins = {
        name: entry.changes[name]["before"]
        for name in ("pinned_at", "pinned_until")
        if name in entry.changes
    }
    if pins:
        await tx.value(_PIN, post.id, pins["pinned_at"], pins.get("pinned_until"))
    return await record(
        tx,
        access.forum_id,
        actor.id,
        "post_moved_undone",
        post.id,
        before={"forum_id": str(post.forum.forum_id)},
        after={"forum_id": str(access.forum_id)},
        reason=reason,
        undoes_id=entry.id,
    )


async def _log_move(tx: Transaction, post: PostAccess, target: Access, reason: str | None) -> UUID:
    pins: dict[str, Any] = await tx.value(_PINS, post.id)
    await _move(tx, post, target)
    before = {"forum_id": str(post.forum.forum_id)}
    after = {"forum_id": str(target.forum_id)}
    actor_id = post.forum.user_id
    await record(
        tx,
        target.forum_id,
        actor_id,
        "post_moved_here",
        post.id,
        before=before,
        after=after,
        reason=reason,
    )
    return await record(
        tx,
        post.forum.forum_id,
        actor_id,
        "post_moved",
        post.id,
        before=before | pins,
        after=after,
        reason=reason,
    )


async def _move(tx: Transaction, post: PostAccess, target: Access) -> None:
    """The caller holds both forums and the post."""
    source_id = post.forum.forum_id
    await redact_post(tx, source_id, post.id)
    # Whoever votes holds the thing: comments in the order of their ids.
    await tx.values(_HOLD_COMMENTS, post.id)
    await tx.value(_MOVE, post.id, target.forum_id, target.hot_epoch, target.hot_seconds)
    await tx.value(_MOVE_VOTES, post.id, target.forum_id)
    await tx.value("UPDATE comments SET forum_id = $2 WHERE post_id = $1", post.id, target.forum_id)
    for forum_id, sign in ((source_id, -1), (target.forum_id, 1)):
        await tx.value(_COUNT, post.id, forum_id, sign)
    payload = await payload_of(tx, post.id)
    gone = replace(payload, author=None, title="", content="", url=None)
    await tell_forum(tx, PostListed, source_id, gone)
    await tell_forum(tx, PostCreated, target.forum_id, payload)
    await tell_post(tx, PostUpdated, target.forum_id, post.id, payload)


_SAID = "SELECT concat_ws(chr(10), title, content, url) FROM posts WHERE id = $1"
_BANNED = """
SELECT true FROM forum_bans WHERE forum_id = $1 AND user_id = $2 AND (expires_at IS NULL OR expires_at > $3)
"""
_PINS = """
SELECT jsonb_strip_nulls(jsonb_build_object('pinned_at', pinned_at, 'pinned_until', pinned_until)) FROM posts WHERE id = $1
"""
_PIN = "UPDATE posts SET pinned_at = $2::text::timestamptz, pinned_until = $3::text::timestamptz WHERE id = $1"
_HOLD_COMMENTS = "SELECT 1 FROM comments WHERE post_id = $1 ORDER BY id FOR NO KEY UPDATE"
_MOVE = """
UPDATE posts SET forum_id = $2, hot_epoch = $3, hot_seconds = $4, pinned_at = NULL, pinned_until = NULL WHERE id = $1
"""
# Karma goes where the votes are; those for one's own gave none.
_MOVE_VOTES = """
WITH items AS (
    SELECT id, author_id FROM posts WHERE id = $1 UNION ALL SELECT id, author_id FROM comments WHERE post_id = $1
), before AS (
    SELECT v.item_id, v.user_id, v.forum_id, v.item_kind, v.counted, i.author_id
    FROM items i JOIN votes v ON v.item_id = i.id
), moved AS (
    UPDATE votes v SET forum_id = $2 FROM before b WHERE v.item_id = b.item_id AND v.user_id = b.user_id
), given AS (
    SELECT forum_id, author_id, coalesce(sum(counted) FILTER (WHERE item_kind = 'post'), 0)::int AS posts,
        coalesce(sum(counted) FILTER (WHERE item_kind = 'comment'), 0)::int AS comments
    FROM before WHERE author_id <> user_id GROUP BY forum_id, author_id
), changes AS (
    SELECT forum_id, author_id, -posts AS posts, -comments AS comments FROM given
    UNION ALL SELECT $2, author_id, posts, comments FROM given
)
INSERT INTO karma AS k (forum_id, user_id, posts, comments)
SELECT forum_id, author_id, sum(posts), sum(comments) FROM changes GROUP BY forum_id, author_id
ORDER BY forum_id, author_id
ON CONFLICT (forum_id, user_id) DO UPDATE SET posts = k.posts + excluded.posts, comments = k.comments + excluded.comments
"""
_COUNT = """
UPDATE forums f SET post_count = f.post_count + $3 * (p.deleted_at IS NULL AND p.removed_at IS NULL)::int,
    comment_count = f.comment_count + $3 * p.comment_count
FROM posts p WHERE p.id = $1 AND f.id = $2
"""

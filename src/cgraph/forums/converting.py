"""Posts that become something else, and what becomes a post: for moderators of the forum."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import files, notifications, previews
from cgraph.accounts import Actor
from cgraph.previews import Lifted
from cgraph_kit.db import Repo, Transaction

from .access import Access, get_forum, get_post_place, hold_forum
from .bulk_comments import ImportedComment, import_comments
from .bulk_posts import ImportedPost, import_posts
from .bulk_votes import ImportedVote
from .editing import redact_post
from .errors import CannotConvert, PostNotFound
from .events import PostCreated, PostListed, PostUpdated, tell_forum, tell_post
from .holding import hold_moderated_post
from .log import record
from .moderating import demand_over
from .posting import payload_of


class TakenPost(msgspec.Struct, frozen=True):
    """A post with everything that was said about it, stubs and removed comments too."""

    post: ImportedPost
    comments: Sequence[ImportedComment]
    """In the order of time."""
    links: Sequence[Lifted]
    """Of all of them, to be laid where they go."""


async def can_convert_post(db: Repo, actor: Actor, post_id: UUID) -> Access:
    """The actor's place in its forum. Raises `PostNotFound`, `NotModerator`, `CannotConvert` for a poll."""
    post = await get_post_place(db, actor, post_id)
    post.forum.demand_moderator()
    if not post.there:
        raise PostNotFound
    if post.kind == "poll":
        raise CannotConvert("a poll cannot become a thread")
    return post.forum


async def can_receive_post(db: Repo, actor: Actor, forum: UUID | str) -> Access:
    """The actor's place in a forum in which they may make a post of something.

    Raises `ForumNotFound`, `NotModerator`, `ForumArchived`.
    """
    access = await get_forum(db, actor, forum)
    access.demand_moderator()
    access.demand_taking_part()
    return access


async def take_post(tx: Transaction, actor: Actor, post_id: UUID) -> TakenPost:
    """Take a post out, whole, with its votes and the karma they gave: it is gone from the commit on.

    Raises as `can_convert_post`, and `OutrankedInForum`.
    """
    held = await hold_moderated_post(tx, actor, post_id)
    access = await can_convert_post(tx, actor, post_id)
    await demand_over(tx, access, held.author_id)
    # Whoever votes holds the thing: nobody does from here on.
    await tx.values(_HOLD_COMMENTS, post_id)
    row = await tx.one(_PostRow, _POST, post_id)
    comments = await tx.all(_CommentRow, _COMMENTS, post_id)
    links = await previews.lift_links(tx, "post", [post_id])
    links += await previews.lift_links(tx, "comment", [comment.id for comment in comments])
    await redact_post(tx, access.forum_id, post_id)
    payload = await payload_of(tx, post_id)
    gone = msgspec.structs.replace(
        payload, author=None, title="", content="", url=None, attachments=(), previews=()
    )
    await tell_forum(tx, PostListed, access.forum_id, gone)
    await tell_post(tx, PostUpdated, access.forum_id, post_id, gone)
    await tx.value(_TAKE_KARMA, post_id)
    await tx.value(_UNCOUNT, post_id)
    await notifications.withdraw(tx, [post_id, *(comment.id for comment in comments)])
    await tx.value("DELETE FROM streams WHERE id = $1", post_id)
    # Whoever reads the forum reads its log, and need not see where the post goes: its title goes with it.
    await record(tx, access.forum_id, actor.id, "post_converted", post_id)
    return TakenPost(row.post(), [comment.comment(post_id) for comment in comments], links)


async def put_post(
    tx: Transaction, actor: Actor, post: ImportedPost, comments: Sequence[ImportedComment]
) -> None:
    """Make a post with what was said about it, under the ids they name. Raises as `can_receive_post`."""
    await hold_forum(tx, actor, post.forum_id)
    await can_receive_post(tx, actor, post.forum_id)
    await import_posts(tx, [post])
    await import_comments(tx, comments)
    await tell_forum(tx, PostCreated, post.forum_id, await payload_of(tx, post.id))
    await record(tx, post.forum_id, actor.id, "post_created_of_thread", post.id)


async def list_readers(db: Repo, forum_id: UUID) -> set[UUID] | None:
    """Everybody who may read a private forum; None: it is not private, and so everybody at all."""
    if await db.value("SELECT visibility FROM forums WHERE id = $1", forum_id) != "private":
        return None
    return set(await db.values(_READERS, forum_id))


class _PostRow(msgspec.Struct, frozen=True):
    id: UUID
    forum_id: UUID
    author_id: UUID | None
    title: str
    inserted_at: datetime
    content: str
    url: str | None
    language: str | None
    nsfw: bool
    edited_at: datetime | None
    locked_at: datetime | None
    archived_at: datetime | None
    pinned_at: datetime | None
    mentions: list[UUID]
    votes: list[dict[str, Any]] | None
    attachments: list[dict[str, Any]] | None
    previews: list[dict[str, Any]] | None
    previews_off: bool

    def post(self) -> ImportedPost:
        return ImportedPost(**_facts(self))


class _CommentRow(msgspec.Struct, frozen=True):
    id: UUID
    author_id: UUID | None
    content: str
    inserted_at: datetime
    parent_id: UUID | None
    edited_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    removed_by: UUID | None
    locked_at: datetime | None
    mentions: list[UUID]
    votes: list[dict[str, Any]] | None
    attachments: list[dict[str, Any]] | None
    previews: list[dict[str, Any]] | None
    previews_off: bool

    def comment(self, post_id: UUID) -> ImportedComment:
        return ImportedComment(post_id=post_id, **_facts(self))


def _facts(row: _PostRow | _CommentRow) -> dict[str, Any]:
    return msgspec.structs.asdict(row) | {
        "votes": msgspec.convert(row.votes or [], list[ImportedVote]),
        "attachments": files.from_stored(row.attachments),
        "previews": previews.from_stored(row.previews),
    }


_HOLD_COMMENTS = "SELECT 1 FROM comments WHERE post_id = $1 ORDER BY id FOR NO KEY UPDATE"
_VOTES = """
(SELECT jsonb_agg(jsonb_build_object('user_id', v.user_id, 'value', v.counted, 'inserted_at', v.inserted_at)
    ORDER BY v.user_id) FROM votes v WHERE v.item_id = {item}.id AND v.counted <> 0)
"""
_POST = f"""
SELECT id, forum_id, author_id, title, inserted_at, content, url, language, nsfw, edited_at, locked_at, archived_at,
    pinned_at, mentions, {_VOTES.format(item="p")}, attachments, previews, previews_off
FROM posts p WHERE id = $1
"""
_COMMENTS = f"""
SELECT id, author_id, content, inserted_at, parent_id, edited_at, deleted_at, removed_at, removed_by, locked_at,
    mentions, {_VOTES.format(item="c")}, attachments, previews, previews_off
FROM comments c WHERE post_id = $1 ORDER BY depth, inserted_at, id
"""
_TAKE_KARMA = """
WITH items AS (
    SELECT id, author_id FROM posts WHERE id = $1 UNION ALL SELECT id, author_id FROM comments WHERE post_id = $1
), gone AS (
    DELETE FROM votes v USING items i WHERE v.item_id = i.id
    RETURNING v.forum_id, v.user_id, v.item_kind, v.counted, i.author_id
), given AS (
    SELECT forum_id, author_id, coalesce(sum(counted) FILTER (WHERE item_kind = 'post'), 0)::int AS posts,
        coalesce(sum(counted) FILTER (WHERE item_kind = 'comment'), 0)::int AS comments
    FROM gone WHERE author_id <> user_id GROUP BY forum_id, author_id
)
UPDATE karma k SET posts = k.posts - g.posts, comments = k.comments - g.comments
FROM given g WHERE k.forum_id = g.forum_id AND k.user_id = g.author_id
"""
_UNCOUNT = """
UPDATE forums f SET post_count = f.post_count - 1, comment_count = f.comment_count - p.comment_count
FROM posts p WHERE p.id = $1 AND f.id = p.forum_id
"""
_READERS = """
SELECT user_id FROM (
    SELECT user_id FROM forum_moderators WHERE forum_id = $1
    UNION SELECT user_id FROM forum_subscriptions WHERE forum_id = $1 AND state = 'active' AND NOT EXISTS (
        SELECT FROM forum_bans b WHERE b.forum_id = $1 AND b.user_id = forum_subscriptions.user_id
            AND (b.expires_at IS NULL OR b.expires_at > now())
    )
) r ORDER BY user_id
"""

"""Saying something about a post."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from cgraph import accounts, files
from cgraph.accounts import Actor, Person
from cgraph.files import Attachment
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid, Unavailable
from cgraph_kit.ids import new_id
from cgraph_kit.markdown import render
from cgraph_kit.streams import splice

from .access import PostAccess, get_post_place
from .attaching import addresses, attach_to_comment
from .comment import MAX_DEPTH, Comment, NewComment
from .comment_access import CommentAccess, get_comment_place
from .comment_events import CommentCreated, CommentPayload
from .comment_jobs import notify_of_comment
from .errors import CommentLocked, CommentNotFound, PostNotFound
from .events import PostCounted
from .forum import check_visible
from .limits import DEFAULT_LIMITS, Limits
from .naming import find_mentioned
from .posting_limits import count_posting
from .previewing import ask_for, switch_off
from .ranking import counts_as_activity
from .viewing import mention_links
from .votes import OWN

encode = msgspec.json.Encoder().encode


async def create_comment(
    db: Repo, actor: Actor, post_id: UUID, new: NewComment, *, limits: Limits = DEFAULT_LIMITS
) -> Comment:
    """Comment on a post, or answer a comment there; the author's own vote comes with it.

    What answers a comment at depth 50 stands beside it. Raises `PostNotFound`, `CommentNotFound` (also for a parent on
    another post), `BannedFromForum`, `ForumArchived`, `PostingRestricted`, `PostArchived`, `PostLocked`, `CommentLocked`,
    `PostingTooFast`, `SaidBefore`, `TooManyLinks`, `Invalid`, and as `files.attach`.
    """
    check_comment(new.content, limits)
    async with db.transaction() as tx:
        forum_id = await hold_tree(tx, post_id)
        post = await get_post_place(tx, actor, post_id)
        if post.forum.forum_id != forum_id:
            raise Unavailable("the post is being moved")
        post.demand_open()
        post.forum.demand_commenting()
        await count_posting(tx, post.forum, "comment", new.content, limits.pace)
        place = _Place(None, None, [], None)
        if new.parent_id is not None:
            place = _below(await _answered(tx, actor, post, new.parent_id))
        mentions = await find_mentioned(tx, post.forum, actor.id, new.content)
        id = new_id()
        attached = await attach_to_comment(tx, actor, id, new.attachments, limits=limits)
        comment = await _say(
            tx,
            actor,
            post,
            place,
            id=id,
            content=new.content,
            mentions=mentions,
            attached=attached,
        )
        if new.suppress_previews:
            await switch_off(tx, "comment", id)
        else:
            await ask_for(tx, "comment", id, new.content, limits=limits)
        await notify_of_comment.enqueue(tx, comment_id=comment.id, mentions=mentions, new=True)
        return comment


def check_comment(content: str, limits: Limits) -> None:
    """Raise `Invalid` for nothing, or more than a comment may say."""
    check_visible("content", content)
    if len(content) > limits.comment_max:
        raise Invalid.field("content", f"must have at most {limits.comment_max} characters")


async def hold_tree(tx: Transaction, post_id: UUID) -> UUID:
    """Let nobody else change the comments of a post, but by votes, or count them, before this transaction ends.

    To be called before anything else is locked. The forum's id; raises `PostNotFound`.
    """
    forum_id: UUID | None = await tx.value(_HOLD, post_id)
    if forum_id is None:
        raise PostNotFound
    return forum_id


class _Place(NamedTuple):
    """Where a comment will stand."""

    parent_id: UUID | None
    reply_to_id: UUID | None
    ancestor_ids: list[UUID]
    answered_id: UUID | None
    """What it answers."""


async def _answered(
    tx: Transaction, actor: Actor, post: PostAccess, comment_id: UUID
) -> CommentAccess:
    answered = await get_comment_place(tx, actor, comment_id)
    if answered.post.id != post.id or not answered.there:
        raise CommentNotFound
    if answered.locked and not post.forum.moderator:
        raise CommentLocked
    return answered


def _below(answered: CommentAccess) -> _Place:
    if answered.depth < MAX_DEPTH:
        return _Place(answered.id, None, [*answered.ancestor_ids, answered.id], answered.id)
    return _Place(answered.parent_id, answered.id, answered.ancestor_ids, answered.id)


async def _say(
    tx: Transaction,
    actor: Actor,
    post: PostAccess,
    place: _Place,
    *,
    id: UUID,
    content: str,
    mentions: list[UUID],
    attached: Sequence[Attachment],
) -> Comment:
    at, forum_id = clock.now(), post.forum.forum_id
    author = Person(actor.id, actor.user_id, actor.username, actor.display_name, actor.avatar_url)
    payload = CommentPayload(
        id=id,
        post_id=post.id,
        forum_id=forum_id,
        parent_id=place.parent_id,
        reply_to_id=place.reply_to_id,
        depth=len(place.ancestor_ids) + 1,
        author=author,
        content=content,
        mentions=mentions,
        host=post.authored or post.forum.position is not None,
        distinguished=False,
        inserted_at=at,
        edited_at=None,
        deleted_at=None,
        removed_at=None,
        locked_at=None,
        attachments=attached,
    )
    body = encode(payload)
    seq: int = await tx.value(
        _SAY,
        id,
        post.id,
        forum_id,
        place.parent_id,
        place.reply_to_id,
        ".".join(one.hex for one in (*place.ancestor_ids, id)),
        payload.depth,
        actor.id,
        content,
        mentions,
        at,
        payload.host,
        _is_activity(post, at),
        body.decode(),
        place.ancestor_ids,
        place.answered_id,
        OWN,
        files.stored(attached),
    )
    tx.publish(CommentCreated(forum_id, post.id, seq, splice(body, seq)))
    tx.publish(PostCounted(forum_id, post.id))
    people = await accounts.get_people(tx, mentions) if mentions else {}
    html = render(content, mention_links(people.values()), addresses(attached))
    return _shown(payload, html)


def _is_activity(post: PostAccess, at: datetime) -> bool:
    hours = (at - post.inserted_at) / timedelta(hours=1)
    return counts_as_activity(by_author=post.authored, hours=hours)


def _shown(payload: CommentPayload, html: str) -> Comment:
    """A new comment as its author sees it."""
    return Comment(
        id=payload.id,
        post_id=payload.post_id,
        parent_id=payload.parent_id,
        reply_to_id=payload.reply_to_id,
        depth=payload.depth,
        author=payload.author,
        content=payload.content,
        html=html,
        upvotes=OWN,
        downvotes=0,
        score=OWN,
        my_vote=OWN,
        child_count=0,
        descendant_count=0,
        blocked=False,
        host=payload.host,
        distinguished=False,
        inserted_at=payload.inserted_at,
        edited_at=None,
        deleted_at=None,
        removed_at=None,
        locked_at=None,
        attachments=payload.attachments,
        previews=[],
    )


# The forum first, as everybody takes them.
_HOLD = """
WITH forum AS MATERIALIZED (
    SELECT f.id FROM forums f WHERE f.id = (SELECT forum_id FROM posts WHERE id = $1) FOR NO KEY UPDATE
), post AS MATERIALIZED (
    SELECT p.id FROM forum, posts p WHERE p.id = $1 FOR NO KEY UPDATE OF p
)
SELECT forum.id FROM forum, post
"""
# Those above are taken in the order of their ids, as votes take them.
_SAY = """
WITH taken AS (
    UPDATE streams SET last_seq = last_seq + 1, active_at = greatest(active_at, $11)
    WHERE id = $2 RETURNING last_seq AS seq
), said AS (
    INSERT INTO comments (id, post_id, forum_id, parent_id, reply_to_id, path, depth, author_id, content, mentions,
        upvotes, host, inserted_at, attachments, told_seqs)
    SELECT $1, $2, $3, $4, $5, $6::text::ltree, $7, $8, $9, $10, $17, $12, $11, $18, ARRAY[seq] FROM taken
), voted AS (
    INSERT INTO votes (item_id, user_id, item_kind, forum_id, value, inserted_at, updated_at)
    VALUES ($1, $8, 'comment', $3, $17, $11, $11)
), above AS MATERIALIZED (
    SELECT id FROM comments WHERE id = ANY ($15::uuid[]) OR id = $16 ORDER BY id FOR NO KEY UPDATE
), counted AS (
    UPDATE comments c SET descendant_count = c.descendant_count + (c.id = ANY ($15::uuid[]))::int,
        child_count = c.child_count + (c.id = $4)::int, answered = c.answered OR ($12 AND c.id = $16)
    FROM above WHERE c.id = above.id
), post AS (
    UPDATE posts SET comment_count = comment_count + 1, last_comment_at = $11,
        active_at = CASE WHEN $13 THEN greatest(active_at, $11) ELSE active_at END
    WHERE id = $2
), forum AS (
    UPDATE forums SET comment_count = comment_count + 1 WHERE id = $3
), logged AS (
    INSERT INTO events (stream_id, seq, type, payload, inserted_at) SELECT $2, seq, 'new_comment', $14, $11 FROM taken
)
SELECT seq FROM taken
"""

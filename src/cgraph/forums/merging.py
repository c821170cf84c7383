"""Putting one post under another, and making a post of a comment; and back, exactly."""

from typing import Any, NamedTuple
from uuid import UUID

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph_kit import clock, streams
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id

from .access import Access, PostAccess, hold_post
from .editing import redact_post
from .errors import CannotUndoAct, CommentNotFound, PostNotFound
from .events import PostCreated, tell_forum
from .holding import hold_moderated_comment, hold_moderated_post
from .item_state import PostState, read_state, state_facts
from .log import Entry, LogEntry, record, show_entry
from .moderating import demand_over
from .posting import payload_of, tell_changed
from .redirects import lead, stop_leading
from .transplanting import Spot, become_comment, become_post, tell_moved


async def merge_posts(
    db: Repo, actor: Actor, post_id: UUID, into_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Put a post under another of the same forum, as a comment with all that was said about it; its address leads there.

    Raises `PostNotFound`, `NotModerator`, `OutrankedInForum`, `CommentsTooDeep`, `Invalid` for a post of another forum.
    """
    if post_id == into_id:
        raise Invalid.field("into_id", "is the post itself")
    async with db.transaction() as tx:
        post = await hold_moderated_post(tx, actor, post_id)
        into = await hold_post(tx, actor, into_id)
        if into.forum.forum_id != post.forum.forum_id:
            raise Invalid.field("into_id", "is a post of another forum")
        if not (post.there and into.there):
            raise PostNotFound
        await demand_over(tx, post.forum, post.author_id)
        act_id, comment_id, at = new_id(), new_id(), clock.now()
        forum_id = post.forum.forum_id
        before = await read_state(tx, PostState, post_id)
        content: str = await tx.value(_OPENING, post_id)
        await become_comment(
            tx, forum_id, post_id, comment_id, spot=Spot(into_id, None), content=content
        )
        await tx.value(_REMOVE, post_id, at, actor.id, act_id)
        await tx.value("UPDATE forums SET post_count = post_count - 1 WHERE id = $1", forum_id)
        await lead(tx, post_id, "comment", comment_id)
        await redact_post(tx, forum_id, post_id)
        await tell_changed(tx, forum_id, post_id)
        await tell_moved(tx, forum_id, post_id, into_id, comment_id=comment_id)
        await notifications.withdraw(tx, [post_id])
        now = await read_state(tx, PostState, post_id)
        await record(
            tx,
            forum_id,
            actor.id,
            "posts_merged",
            post_id,
            before=state_facts(before),
            after={
                **state_facts(now),
                "into_id": str(into_id),
                "comment_id": str(comment_id),
            },
            reason=reason,
            id=act_id,
        )
        return await show_entry(tx, act_id)


async def split_comment(
    db: Repo, actor: Actor, comment_id: UUID, title: str, *, reason: str | None = None
) -> LogEntry:
    """Make a post of a comment, with all below it; the comment's address leads there.

    Raises `CommentNotFound`, `NotModerator`, `OutrankedInForum`.
    """
    async with db.transaction() as tx:
        comment = await hold_moderated_comment(tx, actor, comment_id)
        if not (comment.there and comment.post.there):
            raise CommentNotFound
        await demand_over(tx, comment.post.forum, comment.author_id)
        access, act_id, post_id = comment.post.forum, new_id(), new_id()
        await streams.create(tx, post_id)
        await tx.value(_NEW_POST, post_id, comment_id, title, access.hot_epoch, access.hot_seconds)
        spot = await become_post(tx, access.forum_id, comment_id, post_id)
        await tx.value(
            "UPDATE forums SET post_count = post_count + 1 WHERE id = $1", access.forum_id
        )
        await tx.value(_MOVE_REVISIONS, comment_id, post_id, title)
        await lead(tx, comment_id, "post", post_id)
        await tell_forum(tx, PostCreated, access.forum_id, await payload_of(tx, post_id))
        await tell_moved(tx, access.forum_id, spot.post_id, post_id, comment_id=comment_id)
        after = {
            "post_id": str(post_id),
            "from_post_id": str(spot.post_id),
            "parent_id": spot.parent_id and str(spot.parent_id),
            "reply_to_id": spot.reply_to_id and str(spot.reply_to_id),
            "host": spot.host,
        }
        await record(
            tx,
            access.forum_id,
            actor.id,
            "comment_split",
            comment_id,
            after=after,
            reason=reason,
            id=act_id,
        )
        return await show_entry(tx, act_id)


async def revert_merge(
    tx: Transaction, actor: Actor, access: Access, entry: Entry, reason: str | None
) -> UUID:
    """The comment is the post again that it was. Raises `CannotUndoAct`, `OutrankedInForum`."""
    comment_id = UUID(entry.changes["comment_id"]["after"])
    into_id = await tx.value("SELECT post_id FROM comments WHERE id = $1", comment_id)
    if entry.target_id is None or into_id is None:
        raise CannotUndoAct("what it was about is gone")
    post = await _hold(tx, actor, access, entry.target_id)
    await _hold(tx, actor, access, into_id)
    await demand_over(tx, access, post.author_id)
    untouched = await tx.value(_SAME, comment_id, post.id, entry.id)
    if not untouched:
        raise CannotUndoAct("it has been changed again since")
    before = await read_state(tx, PostState, post.id)
    await become_post(tx, access.forum_id, comment_id, post.id)
    await tx.value(_RESTORE, post.id)
    await tx.value("UPDATE forums SET post_count = post_count + 1 WHERE id = $1", access.forum_id)
    await stop_leading(tx, post.id)
    # Whatever has come to lead to the comment since leads to the post.
    await lead(tx, comment_id, "post", post.id)
    await tell_changed(tx, access.forum_id, post.id)
    await tell_moved(tx, access.forum_id, into_id, post.id, comment_id=comment_id)
    after = await read_state(tx, PostState, post.id)
    return await record(
        tx,
        access.forum_id,
        actor.id,
        "posts_merged_undone",
        post.id,
        before=state_facts(before),
        after=state_facts(after),
        reason=reason,
        undoes_id=entry.id,
    )


class _Split(NamedTuple):
    post_id: UUID
    from_post_id: UUID
    spot: Spot


async def revert_split(
    tx: Transaction, actor: Actor, access: Access, entry: Entry, reason: str | None
) -> UUID:
    """The post is the comment again that it was. Raises `CannotUndoAct`, `OutrankedInForum`, `CommentsTooDeep`."""
    split, comment_id = _split(entry), entry.target_id
    if comment_id is None:
        raise CannotUndoAct("what it was about is gone")
    post = await _hold(tx, actor, access, split.post_id)
    await _hold(tx, actor, access, split.from_post_id)
    await demand_over(tx, access, post.author_id)
    parent_id = split.spot.parent_id
    if parent_id is not None and not await tx.value(_STANDS, parent_id, split.from_post_id):
        raise CannotUndoAct("what it answered is gone")
    if not post.there or post.kind not in {"text", "image"}:
        raise CannotUndoAct("it has been changed again since")
    content: str = await tx.value("SELECT content FROM posts WHERE id = $1", post.id)
    await become_comment(tx, access.forum_id, post.id, comment_id, spot=split.spot, content=content)
    await tx.value(_MOVE_REVISIONS, post.id, comment_id, None)
    await stop_leading(tx, comment_id)
    await lead(tx, post.id, "comment", comment_id)
    await tell_moved(tx, access.forum_id, post.id, split.from_post_id, comment_id=comment_id)
    await tx.value(_REMOVE, post.id, clock.now(), actor.id, entry.id)
    await tx.value("UPDATE forums SET post_count = post_count - 1 WHERE id = $1", access.forum_id)
    await redact_post(tx, access.forum_id, post.id)
    await tell_changed(tx, access.forum_id, post.id)
    return await record(
        tx,
        access.forum_id,
        actor.id,
        "comment_split_undone",
        comment_id,
        before={"post_id": str(post.id)},
        reason=reason,
        undoes_id=entry.id,
    )


def _split(entry: Entry) -> _Split:
    facts: dict[str, Any] = {name: change["after"] for name, change in entry.changes.items()}
    parent_id, reply_to_id = facts.get("parent_id"), facts.get("reply_to_id")
    from_id = UUID(facts["from_post_id"])
    spot = Spot(
        from_id,
        UUID(parent_id) if parent_id else None,
        UUID(reply_to_id) if reply_to_id else None,
        facts.get("host", False),
    )
    return _Split(UUID(facts["post_id"]), from_id, spot)


async def _hold(tx: Transaction, actor: Actor, access: Access, post_id: UUID) -> PostAccess:
    try:
        post = await hold_post(tx, actor, post_id)
    except PostNotFound:
        raise CannotUndoAct("what it was about is gone") from None
    if post.forum.forum_id != access.forum_id:
        raise CannotUndoAct("it has been moved to another forum since")
    return post


_SAID = r"""
'**' || p.title || '**' || CASE WHEN p.url IS NULL THEN '' ELSE E'\n\n' || p.url END
    || CASE WHEN p.content = '' THEN '' ELSE E'\n\n' || p.content END
"""
"""What a post `p` says as a comment."""
_OPENING = f"SELECT {_SAID} FROM posts p WHERE p.id = $1"
_REMOVE = """
UPDATE posts SET removed_at = $2, removed_by = $3, removal_id = $4 WHERE id = $1
"""
_RESTORE = "UPDATE posts SET removed_at = NULL, removed_by = NULL, removal_id = NULL WHERE id = $1"
# Nobody has edited, deleted, removed, locked or marked either meanwhile; an edit soon after leaves no trace but the words.
_SAME = f"""
SELECT c.content = {_SAID} AND c.edited_at IS NOT DISTINCT FROM p.edited_at AND c.deleted_at IS NULL
    AND c.removed_at IS NULL AND c.parent_id IS NULL AND p.deleted_at IS NULL AND p.removal_id = $3
    AND c.locked_at IS NOT DISTINCT FROM p.locked_at AND c.distinguished = p.distinguished
FROM comments c, posts p WHERE c.id = $1 AND p.id = $2
"""
_STANDS = "SELECT true FROM comments WHERE id = $1 AND post_id = $2"
_NEW_POST = """
INSERT INTO posts (id, forum_id, hot_epoch, hot_seconds, author_id, kind, title, content, mentions, active_at, inserted_at,
    edited_at, distinguished, locked_at)
SELECT $1, c.forum_id, $4, $5, c.author_id, 'text', $3, c.content, c.mentions,
    (SELECT max(b.inserted_at) FROM comments b WHERE b.post_id = c.post_id AND b.path <@ c.path),
    c.inserted_at, c.edited_at, c.distinguished, c.locked_at
FROM comments c WHERE c.id = $2
"""
_MOVE_REVISIONS = "UPDATE forum_revisions SET item_id = $2, title = $3 WHERE item_id = $1"

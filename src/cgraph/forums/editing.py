"""Saying it differently, and taking it back: what authors do with their posts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from cgraph import files, notifications
from cgraph.accounts import Actor
from cgraph.files import NewAttachment
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns

from .access import PostAccess, get_post_place, hold_forum, hold_post
from .attaching import POST, attach_to_post, kind_with
from .errors import NotPostAuthor, PostNotFound
from .limits import DEFAULT_LIMITS, Limits
from .naming import find_mentioned, without
from .notify_jobs import notify_of_post
from .post import Post, PostChange
from .posting import check_content, tell_changed
from .posting_limits import count_posting
from .previewing import Linking, follow_edit
from .revisions import forget_revisions, keep_revision
from .viewing import get_post


class _Text(msgspec.Struct, frozen=True):
    title: str
    content: str
    language: str | None
    nsfw: bool
    mentions: list[UUID]
    kind: str
    attachments: list[dict[str, Any]] | None
    url: str | None
    previews_off: bool


async def edit_post(
    db: Repo,
    actor: Actor,
    post_id: UUID,
    change: PostChange,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Post:
    """Change what one has posted; to what it is: nothing happens. Only those it mentions now and did not before are notified.

    Raises `PostNotFound`, `NotPostAuthor`, `PostLocked`, `PostArchived`, `BannedFromForum`, `ForumArchived`,
    `PostingTooFast`, `Invalid`, and as `files.attach`.
    """
    given = {k: v for k, v in msgspec.structs.asdict(change).items() if v is not UNSET}
    named = given.pop("attachments", None)
    if "suppress_previews" in given:
        given["previews_off"] = given.pop("suppress_previews")
    if "content" in given:
        check_content(given["content"], limits)
    async with db.transaction() as tx:
        post = await hold_post(tx, actor, post_id)
        _check_author(post)
        post.demand_open()
        post.forum.demand_taking_part()
        before = await tx.one(_Text, _TEXT, post_id)
        if named is not None:
            given |= await _attach(tx, actor, post_id, before, named, limits=limits)
        after = msgspec.structs.replace(before, **given)
        if after != before:
            await count_posting(tx, post.forum, "edit", after.content, limits.pace)
            await _follow(tx, post_id, before, after, limits)
            await _edit(tx, actor, post, before, after, grace=limits.post_grace_seconds)
        return await get_post(tx, actor, post_id)


async def _attach(
    tx: Transaction,
    actor: Actor,
    post_id: UUID,
    before: _Text,
    named: Sequence[NewAttachment],
    *,
    limits: Limits,
) -> dict[str, Any]:
    """What comes with it now, and what it is by that."""
    known = files.from_stored(before.attachments)
    attached = await attach_to_post(tx, actor, post_id, named, limits=limits, before=known)
    return {"attachments": files.stored(attached), "kind": kind_with(before.kind, attached)}


async def _follow(
    tx: Transaction, post_id: UUID, before: _Text, after: _Text, limits: Limits
) -> None:
    was = Linking(before.content, before.url, before.previews_off)
    now = Linking(after.content, after.url, after.previews_off)
    await follow_edit(tx, "post", post_id, was, now, limits=limits)


async def _edit(
    tx: Transaction, actor: Actor, post: PostAccess, before: _Text, after: _Text, *, grace: int
) -> None:
    now = clock.now()
    rewritten = (before.title, before.content) != (after.title, after.content)
    if rewritten:
        written_at = post.edited_at or post.inserted_at
        await keep_revision(tx, post.id, written_at=written_at, now=now, grace_seconds=grace)
    mentions = await find_mentioned(tx, post.forum, actor.id, after.content)
    edited_at = now if rewritten else post.edited_at
    await tx.value(
        _EDIT,
        post.id,
        after.title,
        after.content,
        after.language,
        after.nsfw,
        mentions,
        edited_at,
        after.attachments,
        after.kind,
    )
    await tell_changed(tx, post.forum.forum_id, post.id)
    if added := without(mentions, before.mentions):
        await notify_of_post.enqueue(tx, post_id=post.id, mentions=added, new=False)
    if removed := without(before.mentions, mentions):
        await notifications.withdraw(tx, [post.id], kind="mention", user_ids=removed)


async def delete_post(db: Repo, actor: Actor, post_id: UUID) -> None:
    """Take back what one has posted, for good; again: nothing happens. With comments below, a stub keeps its place.

    What it said, had said before, came with it, asked and mentioned is gone, from the log too. Votes stay counted. Raises
    `PostNotFound`, `NotPostAuthor`.
    """
    async with db.transaction() as tx:
        seen = await get_post_place(tx, actor, post_id)
        await hold_forum(tx, actor, seen.forum.forum_id)
        post = await hold_post(tx, actor, post_id)
        _check_author(post)
        if not post.deleted:
            await _erase(tx, post)


async def _erase(tx: Transaction, post: PostAccess) -> None:
    await tx.value(_EMPTY, post.id, clock.now())
    await files.release(tx, POST, [post.id])
    await tx.value("DELETE FROM polls WHERE post_id = $1", post.id)
    await forget_revisions(tx, post.id)
    await redact_post(tx, post.forum.forum_id, post.id)
    if not post.removed:
        await tx.value(_COUNT, post.forum.forum_id)
    await tell_changed(tx, post.forum.forum_id, post.id)
    await notifications.withdraw(tx, [post.id])


async def redact_post(tx: Transaction, forum_id: UUID, post_id: UUID) -> None:
    """Take what a post says out of the logs: whoever resumes meets an empty one. The caller has held the forum."""
    await tx.value(_REDACT, [forum_id, post_id], str(post_id))


def _check_author(post: PostAccess) -> None:
    if not post.authored:
        # A stub is there only for who may see it; to others it is not.
        raise NotPostAuthor if post.there else PostNotFound


_TEXT = f"SELECT {columns(_Text)} FROM posts WHERE id = $1"
_EDIT = """
UPDATE posts SET title = $2, content = $3, language = $4, nsfw = $5, mentions = $6, edited_at = $7,
    attachments = $8, kind = $9
WHERE id = $1
"""
_EMPTY = """
UPDATE posts SET title = '', content = '', url = NULL, mentions = '{}', attachments = NULL, deleted_at = $2,
    pinned_at = NULL, pinned_until = NULL
WHERE id = $1
"""
_COUNT = "UPDATE forums SET post_count = post_count - 1 WHERE id = $1"
# Payloads of posts begin with their id: see the index `events_posts`.
_REDACT = """
UPDATE events
SET payload = (payload::jsonb || '{"title": "", "content": "", "url": null, "author": null, "attachments": [], "previews": []}')::text
WHERE stream_id = ANY($1) AND type IN ('new_post', 'post_updated') AND substr(payload, 8, 36) = $2
"""

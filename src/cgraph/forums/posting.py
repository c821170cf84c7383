"""Beginning something in a forum."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import files, previews
from cgraph.accounts import Actor, Person
from cgraph.files import Attachment
from cgraph_kit import clock, streams
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id

from .access import Access, get_post_place, hold_forum
from .attaching import attach_to_post, kind_with
from .errors import PostNotFound
from .events import PostCreated, PostListed, PostPayload, PostUpdated, tell_forum, tell_post
from .limits import DEFAULT_LIMITS, Limits
from .naming import find_mentioned
from .notify_jobs import notify_of_post
from .polls import add_poll
from .post import NewPost, Post
from .posting_limits import count_posting
from .previewing import ask_for, switch_off
from .viewing import get_post
from .votes import cast_own


async def create_post(
    db: Repo, actor: Actor, forum: UUID | str, new: NewPost, *, limits: Limits = DEFAULT_LIMITS
) -> Post:
    """Post something; the author's own vote comes with it.

    Raises `ForumNotFound`, `BannedFromForum`, `ForumArchived`, `PostingRestricted`, `PostNotFound` (of what is
    crossposted), `PostingTooFast`, `SaidBefore`, `TooManyLinks`, `Invalid`, and as `files.attach`.
    """
    check_content(new.content, limits)
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_posting()
        said = "\n".join((new.title, new.content, new.url or ""))
        await count_posting(tx, access, "post", said, limits.pace)
        origin_id = await _origin(tx, actor, new.crosspost_of_id)
        id, at = new_id(), clock.now()
        await streams.create(tx, id)
        mentions = await find_mentioned(tx, access, actor.id, new.content)
        await cast_own(tx, "post", id, actor.id, access.forum_id, at=at)
        attached = await attach_to_post(tx, actor, id, new.attachments, limits=limits)
        await _insert(
            tx,
            actor,
            access,
            id,
            new,
            origin_id=origin_id,
            mentions=mentions,
            attached=attached,
            at=at,
        )
        if not new.suppress_previews:
            await ask_for(tx, "post", id, new.content, new.url, limits=limits)
        else:
            await switch_off(tx, "post", id)
        if new.poll is not None:
            await add_poll(tx, id, new.poll)
        await tx.value(_COUNT, access.forum_id)
        await tell_forum(tx, PostCreated, access.forum_id, await payload_of(tx, id))
        await notify_of_post.enqueue(tx, post_id=id, mentions=mentions, new=True)
        return await get_post(tx, actor, id)


def check_content(content: str, limits: Limits) -> None:
    """Raise `Invalid` for more than a post may say."""
    if len(content) > limits.post_max:
        raise Invalid.field("content", f"must have at most {limits.post_max} characters")


async def _origin(tx: Transaction, actor: Actor, post_id: UUID | None) -> UUID | None:
    """What is crossposted: of what is itself a crosspost, what that points to."""
    if post_id is None:
        return None
    post = await get_post_place(tx, actor, post_id)
    if not post.there:
        raise PostNotFound
    root: UUID = await tx.value(
        "SELECT coalesce(crosspost_of_id, id) FROM posts WHERE id = $1", post_id
    )
    return root


async def _insert(
    tx: Transaction,
    actor: Actor,
    forum: Access,
    id: UUID,
    new: NewPost,
    *,
    origin_id: UUID | None,
    mentions: list[UUID],
    attached: Sequence[Attachment],
    at: datetime,
) -> None:
    await tx.value(
        _INSERT,
        id,
        forum.forum_id,
        forum.hot_epoch,
        forum.hot_seconds,
        actor.id,
        kind_with(new.kind, attached),
        new.title,
        new.content,
        new.url,
        new.language,
        new.nsfw,
        origin_id,
        mentions,
        at,
        files.stored(attached),
    )


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    forum_id: UUID
    author_id: UUID | None
    author_number: int | None
    username: str | None
    display_name: str | None
    avatar_url: str | None
    kind: str
    title: str
    content: str
    url: str | None
    language: str | None
    nsfw: bool
    crosspost_of_id: UUID | None
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    locked_at: datetime | None
    archived_at: datetime | None
    pinned_at: datetime | None
    pinned_until: datetime | None
    attachments: list[dict[str, Any]] | None
    previews: list[dict[str, Any]] | None

    def author(self) -> Person | None:
        if self.author_id is None or self.author_number is None or self.username is None:
            return None
        return Person(
            self.author_id, self.author_number, self.username, self.display_name, self.avatar_url
        )


async def payload_of(tx: Transaction, post_id: UUID) -> PostPayload:
    """A post as everybody who reads its forum may know it."""
    row = await tx.one(_Row, _PAYLOAD, post_id)
    gone = row.deleted_at is not None or row.removed_at is not None
    return PostPayload(
        id=row.id,
        forum_id=row.forum_id,
        author=None if gone else row.author(),
        kind=row.kind,
        title="" if gone else row.title,
        content="" if gone else row.content,
        url=None if gone else row.url,
        language=row.language,
        nsfw=row.nsfw,
        crosspost_of_id=row.crosspost_of_id,
        inserted_at=row.inserted_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        removed_at=row.removed_at,
        locked_at=row.locked_at,
        archived_at=row.archived_at,
        pinned_at=row.pinned_at,
        pinned_until=row.pinned_until,
        attachments=() if gone else files.from_stored(row.attachments),
        previews=() if gone else previews.from_stored(row.previews),
    )


async def tell_changed(tx: Transaction, forum_id: UUID, post_id: UUID) -> None:
    """Tell those who read the forum, and those who read the post, what it is now. Once per transaction, after all changes."""
    payload = await payload_of(tx, post_id)
    await tell_forum(tx, PostListed, forum_id, payload)
    await tell_post(tx, PostUpdated, forum_id, post_id, payload)


_INSERT = """
INSERT INTO posts (id, forum_id, hot_epoch, hot_seconds, author_id, kind, title, content, url, language, nsfw,
    crosspost_of_id, mentions, active_at, inserted_at, attachments)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15)
"""
_COUNT = "UPDATE forums SET post_count = post_count + 1 WHERE id = $1"
_PAYLOAD = """
SELECT p.id, p.forum_id, p.author_id, u.user_id, u.username, u.display_name, u.avatar_url, p.kind, p.title, p.content,
    p.url, p.language, p.nsfw, p.crosspost_of_id, p.inserted_at, p.edited_at, p.deleted_at, p.removed_at, p.locked_at,
    p.archived_at, p.pinned_at, p.pinned_until, p.attachments, p.previews
FROM posts p LEFT JOIN users u ON u.id = p.author_id WHERE p.id = $1
"""

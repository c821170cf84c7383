"""What people do with forums: make, change, look at, delete."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import accounts, files
from cgraph.accounts import Actor, Auth, Origin
from cgraph_kit import clock, streams
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.markdown import render

from . import log
from .access import Access, Posting, Visibility, get_forum, hold_forum
from .errors import ForumHasChildren, SlugTaken, TooManyForums
from .events import (
    AccessLost,
    ForumDeleted,
    ForumDeletedPayload,
    ForumPayload,
    ForumUpdated,
    tell_forum,
)
from .forum import DeleteForum, Forum, ForumChange, NewForum
from .limits import DEFAULT_LIMITS, Limits
from .nesting import check_parent, hold_trees, list_ancestors
from .subscriptions import let_everybody_in
from .sweeping import LEFT, sweep_forum


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    slug: str
    parent_id: UUID | None
    title: str
    description: str | None
    sidebar: str | None
    rules: list[str]
    icon_url: str | None
    visibility: Visibility
    posting: Posting
    downvotes: bool
    nsfw: bool
    languages: list[str]
    default_sort: str
    creator_id: UUID | None
    subscriber_count: int
    post_count: int
    comment_count: int
    archived_at: datetime | None
    inserted_at: datetime
    updated_at: datetime
    seq: int


async def create_forum(
    db: Repo, actor: Actor, new: NewForum, *, limits: Limits = DEFAULT_LIMITS
) -> Forum:
    """A new forum, whose creator and first moderator the actor is; they are subscribed.

    Raises `SlugTaken`, `TooManyForums`, `ForumArchived`, and `Invalid` for a parent that cannot be one.
    """
    async with db.transaction() as tx:
        # One person's at a time, so that they are counted one after the other.
        await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", actor.id)
        if await tx.value(_COUNT, actor.id) >= limits.forums_max:
            raise TooManyForums(f"you may have at most {limits.forums_max} forums")
        if new.parent_id is not None:
            await hold_trees(tx)
            await check_parent(tx, actor, None, new.parent_id, depth_max=limits.forum_depth_max)
        id = new_id()
        await _insert(tx, actor, id, new)
        await tx.value(_FIRST_MODERATOR, id, actor.id)
        await tx.value(_FIRST_SUBSCRIBER, id, actor.id)
        return await read_forum(tx, actor, id)


async def _insert(tx: Transaction, actor: Actor, id: UUID, new: NewForum) -> None:
    await streams.create(tx, id)
    made = await tx.value(
        _INSERT,
        id,
        new.slug,
        new.parent_id,
        new.title,
        new.description,
        new.sidebar,
        new.rules,
        new.icon_url,
        new.visibility,
        new.posting,
        new.downvotes,
        new.nsfw,
        new.languages,
        new.default_sort,
        actor.id,
    )
    if made is None:
        raise SlugTaken(fields={"slug": ["is taken"]})


async def read_forum(db: Repo, actor: Actor | None, forum: UUID | str) -> Forum:
    """A forum as this reader sees it. Raises `ForumNotFound`."""
    access = await get_forum(db, actor, forum)
    row = await db.one(_Row, _READ, access.forum_id)
    ancestors = await list_ancestors(db, actor, row.id) if row.parent_id else ()
    values = msgspec.structs.asdict(row)
    return Forum(
        **values,
        ancestors=ancestors,
        sidebar_html=render(row.sidebar) if row.sidebar else "",
        subscription=access.subscription,
        level=access.level,
        moderator=access.moderator,
        banned=access.banned,
    )


async def update_forum(
    db: Repo,
    actor: Actor,
    forum: UUID | str,
    change: ForumChange,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Forum:
    """Change a forum, as one of its moderators; archive it or change who may read it as its creator.

    A change to what already is tells nobody. Raises `ForumNotFound`, `NotModerator`, `NotCreator`, `ForumArchived` (of
    the new parent), and `Invalid` for a parent that cannot be one.
    """
    given = change.given()
    async with db.transaction() as tx:
        if "parent_id" in given:
            await hold_trees(tx)
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        before = await tx.one(_Row, _READ, access.forum_id)
        after = _applied(before, given)
        if after != before:
            _check_rights(access, before, after)
            if after.parent_id is not None and after.parent_id != before.parent_id:
                most = limits.forum_depth_max
                await check_parent(tx, actor, after.id, after.parent_id, depth_max=most)
            await _write(tx, actor, before, after)
        if "icon_url" in given:
            await files.drop_pictures(tx, "icon", access.forum_id)
        return await read_forum(tx, actor, access.forum_id)


async def change_icon(tx: Transaction, actor: Actor, forum_id: UUID, address: str | None) -> None:
    """Have a forum, which the caller holds, shown by the picture at this address."""
    before = await tx.one(_Row, _READ, forum_id)
    if before.icon_url != address:
        await _write(tx, actor, before, msgspec.structs.replace(before, icon_url=address))


def _applied(row: _Row, given: dict[str, Any]) -> _Row:
    values = dict(given)
    archived = values.pop("archived", None)
    if archived is not None and archived != (row.archived_at is not None):
        values["archived_at"] = clock.now() if archived else None
    return msgspec.structs.replace(row, **values)


def _check_rights(access: Access, before: _Row, after: _Row) -> None:
    if (before.visibility, before.archived_at) != (after.visibility, after.archived_at):
        access.demand_creator()


async def _write(tx: Transaction, actor: Actor, before: _Row, after: _Row) -> None:
    payload = _payload(after)
    values = {name: getattr(after, name) for name in _CHANGEABLE}
    await tx.value(_UPDATE, after.id, clock.now(), *values.values())
    await tell_forum(tx, ForumUpdated, after.id, payload)
    if after.visibility == "private" != before.visibility:
        tx.publish(AccessLost(after.id, None))
    if before.visibility == "private" != after.visibility:
        await let_everybody_in(tx, after.id)
    old, new = (msgspec.to_builtins(_payload(row)) for row in (before, after))
    await log.record(tx, after.id, actor.id, "forum_updated", after.id, before=old, after=new)


def _payload(row: _Row) -> ForumPayload:
    return ForumPayload(*(getattr(row, name) for name in ForumPayload.__struct_fields__))


async def delete_forum(
    db: Repo,
    auth: Auth,
    actor: Actor,
    forum: UUID | str,
    confirmation: DeleteForum,
    *,
    origin: Origin,
) -> None:
    """Take a forum and everything in it away, as its creator or an administrator of the site; its slug is not free again.

    Files that came with what was said there go by a job.

    Raises `ForumNotFound`, `NotCreator`, `ForumHasChildren`, `accounts.WrongPassword`, `accounts.TooManyAttempts`.
    """
    await confirm_creator(db, auth, actor, forum, confirmation.password, origin=origin)
    async with db.transaction() as tx:
        await hold_trees(tx)
        access = await hold_forum(tx, actor, forum)
        access.demand_creator()
        if await tx.value(_HAS_CHILDREN, access.forum_id):
            raise ForumHasChildren
        await files.drop_pictures(tx, "icon", access.forum_id)
        await tell_forum(tx, ForumDeleted, access.forum_id, ForumDeletedPayload(access.forum_id))
        tx.publish(AccessLost(access.forum_id, None))
        await log.record(tx, access.forum_id, actor.id, "forum_deleted", access.forum_id)
        await tx.value(
            "UPDATE forums SET deleted_at = $2 WHERE id = $1", access.forum_id, clock.now()
        )
        await sweep_forum.enqueue(tx, forum_id=access.forum_id, schedule_in=LEFT)


async def confirm_creator(
    db: Repo, auth: Auth, actor: Actor, forum: UUID | str, password: str, *, origin: Origin
) -> None:
    """The forum is the actor's, or they an administrator of the site, and they know their password."""
    (await get_forum(db, actor, forum)).demand_creator()
    await accounts.confirm_password(db, auth, actor, (password,), field="password", origin=origin)


_COUNT = "SELECT count(*) FROM forums WHERE creator_id = $1 AND deleted_at IS NULL"
_INSERT = """
INSERT INTO forums (id, slug, parent_id, title, description, sidebar, rules, icon_url, visibility, posting, downvotes, nsfw,
    languages, default_sort, creator_id, subscriber_count)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)
ON CONFLICT (slug) DO NOTHING RETURNING true
"""
_FIRST_MODERATOR = "INSERT INTO forum_moderators (forum_id, user_id, position) VALUES ($1, $2, 0)"
_FIRST_SUBSCRIBER = "INSERT INTO forum_subscriptions (forum_id, user_id) VALUES ($1, $2)"
_ROW_COLUMNS = ", ".join(f"f.{name}" for name in _Row.__struct_fields__[:-1])
_READ = (
    f"SELECT {_ROW_COLUMNS}, t.last_seq FROM forums f JOIN streams t ON t.id = f.id WHERE f.id = $1"
)
_CHANGEABLE = (
    *("title", "parent_id", "description", "sidebar", "rules", "icon_url", "visibility", "posting"),
    *("downvotes", "nsfw", "languages", "default_sort", "archived_at"),
)
_SETS = ", ".join(f"{name} = ${n}" for n, name in enumerate(_CHANGEABLE, 3))
_UPDATE = f"UPDATE forums SET {_SETS}, updated_at = $2 WHERE id = $1"
_HAS_CHILDREN = "SELECT EXISTS (SELECT FROM forums WHERE parent_id = $1 AND deleted_at IS NULL)"

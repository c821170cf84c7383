"""Who looks after a forum, in order: earlier ones outrank later ones, the creator is the first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Auth, Origin, Person
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from . import log
from .access import Access, get_forum, hold_forum
from .errors import ModeratorNotFound, OutrankedInForum, TooManyModerators
from .events import AccessLost, ModeratorsPayload, ModeratorsUpdated, tell_forum
from .forum import TransferForum
from .forums import confirm_creator
from .limits import DEFAULT_LIMITS, Limits


class ModeratorOrder(Input, frozen=True):
    """All moderators but the creator, the highest first."""

    user_ids: Annotated[list[UUID], msgspec.Meta(max_length=1000)]


class Moderator(msgspec.Struct, frozen=True):
    """Somebody who looks after the forum."""

    user: Person
    position: int
    """The lower, the higher they stand."""
    creator: bool
    inserted_at: datetime


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None
    position: int
    creator: bool
    inserted_at: datetime

    def person(self) -> Person:
        return Person(self.id, self.user_id, self.username, self.display_name, self.avatar_url)


async def list_moderators(db: Repo, actor: Actor | None, forum: UUID | str) -> list[Moderator]:
    """All of them, the highest first. Raises `ForumNotFound`."""
    access = await get_forum(db, actor, forum)
    return await _list(db, access.forum_id)


async def add_moderator(
    db: Repo, actor: Actor, forum: UUID | str, user_id: UUID, *, limits: Limits = DEFAULT_LIMITS
) -> list[Moderator]:
    """Somebody looks after the forum from now on, below all others; who does already stays where they are.

    Raises `ForumNotFound`, `NotModerator`, `UserNotFound`, `TooManyModerators`.
    """
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        if user_id not in await accounts.list_active_ids(tx, [user_id]):
            raise accounts.UserNotFound
        before = await _list(tx, access.forum_id)
        if any(one.user.id == user_id for one in before):
            return before
        if len(before) >= limits.moderators_max:
            raise TooManyModerators
        await tx.value(_ADD, access.forum_id, user_id, before[-1].position + 1 if before else 1)
        await log.record(tx, access.forum_id, actor.id, "moderator_added", user_id)
        return await _told(tx, access)


async def remove_moderator(
    db: Repo, actor: Actor, forum: UUID | str, user_id: UUID
) -> list[Moderator]:
    """Somebody looks after it no longer: oneself, or who stands below. The creator hands the forum over first.

    Raises `ForumNotFound`, `NotModerator`, `ModeratorNotFound`, `OutrankedInForum`.
    """
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        theirs = await _position(tx, access, user_id)
        leaving = user_id == actor.id and not access.creator
        if not leaving and (theirs == 0 or not access.outranks(theirs)):
            raise OutrankedInForum
        await tx.value(_REMOVE, access.forum_id, user_id)
        await log.record(tx, access.forum_id, actor.id, "moderator_removed", user_id)
        if access.visibility == "private":
            tx.publish(AccessLost(access.forum_id, user_id))
        return await _told(tx, access)


async def reorder_moderators(
    db: Repo, actor: Actor, forum: UUID | str, order: ModeratorOrder
) -> list[Moderator]:
    """Put the moderators into another order; whoever moves, or is passed by, must stand below the actor before and after.

    Raises `ForumNotFound`, `NotModerator`, `OutrankedInForum`, and `Invalid` unless all are named once.
    """
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        before = [one for one in await _list(tx, access.forum_id) if not one.creator]
        ids = [one.user.id for one in before]
        if sorted(ids) != sorted(order.user_ids):
            raise Invalid.field("user_ids", "must name every moderator but the creator once")
        if ids == order.user_ids:
            return await _list(tx, access.forum_id)
        moved = [n for n, id in enumerate(order.user_ids) if ids[n] != id]
        if not access.outranks(before[moved[0]].position):
            raise OutrankedInForum
        await tx.value(_REORDER, access.forum_id, order.user_ids)
        old, new = {"user_ids": ids}, {"user_ids": order.user_ids}
        await log.record(
            tx,
            access.forum_id,
            actor.id,
            "moderators_reordered",
            before=msgspec.to_builtins(old),
            after=msgspec.to_builtins(new),
        )
        return await _told(tx, access)


async def transfer_forum(
    db: Repo,
    auth: Auth,
    actor: Actor,
    forum: UUID | str,
    new: TransferForum,
    *,
    origin: Origin,
) -> list[Moderator]:
    """Hand a forum over to one of its moderators, as its creator, who becomes the second; or as an administrator of the site.

    Raises `ForumNotFound`, `NotCreator`, `ModeratorNotFound`, `accounts.WrongPassword`, `accounts.TooManyAttempts`.
    """
    await confirm_creator(db, auth, actor, forum, new.password, origin=origin)
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_creator()
        await _position(tx, access, new.user_id)
        if new.user_id not in await accounts.list_active_ids(tx, [new.user_id]):
            raise ModeratorNotFound
        if new.user_id != access.creator_id:
            others = [one.user.id for one in await _list(tx, access.forum_id)]
            order = [new.user_id, *(id for id in others if id != new.user_id)]
            await tx.value(_REORDER_ALL, access.forum_id, order)
            await tx.value(_TRANSFER, access.forum_id, new.user_id)
            await log.record(tx, access.forum_id, actor.id, "forum_transferred", new.user_id)
        return await _told(tx, access)


async def _position(tx: Transaction, access: Access, user_id: UUID) -> int:
    position: int | None = await tx.value(_POSITION, access.forum_id, user_id)
    if position is None:
        raise ModeratorNotFound
    return position


async def _list(db: Repo, forum_id: UUID) -> list[Moderator]:
    rows = await db.all(_Row, _LIST, forum_id)
    return [Moderator(row.person(), row.position, row.creator, row.inserted_at) for row in rows]


async def _told(tx: Transaction, access: Access) -> list[Moderator]:
    moderators: Sequence[Moderator] = await _list(tx, access.forum_id)
    people = [one.user for one in moderators]
    await tell_forum(
        tx, ModeratorsUpdated, access.forum_id, ModeratorsPayload(access.forum_id, people)
    )
    return list(moderators)


_LIST = """
SELECT u.id, u.user_id, u.username, u.display_name, u.avatar_url, m.position, f.creator_id IS NOT DISTINCT FROM u.id,
    m.inserted_at
FROM forum_moderators m JOIN users u ON u.id = m.user_id JOIN forums f ON f.id = m.forum_id
WHERE m.forum_id = $1 ORDER BY m.position
"""
_ADD = "INSERT INTO forum_moderators (forum_id, user_id, position) VALUES ($1, $2, $3)"
_REMOVE = "DELETE FROM forum_moderators WHERE forum_id = $1 AND user_id = $2"
_POSITION = "SELECT position FROM forum_moderators WHERE forum_id = $1 AND user_id = $2"
_REORDER = """
UPDATE forum_moderators m SET position = o.n
FROM unnest($2::uuid[]) WITH ORDINALITY AS o (id, n) WHERE m.forum_id = $1 AND m.user_id = o.id
"""
_REORDER_ALL = """
UPDATE forum_moderators m SET position = o.n - 1
FROM unnest($2::uuid[]) WITH ORDINALITY AS o (id, n) WHERE m.forum_id = $1 AND m.user_id = o.id
"""
_TRANSFER = "UPDATE forums SET creator_id = $2, updated_at = now() WHERE id = $1"

"""Subscribing, asking to be let into a private forum, and letting in.

Counts are kept under the forum's lock, so they hold whoever comes and goes at the same time.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import accounts, notifications
from cgraph.accounts import Actor
from cgraph.notifications import PreferenceChange, Scope
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from . import log
from .access import Access, Level, find_place, get_forum, hold_forum
from .errors import BannedFromForum, ForumNotFound, OutrankedInForum, SubscriberNotFound
from .events import AccessLost
from .subscription import REACH, SetSubscription, State, Subscriber, SubscriberRow, Subscription


async def subscribe(
    db: Repo, actor: Actor, forum: UUID | str, new: SetSubscription
) -> Subscription:
    """Subscribe, or hear more or less from now on. To a private forum one asks to be let in; only its name must be known.

    Raises `ForumNotFound`, also for whom a private forum has banned; `BannedFromForum`.
    """
    async with db.transaction() as tx:
        access = await _hold(tx, actor, forum)
        if access.subscription is None and access.banned:
            raise ForumNotFound if access.visibility == "private" else BannedFromForum
        state: State = access.subscription or (
            "pending" if access.visibility == "private" and not access.moderator else "active"
        )
        await tx.value(_SET, access.forum_id, actor.id, state, new.level)
        if state == "active":
            if not access.subscriber:
                await _count(tx, access.forum_id, 1)
            await _prefer(tx, actor.id, access.forum_id, new.level)
        return Subscription(state, new.level)


async def unsubscribe(db: Repo, actor: Actor, forum: UUID | str) -> None:
    """Take it back, or the request; where there is none, nothing happens. Raises `ForumNotFound`."""
    async with db.transaction() as tx:
        access = await _hold(tx, actor, forum)
        if access.subscription is None:
            if access.visibility == "private" and not access.moderator:
                raise ForumNotFound
            return
        await _remove(tx, access, actor.id, state=access.subscription)


async def list_subscribers(
    db: Repo,
    actor: Actor,
    forum: UUID | str,
    *,
    state: State = "active",
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Subscriber]:
    """Who has subscribed, or waits; the first first; for moderators. Raises `ForumNotFound`, `NotModerator`, `Invalid`."""
    access = await get_forum(db, actor, forum)
    access.demand_moderator()
    start = decode_cursor(after, tuple[datetime, UUID], "after") if after else (None, None)
    rows = await db.all(SubscriberRow, _LIST, access.forum_id, state, *start, limit + 1)
    page = forward_page(rows, limit, lambda row: (row.inserted_at, row.id))
    return Page([row.shown() for row in page.items], after=page.after)


async def accept_subscriber(db: Repo, actor: Actor, forum: UUID | str, user_id: UUID) -> Subscriber:
    """Let somebody in, who need not have asked; again: nothing happens. They are told.

    Raises `ForumNotFound`, `NotModerator`, `UserNotFound`, `BannedFromForum` (the person is).
    """
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        if user_id not in await accounts.list_active_ids(tx, [user_id]):
            raise accounts.UserNotFound
        theirs = await _theirs(tx, access.forum_id, user_id)
        if theirs.banned:
            raise BannedFromForum("this person is banned from the forum")
        if theirs.state != "active":
            await tx.value(_ACCEPT, access.forum_id, user_id)
            await _count(tx, access.forum_id, 1)
            await _prefer(tx, user_id, access.forum_id, theirs.level or "normal")
            await log.record(tx, access.forum_id, actor.id, "subscriber_accepted", user_id)
        row = await tx.one(SubscriberRow, _ONE, access.forum_id, user_id)
        return row.shown()


async def remove_subscriber(db: Repo, actor: Actor, forum: UUID | str, user_id: UUID) -> None:
    """Refuse a request, or show a subscriber out; those who moderate the forum stay.

    Raises `ForumNotFound`, `NotModerator`, `SubscriberNotFound`, `OutrankedInForum`.
    """
    async with db.transaction() as tx:
        access = await hold_forum(tx, actor, forum)
        access.demand_moderator()
        theirs = await _theirs(tx, access.forum_id, user_id)
        if theirs.state is None:
            raise SubscriberNotFound
        if not access.outranks(theirs.position):
            raise OutrankedInForum
        await _remove(tx, access, user_id, state=theirs.state)
        await log.record(tx, access.forum_id, actor.id, "subscriber_removed", user_id)


async def drop_subscription(tx: Transaction, access: Access, user_id: UUID) -> None:
    """Somebody who is banned is subscribed no longer, nor waits. The caller holds the forum."""
    theirs = await _theirs(tx, access.forum_id, user_id)
    if theirs.state is not None:
        await _remove(tx, access, user_id, state=theirs.state)


async def let_everybody_in(tx: Transaction, forum_id: UUID) -> None:
    """Who has waited for a forum that is private no longer is subscribed, at the level they asked for.

    The caller holds the forum. What they asked for holds from now on, without a word to each of their devices.
    """
    rows = await tx.all(_LetIn, _LET_IN, forum_id)
    await _count(tx, forum_id, len(rows))
    levels = {row.user_id: level for row in rows if (level := REACH[row.level]) is not None}
    await notifications.set_levels(tx, Scope("forum", forum_id), levels)


class _LetIn(msgspec.Struct, frozen=True):
    user_id: UUID
    level: Level


class _Theirs(msgspec.Struct, frozen=True):
    state: State | None
    level: Level | None
    position: int | None
    banned: bool


async def _theirs(tx: Transaction, forum_id: UUID, user_id: UUID) -> _Theirs:
    return await tx.one(_Theirs, _THEIRS, forum_id, user_id)


async def _hold(tx: Transaction, actor: Actor, forum: UUID | str) -> Access:
    """As `hold_forum`, but also of a private forum one may not read."""
    access = await find_place(tx, actor, forum)
    if access is None:
        raise ForumNotFound
    await tx.value("SELECT 1 FROM forums WHERE id = $1 FOR NO KEY UPDATE", access.forum_id)
    held = await find_place(tx, actor, access.forum_id)
    if held is None:
        raise ForumNotFound
    return held


async def _remove(tx: Transaction, access: Access, user_id: UUID, *, state: State) -> None:
    await tx.value(_DELETE, access.forum_id, user_id)
    if state == "active":
        await _count(tx, access.forum_id, -1)
        await notifications.forget_scope(tx, access.forum_id, [user_id])
        if access.visibility == "private":
            tx.publish(AccessLost(access.forum_id, user_id))


async def _count(tx: Transaction, forum_id: UUID, by: int) -> None:
    await tx.value(
        "UPDATE forums SET subscriber_count = subscriber_count + $2 WHERE id = $1", forum_id, by
    )


async def _prefer(tx: Transaction, user_id: UUID, forum_id: UUID, level: Level) -> None:
    change = PreferenceChange(level=REACH[level])
    await notifications.change_preference(tx, user_id, Scope("forum", forum_id), change)


_SET = """
INSERT INTO forum_subscriptions (forum_id, user_id, state, level) VALUES ($1, $2, $3, $4)
ON CONFLICT (forum_id, user_id) DO UPDATE SET level = excluded.level
"""
_ACCEPT = """
INSERT INTO forum_subscriptions (forum_id, user_id) VALUES ($1, $2)
ON CONFLICT (forum_id, user_id) DO UPDATE SET state = 'active'
"""
_LET_IN = """
UPDATE forum_subscriptions SET state = 'active' WHERE forum_id = $1 AND state = 'pending' RETURNING user_id, level
"""
_DELETE = "DELETE FROM forum_subscriptions WHERE forum_id = $1 AND user_id = $2"
_THEIRS = """
SELECT s.state, s.level, m.position, EXISTS (
    SELECT FROM forum_bans b WHERE b.forum_id = $1 AND b.user_id = $2 AND (b.expires_at IS NULL OR b.expires_at > now())
)
FROM (SELECT 1) one
LEFT JOIN forum_subscriptions s ON s.forum_id = $1 AND s.user_id = $2
LEFT JOIN forum_moderators m ON m.forum_id = $1 AND m.user_id = $2
"""
_SUBSCRIBER = """
SELECT u.id, u.user_id, u.username, u.display_name, u.avatar_url, s.state, s.inserted_at
FROM forum_subscriptions s JOIN users u ON u.id = s.user_id
"""
_ONE = f"{_SUBSCRIBER} WHERE s.forum_id = $1 AND s.user_id = $2"
_LIST = f"""
{_SUBSCRIBER} WHERE s.forum_id = $1 AND s.state = $2 AND ($3::timestamptz IS NULL OR (s.inserted_at, s.user_id) > ($3, $4::uuid))
ORDER BY s.inserted_at, s.user_id LIMIT $5
"""

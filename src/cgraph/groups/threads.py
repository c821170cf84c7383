"""Threads: talks of their own in a channel, with its rights."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .access import ChannelAccess, get_access
from .audit import record
from .errors import ChannelNotFound, ThreadExists, ThreadLocked, ThreadNotFound, TooManyThreads
from .events import RightsChanged
from .gate import CHANNELS
from .limits import DEFAULT_LIMITS, Limits
from .permissions import Permission
from .thread import FACTS, THREAD, NewThread, Thread, ThreadChange, ThreadFacts, check_name
from .thread_events import (
    ThreadFollowed,
    ThreadPayload,
    tell_created,
    tell_deleted,
    tell_follower,
    tell_updated,
)


async def create_thread(
    db: Repo,
    actor: Actor,
    channel_id: UUID,
    new: NewThread,
    *,
    message_id: UUID | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Thread:
    """Begin a thread, at a message of the channel or by itself; whoever does follows it.

    Raises `ChannelNotFound` (also for threads: they have none), `MissingPermission`, `ChannelArchived`,
    `MessageNotFound`, `ThreadExists`, `TooManyThreads`, `Invalid`.
    """
    check_name(new.name)
    async with db.transaction() as tx:
        # One at a time: a message has one thread, and a channel that goes takes all its threads along.
        await tx.value("SELECT 1 FROM group_channels WHERE id = $1 FOR KEY SHARE", channel_id)
        access = await get_access(tx, actor.id, channel_id)
        _check_new(access, new)
        if message_id is not None:
            await _check_message(tx, actor, channel_id, new, message_id)
        await _check_room(tx, access.group_id, limits)
        thread = await _create(tx, actor, access, new, message_id)
        await tell_created(tx, thread)
        payload = ThreadPayload(thread.id, channel_id, access.group_id)
        await tell_follower(tx, ThreadFollowed, payload, actor.id)
        return await _get(tx, actor, thread.id)


def _check_new(access: ChannelAccess, new: NewThread) -> None:
    if access.is_thread:
        raise ChannelNotFound
    private, public = Permission.CREATE_PRIVATE_THREADS, Permission.CREATE_PUBLIC_THREADS
    access.demand(private if new.private else public)
    if new.slow_mode:
        access.demand(Permission.MANAGE_THREADS)
    access.check_open()


async def _check_message(
    tx: Transaction, actor: Actor, channel_id: UUID, new: NewThread, message_id: UUID
) -> None:
    if new.private:
        raise Invalid.field("private", "cannot be what begins at a message everybody sees")
    await tx.value("SELECT 1 FROM group_channels WHERE id = $1 FOR NO KEY UPDATE", channel_id)
    message = await messaging.get_message(tx, actor, channel_id, message_id, gate=CHANNELS)
    if message.deleted_at is not None:
        raise messaging.MessageNotFound
    if there := await tx.value(_AT_MESSAGE, channel_id, message_id):
        raise ThreadExists(thread_id=str(there))


async def _check_room(db: Repo, group_id: UUID, limits: Limits) -> None:
    """Raise `TooManyThreads`; about, where several are opened at the same time."""
    most = limits.group_threads_max
    if await db.value(_COUNT_OPEN, group_id, most) >= most:
        raise TooManyThreads(f"at most {most} threads are open in a group: archive one first")


async def _create(
    tx: Transaction, actor: Actor, access: ChannelAccess, new: NewThread, message_id: UUID | None
) -> ThreadFacts:
    id = new_id()
    await messaging.create_place(tx, id, "thread")
    thread = await tx.one(
        ThreadFacts,
        _INSERT,
        id,
        access.group_id,
        access.channel_id,
        new.name,
        actor.id,
        new.private,
        message_id,
        new.slow_mode,
        new.auto_archive,
        clock.now(),
    )
    sql = "INSERT INTO group_thread_members (thread_id, user_id) VALUES ($1, $2)"
    await tx.value(sql, id, actor.id)
    return thread


async def get_thread(db: Repo, actor: Actor, thread_id: UUID) -> Thread:
    """One thread. Raises `ThreadNotFound` for who may not see it."""
    await get_thread_access(db, actor, thread_id)
    return await _get(db, actor, thread_id)


async def get_thread_access(db: Repo, actor: Actor, thread_id: UUID) -> ChannelAccess:
    """The actor's place in a thread. Raises `ThreadNotFound`."""
    try:
        access = await get_access(db, actor.id, thread_id)
    except ChannelNotFound:
        raise ThreadNotFound from None
    if not access.is_thread:
        raise ThreadNotFound
    return access


async def _get(db: Repo, actor: Actor, thread_id: UUID) -> Thread:
    thread = await db.first(Thread, _GET, actor.id, thread_id)
    if thread is None:
        raise ThreadNotFound
    return thread


async def list_threads(
    db: Repo,
    actor: Actor,
    channel_id: UUID,
    *,
    archived: bool = False,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Thread]:
    """The threads of a channel the actor can see, the newest first; of archived ones the last archived first.

    Raises `ChannelNotFound`, `Invalid` for a cursor of another list.
    """
    access = await get_access(db, actor.id, channel_id)
    if access.is_thread:
        raise ChannelNotFound
    everything = access.may(Permission.MANAGE_THREADS)
    if archived:
        if not access.reads_history:
            return Page([])
        at, id = decode_cursor(after, tuple[datetime, UUID], "after") if after else _END
        rows = await db.all(Thread, _ARCHIVED, actor.id, channel_id, everything, limit + 1, at, id)
        return forward_page(rows, limit, lambda row: (row.archived_at, row.id))
    before = decode_cursor(after, UUID, "after") if after else _END[1]
    rows = await db.all(Thread, _OPEN, actor.id, channel_id, everything, limit + 1, before)
    return forward_page(rows, limit, lambda row: row.id)


async def update_thread(
    db: Repo,
    actor: Actor,
    thread_id: UUID,
    change: ThreadChange,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Thread:
    """Name a thread differently, archive or open it, lock it, change its pace; what is as it was is not told.

    Its owner may name, archive and open it and say when it is archived by itself, while they may speak there; with
    MANAGE_THREADS everything is allowed. Who may speak there may open it, unless it is locked. Raises `ThreadNotFound`, `MissingPermission`,
    `ChannelArchived`, `ThreadLocked`, `TooManyThreads`, `Invalid`.
    """
    if isinstance(change.name, str):
        check_name(change.name)
    async with db.transaction() as tx:
        access, before = await _hold(tx, actor, thread_id)
        _check_change(access, before, actor, change)
        if before.archived_at is not None and change.archived is False:
            await _check_room(tx, before.group_id, limits)
        after = _changed(before, change)
        if after != before:
            await tx.value(_UPDATE, after.id, *_settings(after))
            await tell_updated(tx, after)
            if before.owner_id != actor.id:
                await _note(tx, actor, "thread_updated", before, after)
        return await _get(tx, actor, thread_id)


def _check_change(
    access: ChannelAccess, thread: ThreadFacts, actor: Actor, change: ThreadChange
) -> None:
    if access.channel_archived:
        access.check_open()
    if access.may(Permission.MANAGE_THREADS):
        return
    if thread.locked:
        raise ThreadLocked
    if change.locked is not UNSET or change.slow_mode is not UNSET:
        access.demand(Permission.MANAGE_THREADS)
    if change == ThreadChange(archived=False):
        access.check_speaking()
    elif thread.owner_id != actor.id:
        access.demand(Permission.MANAGE_THREADS)
    else:
        access.check_speaking()


def _changed(thread: ThreadFacts, change: ThreadChange) -> ThreadFacts:
    given = {name: getattr(change, name) for name in change.__struct_fields__}
    values = {name: value for name, value in given.items() if value is not UNSET}
    if (archived := values.pop("archived", None)) is not None:
        values["archived_at"] = (thread.archived_at or clock.now()) if archived else None
    return msgspec.structs.replace(thread, **values)


def _settings(thread: ThreadFacts) -> tuple[object, ...]:
    return (
        thread.name,
        thread.archived_at,
        thread.locked,
        thread.slow_mode,
        thread.auto_archive,
    )


async def delete_thread(db: Repo, actor: Actor, thread_id: UUID) -> None:
    """A thread and all that was said in it is gone, with MANAGE_THREADS. Raises `ThreadNotFound`, `MissingPermission`."""
    async with db.transaction() as tx:
        access, thread = await _hold(tx, actor, thread_id)
        access.demand(Permission.MANAGE_THREADS)
        await _note(tx, actor, "thread_deleted", thread, None)
        await messaging.delete_places(tx, [thread_id])
        await tell_deleted(tx, thread)
        tx.publish(RightsChanged(thread.group_id, None, [thread_id]))


async def _hold(
    tx: Transaction, actor: Actor, thread_id: UUID
) -> tuple[ChannelAccess, ThreadFacts]:
    """The actor's place in a thread nobody else changes before this transaction ends."""
    thread = await tx.first(ThreadFacts, _HOLD, thread_id)
    access = await get_thread_access(tx, actor, thread_id)
    if thread is None:
        raise ThreadNotFound
    return access, thread


async def _note(
    tx: Transaction, actor: Actor, action: str, before: ThreadFacts, after: ThreadFacts | None
) -> None:
    await record(
        tx,
        before.group_id,
        actor.id,
        action,
        before.id,
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(after) if after else None,
    )


_END = (datetime.fromisoformat("9999-12-31T00:00:00+00:00"), UUID(int=2**128 - 1))
_COUNT_OPEN = """
SELECT count(*) FROM (SELECT FROM group_threads WHERE group_id = $1 AND archived_at IS NULL LIMIT $2) t
"""
_AT_MESSAGE = "SELECT id FROM group_threads WHERE channel_id = $1 AND message_id = $2"
_INSERT = f"""
INSERT INTO group_threads AS t
    (id, group_id, channel_id, name, owner_id, private, message_id, slow_mode, auto_archive, inserted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {FACTS}
"""
_GET = f"SELECT {THREAD} FROM group_threads t WHERE t.id = $2"
_HOLD = f"SELECT {FACTS} FROM group_threads t WHERE t.id = $1 FOR NO KEY UPDATE"
_SHOWN = """
t.channel_id = $2 AND (NOT t.private OR $3 OR EXISTS (
    SELECT FROM group_thread_members f WHERE f.thread_id = t.id AND f.user_id = $1
))
"""
_OPEN = f"""
SELECT {THREAD} FROM group_threads t WHERE {_SHOWN} AND t.archived_at IS NULL AND t.id < $5 ORDER BY t.id DESC LIMIT $4
"""
_ARCHIVED = f"""
SELECT {THREAD} FROM group_threads t WHERE {_SHOWN} AND t.archived_at IS NOT NULL AND (t.archived_at, t.id) < ($5, $6)
ORDER BY t.archived_at DESC, t.id DESC LIMIT $4
"""
_UPDATE = """
UPDATE group_threads SET name = $2, archived_at = $3, locked = $4, slow_mode = $5, auto_archive = $6 WHERE id = $1
"""

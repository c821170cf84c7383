"""How threads go on: who speaks in one follows it and opens it again; where nobody does for long, it is archived."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.jobs import Nothing, OnePending, job

from .access import ChannelAccess, hold_seers
from .thread import FACTS, FOLLOW, ThreadFacts
from .thread_events import ThreadFollowed, ThreadPayload, tell_follower, tell_updated

if TYPE_CHECKING:
    from cgraph.application import App

AT_ONCE = 1000
"""Threads looked at in one statement."""


async def go_on(db: Repo, actor: Actor, access: ChannelAccess) -> None:
    """Something was said in a thread: it is open again, and the speaker follows it, if there is room."""
    if access.follows and not access.thread_archived:
        return
    async with db.transaction() as tx:
        thread_id = access.conversation_id
        if not await tx.value(_HOLD, thread_id):
            return  # it was deleted since
        stays = await hold_seers(tx, thread_id, [actor.id])
        opened = await tx.first(ThreadFacts, _REOPEN, thread_id)
        if opened is not None:
            await tell_updated(tx, opened)
        if stays and await tx.value(FOLLOW, thread_id, actor.id):
            payload = ThreadPayload(thread_id, access.channel_id, access.group_id)
            await tell_follower(tx, ThreadFollowed, payload, actor.id)


class ArchiveThreads(msgspec.Struct, frozen=True):
    """Those that have been quiet for too long."""


@job(queue="maintenance", max_attempts=1, timeout=300, unique=OnePending())
async def archive_threads(app: "App", _args: ArchiveThreads) -> Nothing | None:
    """Archive the threads in which nobody has spoken for long. Twice is harmless: the second time there are none."""
    return None if await archive_quiet(app.db) else Nothing()


class _Quiet(msgspec.Struct, frozen=True):
    id: UUID
    auto_archive: int


async def archive_quiet(db: Repo) -> int:
    """Do it now, and return how many those were. What is spoken in meanwhile is opened again by that."""
    archived, after = 0, UUID(int=0)
    now = clock.now()
    while threads := await db.all(_Quiet, _OLD, after, now, AT_ONCE):
        active = await messaging.get_active_at(db, [thread.id for thread in threads])
        for thread in threads:
            patience = timedelta(minutes=thread.auto_archive)
            if thread.id in active and now - active[thread.id] >= patience:
                archived += await _archive(db, thread.id)
        after = threads[-1].id
    return archived


async def _archive(db: Repo, thread_id: UUID) -> int:
    async with db.transaction() as tx:
        thread = await tx.first(ThreadFacts, _ARCHIVE, thread_id, clock.now())
        if thread is not None:
            await tell_updated(tx, thread)
    return thread is not None


_HOLD = "SELECT true FROM group_threads WHERE id = $1 FOR NO KEY UPDATE"
_REOPEN = f"""
UPDATE group_threads t SET archived_at = NULL WHERE t.id = $1 AND t.archived_at IS NOT NULL RETURNING {FACTS}
"""
_OLD = """
SELECT id, auto_archive FROM group_threads
WHERE archived_at IS NULL AND id > $1 AND inserted_at <= $2::timestamptz - make_interval(mins => auto_archive) ORDER BY id LIMIT $3
"""
_ARCHIVE = f"""
UPDATE group_threads t SET archived_at = $2 WHERE t.id = $1 AND t.archived_at IS NULL RETURNING {FACTS}
"""

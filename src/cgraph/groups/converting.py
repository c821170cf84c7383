"""Threads that become something else, and what becomes a thread: for who manages threads in the channel."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import ImportedMessage
from cgraph_kit.db import Repo, Transaction

from .access import get_access, list_seers
from .audit import record
from .bulk_channels import ImportedThread, import_channel_messages, import_threads
from .errors import ChannelNotFound, ThreadNotFound
from .events import RightsChanged
from .permissions import Permission
from .thread import FACTS, ThreadFacts
from .thread_events import tell_created, tell_deleted
from .threads import get_thread_access

AT_ONCE = 1000
"""Members whose rights are asked in one statement."""


class TakenThread(msgspec.Struct, frozen=True):
    """A thread with everything said in it, and who followed it."""

    thread: ImportedThread
    messages: Sequence[ImportedMessage]


async def can_convert_thread(db: Repo, actor: Actor, thread_id: UUID) -> ThreadFacts:
    """The thread. Raises `ThreadNotFound`, `MissingPermission`."""
    access = await get_thread_access(db, actor, thread_id)
    access.demand(Permission.MANAGE_THREADS)
    thread = await db.first(ThreadFacts, _GET, thread_id)
    if thread is None:
        raise ThreadNotFound
    return thread


async def can_receive_thread(db: Repo, actor: Actor, channel_id: UUID) -> UUID:
    """The group of a channel in which the actor may make a thread of something.

    Raises `ChannelNotFound` (also for threads), `MissingPermission`, `ChannelArchived`.
    """
    access = await get_access(db, actor.id, channel_id)
    if access.is_thread:
        raise ChannelNotFound
    access.demand(Permission.MANAGE_THREADS)
    access.check_open()
    return access.group_id


async def take_thread(tx: Transaction, actor: Actor, thread_id: UUID, *, most: int) -> TakenThread:
    """Take a thread out, whole: it is gone from the commit on. At most so many messages are read.

    Raises as `can_convert_thread`.
    """
    await tx.value("SELECT 1 FROM group_threads WHERE id = $1 FOR NO KEY UPDATE", thread_id)
    facts = await can_convert_thread(tx, actor, thread_id)
    messages = await messaging.export_history(tx, thread_id, most=most)
    followers = await tx.values(_FOLLOWERS, thread_id)
    await _note(tx, actor, "thread_converted", facts)
    await messaging.delete_places(tx, [thread_id])
    await tell_deleted(tx, facts)
    tx.publish(RightsChanged(facts.group_id, None, [thread_id]))
    thread = ImportedThread(
        facts.id,
        facts.group_id,
        facts.channel_id,
        facts.name,
        facts.owner_id or actor.id,
        facts.inserted_at,
        facts.private,
        facts.message_id,
        facts.archived_at,
        facts.locked,
        followers,
    )
    return TakenThread(thread, messages)


async def put_thread(
    tx: Transaction, actor: Actor, thread: ImportedThread, messages: Sequence[ImportedMessage]
) -> None:
    """Make a thread with what was said in it, under the id it names. Raises as `can_receive_thread`."""
    await tx.value("SELECT 1 FROM group_channels WHERE id = $1 FOR KEY SHARE", thread.channel_id)
    await can_receive_thread(tx, actor, thread.channel_id)
    await import_threads(tx, [thread])
    await import_channel_messages(tx, thread.group_id, {thread.id: messages})
    facts = await tx.one(ThreadFacts, _GET, thread.id)
    await tell_created(tx, facts)
    await _note(tx, actor, "thread_created_of_post", facts)


async def list_viewers(db: Repo, group_id: UUID, place_id: UUID) -> set[UUID]:
    """Everybody who can see a channel or thread; so many members at a time."""
    found: set[UUID] = set()
    after = UUID(int=0)
    while True:
        ids = await db.values(_MEMBERS, group_id, after, AT_ONCE)
        found |= await list_seers(db, place_id, ids)
        if len(ids) < AT_ONCE:
            return found
        after = ids[-1]


async def find_free_message(db: Repo, channel_id: UUID, message_id: UUID) -> bool:
    """Whether a thread can begin at this message: it is there, and none does."""
    return bool(await db.value(_FREE, channel_id, message_id))


async def _note(tx: Transaction, actor: Actor, action: str, thread: ThreadFacts) -> None:
    after = {"name": thread.name, "channel_id": str(thread.channel_id)}
    await record(tx, thread.group_id, actor.id, action, thread.id, after=after)


_GET = f"SELECT {FACTS} FROM group_threads t WHERE t.id = $1"
_FOLLOWERS = """
SELECT user_id FROM group_thread_members WHERE thread_id = $1 ORDER BY inserted_at, user_id
"""
_MEMBERS = """
SELECT user_id FROM group_members WHERE group_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3
"""
_FREE = """
SELECT true WHERE EXISTS (SELECT FROM group_channels WHERE id = $1)
    AND NOT EXISTS (SELECT FROM group_threads WHERE channel_id = $1 AND message_id = $2)
"""

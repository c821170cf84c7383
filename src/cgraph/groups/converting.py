"""Threads that become something else, and what becomes a thread: for who manages threads in the channel."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import ImportedMessage
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from . import permissions
from .access import get_access, list_seers
from .audit import record
from .bulk_channels import ImportedThread, import_channel_messages, import_threads
from .errors import ChannelNotFound, ThreadNotFound
from .events import RightsChanged
from .overwrite_facts import read_overwrite_facts
from .permissions import MemberFacts, Permission, RoleFacts
from .thread import FACTS, ThreadFacts
from .thread_events import tell_created, tell_deleted
from .threads import get_thread_access


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
    """Everybody who can see a channel or thread: those alike in what matters there are asked about together."""
    place = await db.first(_Place, _PLACE, place_id, group_id)
    if place is None:
        return set()
    overwrites = (await read_overwrite_facts(db, [place.channel_id])).get(place.channel_id, {})
    followers = await db.values(_FOLLOWERS, place_id) if place.private else []
    apart = [place.owner_id, *overwrites, *followers]
    found = await list_seers(db, place_id, apart)
    needed = Permission.MANAGE_THREADS if place.private else Permission.VIEW_CHANNEL
    for kind in await db.all(_Kind, _KINDS, group_id, list(overwrites), apart, clock.now()):
        member = kind.member(group_id, place.everyone)
        if permissions.in_channel(member, overwrites.values()) & needed:
            found.update(kind.user_ids)
    return found


class _Place(msgspec.Struct, frozen=True):
    channel_id: UUID
    private: bool
    owner_id: UUID
    everyone: int


class _Kind(msgspec.Struct, frozen=True):
    """Members of whom the channel says the same, and whose roles give the same."""

    role_ids: list[UUID]
    """Those of which it says something."""
    bits: int
    silenced: bool
    user_ids: list[UUID]

    def member(self, group_id: UUID, everyone: int) -> MemberFacts:
        """One of them."""
        roles = [RoleFacts(id, 0, self.bits) for id in (_NOBODY, *self.role_ids)]
        return MemberFacts(_NOBODY, group_id, False, everyone, roles, self.silenced)


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
_NOBODY = UUID(int=0)
_PLACE = """
SELECT c.id, coalesce(t.private, false), g.owner_id, e.permissions
FROM group_channels c JOIN groups g ON g.id = c.group_id JOIN group_roles e ON e.id = g.id
LEFT JOIN group_threads t ON t.id = $1
WHERE c.id = coalesce((SELECT channel_id FROM group_threads WHERE id = $1), $1) AND g.id = $2 AND c.kind <> 'category'
"""
_KINDS = """
SELECT k.role_ids, k.bits, k.silenced, array_agg(k.user_id) FROM (
    SELECT m.user_id, coalesce(array_agg(r.id ORDER BY r.id) FILTER (WHERE r.id = ANY($2)), '{}') AS role_ids,
        coalesce(bit_or(r.permissions), 0) AS bits, m.pending OR coalesce(m.timed_out_until > $4, false) AS silenced
    FROM group_members m LEFT JOIN group_member_roles mr ON mr.group_id = m.group_id AND mr.user_id = m.user_id
    LEFT JOIN group_roles r ON r.id = mr.role_id
    WHERE m.group_id = $1 AND m.user_id <> ALL($3)
    GROUP BY m.user_id, m.pending, m.timed_out_until
) k GROUP BY k.role_ids, k.bits, k.silenced
"""
_FREE = """
SELECT true WHERE EXISTS (SELECT FROM group_channels WHERE id = $1)
    AND NOT EXISTS (SELECT FROM group_threads WHERE channel_id = $1 AND message_id = $2)
"""

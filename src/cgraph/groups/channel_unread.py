"""What a member has not read in all channels of a group, and in the threads they follow."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import Reader, ReadMarker, Unread, Verified
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.jobs import OnePending, job

from . import permissions
from .errors import GroupNotFound
from .gate import CHANNELS
from .permissions import Permission
from .standing import MEMBER_FACTS, MEMBERS, OVERWRITES, FactsRow, overwrites_of

if TYPE_CHECKING:
    from cgraph.application import App

log = logging.getLogger(__name__)

PEOPLE = 50
"""Members whose counters one check recounts, chosen by lot in groups where something was said lately."""


class Seen(msgspec.Struct, frozen=True):
    """Where a member hears: the channels they can see, and the threads in them that they follow."""

    reader: Reader
    place_ids: list[UUID]
    unreadable: frozenset[UUID]
    """Those of them that they may not read back."""


class _Member(FactsRow, frozen=True):
    joined_at: datetime
    channels: list[dict[str, Any]] | None
    threads: list[dict[str, Any]] | None


class _Channel(msgspec.Struct, frozen=True):
    id: UUID
    overwrites: list[dict[str, Any]] | None


class _Thread(msgspec.Struct, frozen=True):
    id: UUID
    channel_id: UUID


async def get_seen(db: Repo, user_id: UUID, group_id: UUID) -> Seen:
    """Where somebody hears in a group; one statement. Raises `GroupNotFound`."""
    row = await db.first(_Member, _SEEN, group_id, user_id)
    if row is None:
        raise GroupNotFound
    member = row.facts(clock.now())
    channels = msgspec.convert(row.channels or [], list[_Channel])
    threads = msgspec.convert(row.threads or [], list[_Thread])
    bits = {
        one.id: permissions.in_channel(member, overwrites_of(one.overwrites)) for one in channels
    }
    visible = {id for id, held in bits.items() if held & Permission.VIEW_CHANNEL}
    readable = {id for id in visible if bits[id] & Permission.READ_MESSAGE_HISTORY}
    reader = Reader(user_id, row.joined_at, [group_id, *(role.id for role in member.roles)])
    places = {one.id: one.id for one in channels if one.id in visible}
    places |= {one.id: one.channel_id for one in threads if one.channel_id in visible}
    unreadable = frozenset(id for id, channel in places.items() if channel not in readable)
    return Seen(reader, list(places), unreadable)


async def list_channel_unread(db: Repo, actor: Actor, group_id: UUID) -> list[Unread]:
    """The counters of every channel they can see and every thread they follow in a group; two statements for all.

    Channels they never opened count from when they came into the group. Raises `GroupNotFound`.
    """
    seen = await get_seen(db, actor.id, group_id)
    return [
        messaging.without_first(one) if one.conversation_id in seen.unreadable else one
        for one in await messaging.count_in_places(db, seen.reader, seen.place_ids)
    ]


async def verify_channel_unread(db: Repo, actor: Actor, group_id: UUID) -> list[Verified]:
    """Count them anew, one by one; what differs is published as `CountersDrifted`. Raises `GroupNotFound`."""
    seen = await get_seen(db, actor.id, group_id)
    return await messaging.verify_in_places(db, seen.reader, seen.place_ids)


async def get_channel_unread(db: Repo, actor: Actor, place_id: UUID) -> Unread:
    """The counters of one channel or thread. Raises `ChannelNotFound`."""
    return await messaging.count_in_place(db, actor, await CHANNELS.enter(db, actor, place_id))


async def read_group(db: Repo, actor: Actor, group_id: UUID) -> list[Unread]:
    """Everything in a group has been read, where anything was not; nobody is told. Raises `GroupNotFound`."""
    read = []
    for unread in await list_channel_unread(db, actor, group_id):
        if unread.unread or unread.mentions:
            marker = ReadMarker(private=True)
            place_id = unread.conversation_id
            read.append(await messaging.mark_read(db, actor, place_id, marker, gate=CHANNELS))
    return read


class _Chosen(msgspec.Struct, frozen=True):
    group_id: UUID
    user_id: UUID


async def check_channel_counters(db: Repo, *, people: int = PEOPLE) -> list[UUID]:
    """Recount some members' counters one by one; what differs is published as `CountersDrifted`, and logged.

    Returns whose counters were wrong: nobody's, if all is well.
    """
    drifted = []
    for one in await db.all(_Chosen, _SOME, people):
        try:
            seen = await get_seen(db, one.user_id, one.group_id)
        except GroupNotFound:  # has left meanwhile
            continue
        found = await messaging.verify_in_places(db, seen.reader, seen.place_ids)
        if wrong := [str(row.conversation_id) for row in found if row.drifted]:
            drifted.append(one.user_id)
            log.error("unread counters are wrong", extra={"of": str(one.user_id), "in": wrong})
    return drifted


class CheckChannelCounters(msgspec.Struct, frozen=True):
    """The counters of some members."""


@job(queue="maintenance", max_attempts=1, timeout=300, unique=OnePending())
async def check_channel_unread(app: "App", _args: CheckChannelCounters) -> None:
    """Recount what is unread in channels for some members. Twice is harmless: it only looks."""
    await check_channel_counters(app.db)


_SEEN = f"""
SELECT {MEMBER_FACTS}, m.joined_at, (
    SELECT jsonb_agg(jsonb_build_object('id', c.id, 'overwrites', {OVERWRITES}) ORDER BY c.position, c.id)
    FROM group_channels c WHERE c.group_id = m.group_id AND c.kind <> 'category'
), (
    SELECT jsonb_agg(jsonb_build_object('id', t.id, 'channel_id', t.channel_id) ORDER BY t.id)
    FROM group_thread_members f JOIN group_threads t ON t.id = f.thread_id
    WHERE f.user_id = m.user_id AND t.group_id = m.group_id
)
{MEMBERS} WHERE m.group_id = $1 AND m.user_id = $2
"""
# By lot from the groups first: those of large ones are not all looked at.
_SOME = """
SELECT m.group_id, m.user_id FROM (SELECT id FROM groups ORDER BY random() LIMIT $1) g
CROSS JOIN LATERAL (SELECT group_id, user_id FROM group_members WHERE group_id = g.id LIMIT 1000) m
ORDER BY random() LIMIT $1
"""

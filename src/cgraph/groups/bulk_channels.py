"""Channels and threads another system knew, with what is allowed there and what was said, by COPY."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.messaging import ImportedPlace
from cgraph_kit.db import Repo, Transaction

from .bulk import find_member_ids
from .permissions import Overwrite


class ImportedOverwrite(Overwrite, frozen=True):
    """What a channel allows or denies somebody."""

    target_kind: Literal["role", "member"]


class ImportedChannel(msgspec.Struct, frozen=True):
    """A channel or category, under an id of the caller's choice. A category comes before the channels in it."""

    id: UUID
    kind: Literal["category", "text", "announcement"]
    name: str
    position: int
    inserted_at: datetime
    category_id: UUID | None = None
    topic: str | None = None
    slow_mode: int = 0
    synced: bool = False
    archived_at: datetime | None = None
    overwrites: Sequence[ImportedOverwrite] = ()


class FoundChannel(msgspec.Struct, frozen=True):
    """Where a channel is."""

    group_id: UUID
    kind: str


class ImportedThread(msgspec.Struct, frozen=True):
    """A thread, under an id of the caller's choice."""

    id: UUID
    group_id: UUID
    channel_id: UUID
    name: str
    owner_id: UUID
    inserted_at: datetime
    private: bool = False
    message_id: UUID | None = None
    """The message of the channel it began at."""
    archived_at: datetime | None = None
    locked: bool = False
    followers: Sequence[UUID] = ()


async def import_channels(
    tx: Transaction, group_id: UUID, channels: Sequence[ImportedChannel]
) -> None:
    """Make channels and categories with what they allow and deny; nothing has been said in them."""
    places = [
        ImportedPlace(channel.id, "channel", channel.inserted_at)
        for channel in channels
        if channel.kind != "category"
    ]
    await messaging.import_places(tx, places)
    await tx.copy_rows(
        "group_channels", _CHANNEL, [_channel(group_id, channel) for channel in channels]
    )
    await tx.copy_rows("group_overwrites", _OVERWRITE, _overwrites(channels))
    await _move_on(tx, group_id, len(channels))


async def find_channel(db: Repo, channel_id: UUID) -> FoundChannel | None:
    """A channel or category; None: there is none."""
    return await db.first(
        FoundChannel, "SELECT group_id, kind FROM group_channels WHERE id = $1", channel_id
    )


async def import_overwrites(
    tx: Transaction, channel_id: UUID, overwrites: Sequence[ImportedOverwrite]
) -> None:
    """What a channel that is there allows or denies people and roles it says nothing about yet."""
    await tx.value(
        _ALLOW,
        channel_id,
        [one.target_id for one in overwrites],
        [one.target_kind for one in overwrites],
        [one.allow for one in overwrites],
        [one.deny for one in overwrites],
    )


async def import_threads(tx: Transaction, threads: Sequence[ImportedThread]) -> None:
    """Make threads; nothing has been said in them."""
    places = [ImportedPlace(thread.id, "thread", thread.inserted_at) for thread in threads]
    await messaging.import_places(tx, places)
    await tx.copy_rows("group_threads", _THREAD, [_thread(thread) for thread in threads])
    await tx.copy_rows(
        "group_thread_members",
        ("thread_id", "user_id", "inserted_at"),
        [
            (thread.id, user_id, thread.inserted_at)
            for thread in threads
            for user_id in thread.followers
        ],
    )


async def import_channel_messages(
    tx: Transaction, group_id: UUID, histories: messaging.Histories
) -> None:
    """`messaging.import_histories` for channels and threads of a group: its members can be mentioned there."""

    async def members(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
        return await find_member_ids(tx, group_id, ids)

    await messaging.import_histories(tx, histories, members)


async def _move_on(tx: Transaction, group_id: UUID, by: int) -> None:
    await tx.value("UPDATE streams SET last_seq = last_seq + $2 WHERE id = $1", group_id, by)


def _channel(group_id: UUID, channel: ImportedChannel) -> tuple[object, ...]:
    return (
        channel.id,
        group_id,
        channel.kind,
        channel.category_id,
        channel.name,
        channel.topic,
        channel.position,
        channel.synced,
        channel.slow_mode,
        channel.archived_at,
        channel.inserted_at,
    )


def _overwrites(channels: Sequence[ImportedChannel]) -> list[tuple[object, ...]]:
    return [
        (channel.id, one.target_id, one.target_kind, one.allow, one.deny)
        for channel in channels
        for one in channel.overwrites
    ]


def _thread(thread: ImportedThread) -> tuple[object, ...]:
    return (
        thread.id,
        thread.group_id,
        thread.channel_id,
        thread.name,
        thread.owner_id,
        thread.private,
        thread.message_id,
        thread.archived_at,
        thread.locked,
        thread.inserted_at,
    )


_CHANNEL = (
    "id",
    "group_id",
    "kind",
    "category_id",
    "name",
    "topic",
    "position",
    "synced",
    "slow_mode",
    "archived_at",
    "inserted_at",
)
_OVERWRITE = ("channel_id", "target_id", "target_kind", "allow", "deny")
_THREAD = (
    "id",
    "group_id",
    "channel_id",
    "name",
    "owner_id",
    "private",
    "message_id",
    "archived_at",
    "locked",
    "inserted_at",
)
_ALLOW = """
INSERT INTO group_overwrites (channel_id, target_id, target_kind, allow, deny)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[])
ON CONFLICT DO NOTHING
"""

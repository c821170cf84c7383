"""The order of channels and categories: many moved at once, or none."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import UnsetType

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid

from .audit import record
from .channel import Channel, ChannelOrder, Move
from .channel_list import list_channels, look
from .errors import ChannelNotFound, MissingPermission
from .events import ChannelsPayload, ChannelsUpdated, tell
from .overwrites import follow
from .permissions import Permission
from .standing import get_place, hold_group


async def order_channels(
    db: Repo, actor: Actor, group_id: UUID, order: ChannelOrder, *, reason: str | None = None
) -> list[Channel]:
    """Move channels and categories, all of them or none; with MANAGE_CHANNELS in each, and in the categories they come to.

    What is left out stays where it is. Raises `GroupNotFound`, `ChannelNotFound`, `MissingPermission`, `Invalid`, and with
    `sync` as `sync_channel`.
    """
    async with db.transaction() as tx:
        await hold_group(tx, actor, group_id)
        every = await look(tx, actor.id, group_id)
        there = {one.id: one for one in every if one.bits & Permission.VIEW_CHANNEL}
        moves = _checked(order.channels, there)
        before = {
            str(move.id): _said(there[move.id].position, there[move.id].category_id)
            for move in moves
        }
        after = {str(move.id): _said(move.position, _category(move, there)) for move in moves}
        await tx.value(
            _MOVE,
            group_id,
            [move.id for move in moves],
            [move.position for move in moves],
            [_category(move, there) for move in moves],
        )
        await _note(tx, actor, group_id, before=before, after=after, reason=reason)
        for move in moves:
            await _sync(tx, actor, move, reason)
        return await list_channels(tx, actor, group_id)


def _checked(moves: Sequence[Move], there: dict[UUID, Channel]) -> Sequence[Move]:
    if len({move.id for move in moves}) < len(moves):
        raise Invalid.field("channels", "name a channel twice")
    for number, move in enumerate(moves):
        if move.id not in there:
            raise ChannelNotFound
        _demand(there[move.id])
        _check_category(move, there, f"channels[{number}].category_id")
        if move.sync and _category(move, there) is None:
            raise Invalid.field(f"channels[{number}].sync", "needs a category")
    return moves


def _check_category(move: Move, there: dict[UUID, Channel], field: str) -> None:
    wanted = move.category_id
    if isinstance(wanted, UnsetType) or wanted is None:
        return
    if there[move.id].kind == "category":
        raise Invalid.field(field, "cannot be given for a category")
    if wanted not in there or there[wanted].kind != "category":
        raise Invalid.field(field, "is no category of this group")
    if wanted != there[move.id].category_id:
        _demand(there[wanted])


def _demand(channel: Channel) -> None:
    if not channel.bits & Permission.MANAGE_CHANNELS:
        raise MissingPermission.of(Permission.MANAGE_CHANNELS)


def _category(move: Move, there: dict[UUID, Channel]) -> UUID | None:
    """Where it will be."""
    wanted = move.category_id
    return there[move.id].category_id if isinstance(wanted, UnsetType) else wanted


async def _note(
    tx: Transaction,
    actor: Actor,
    group_id: UUID,
    *,
    before: Mapping[str, object],
    after: Mapping[str, object],
    reason: str | None,
) -> None:
    if before == after:
        return
    await record(
        tx, group_id, actor.id, "channels_reordered", before=before, after=after, reason=reason
    )
    ids = [UUID(id) for id in after]
    await tell(tx, ChannelsUpdated, group_id, ChannelsPayload(group_id, ids))


def _said(position: int, category_id: UUID | None) -> dict[str, object]:
    """What the audit log keeps of where a channel is."""
    return {"position": position, "category_id": category_id}


async def _sync(tx: Transaction, actor: Actor, move: Move, reason: str | None) -> None:
    if not move.sync:
        return
    place = await get_place(tx, actor.id, move.id)
    place.demand(Permission.MANAGE_ROLES)
    if place.category_id is not None:
        await follow(tx, actor, place, place.category_id, reason)


# Who comes to another category keeps what it allows and denies, and follows nobody.
_MOVE = """
UPDATE group_channels c SET position = o.position, category_id = o.category_id,
    synced = c.synced AND c.category_id IS NOT DISTINCT FROM o.category_id
FROM unnest($2::uuid[], $3::int[], $4::uuid[]) AS o (id, position, category_id)
WHERE c.group_id = $1 AND c.id = o.id
"""

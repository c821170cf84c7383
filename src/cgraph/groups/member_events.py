"""What has happened to the members of a group: durable events of its stream."""

from typing import ClassVar
from uuid import UUID

import msgspec

from cgraph_kit.db import Transaction

from .events import GroupEvent, tell
from .member import MEMBER, MEMBERS, Member


class MemberJoined(GroupEvent, frozen=True):
    """Somebody has come in."""

    type: ClassVar[str] = "member_joined"
    user_id: UUID


class MemberUpdated(GroupEvent, frozen=True):
    """Nickname, roles or time-out of a member changed, or they accepted the rules."""

    type: ClassVar[str] = "member_updated"


class MemberLeft(GroupEvent, frozen=True):
    """Somebody is no member any more; whether they went or were shown out is not told."""

    type: ClassVar[str] = "member_left"
    user_id: UUID


class MemberPayload(msgspec.Struct, frozen=True):
    """Payload of `member_joined` and `member_updated`: all that others see of them."""

    group_id: UUID
    member: Member


class MemberLeftPayload(msgspec.Struct, frozen=True):
    """Payload of `member_left`."""

    group_id: UUID
    user_id: UUID


async def tell_joined(tx: Transaction, group_id: UUID, user_id: UUID) -> Member:
    """Write `member_joined`; the member as they are."""
    member = await _get(tx, group_id, user_id)
    await tell(tx, MemberJoined, group_id, MemberPayload(group_id, member), user_id=user_id)
    return member


async def tell_updated(tx: Transaction, group_id: UUID, user_id: UUID) -> Member:
    """Write `member_updated`; the member as they are now."""
    member = await _get(tx, group_id, user_id)
    await tell(tx, MemberUpdated, group_id, MemberPayload(group_id, member))
    return member


async def tell_left(tx: Transaction, group_id: UUID, user_id: UUID) -> None:
    """Write `member_left`."""
    payload = MemberLeftPayload(group_id, user_id)
    await tell(tx, MemberLeft, group_id, payload, user_id=user_id)


async def _get(tx: Transaction, group_id: UUID, user_id: UUID) -> Member:
    return await tx.one(Member, _GET, group_id, user_id)


_GET = f"SELECT {MEMBER} {MEMBERS} WHERE m.group_id = $1 AND m.user_id = $2"

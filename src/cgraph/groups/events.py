"""What has happened in groups.

`GroupEvent`s are durable: written into the group's stream, with the payload that goes over the wire to all its members.
`UserEvent`s are of one person's own stream. The others live only while they are told.
"""

from collections.abc import Sequence
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import UserEvent
from cgraph_kit import streams
from cgraph_kit.db import Transaction


class GroupEvent(msgspec.Struct, frozen=True):
    """A durable event of a group, pushed as `type` on `group:<group_id>`."""

    type: ClassVar[str]
    group_id: UUID
    seq: int
    payload: bytes
    """The JSON object clients get, `seq` included."""


E = TypeVar("E", bound=GroupEvent)


async def tell(tx: Transaction, event: type[E], group_id: UUID, payload: msgspec.Struct) -> E:
    """Write an event into a group's stream, and publish it with its number once this is committed.

    Every member hears it, whatever channels they may see: name nothing here that is not for all of them.
    """
    body = msgspec.json.encode(payload)
    seq = await streams.append(tx, group_id, event.type, msgspec.Raw(body))
    happened = event(group_id, seq, streams.splice(body, seq))
    tx.publish(happened)
    return happened


class RightsChanged(msgspec.Struct, frozen=True):
    """What somebody may see or do in a group has, or may have, changed, or they are no longer in it.

    Published with the commit; open topics of the group are looked at anew on every node. For who has left, too.
    """

    group_id: UUID
    user_ids: Sequence[UUID] | None = None
    """Whose; None: all members'."""
    channel_ids: Sequence[UUID] | None = None
    """Where; None: everywhere in the group."""


class GroupJoined(UserEvent, frozen=True):
    """They are in a group now; its state is to be fetched."""

    type: ClassVar[str] = "group_joined"


class GroupLeft(UserEvent, frozen=True):
    """They are in it no longer, or it is no more."""

    type: ClassVar[str] = "group_left"


class GroupPayload(msgspec.Struct, frozen=True):
    """Payload of what says no more than which group."""

    group_id: UUID


async def tell_people(
    tx: Transaction,
    event: type[GroupJoined] | type[GroupLeft],
    group_id: UUID,
    user_ids: Sequence[UUID],
) -> None:
    """Write `group_joined` or `group_left` into these people's own streams."""
    for user_id in sorted(set(user_ids)):
        await accounts.record(tx, event, user_id, GroupPayload(group_id))

"""What has happened in groups.

`GroupEvent`s are durable: written into the group's stream, with the payload that goes over the wire to all its members.
`UserEvent`s are of one person's own stream. The others live only while they are told.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec

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


async def tell(
    tx: Transaction, event: type[E], group_id: UUID, payload: msgspec.Struct, **more: Any
) -> E:
    """Write an event into a group's stream, and publish it with its number once this is committed.

    Every member hears it, whatever channels they may see: name nothing here that is not for all of them. `more`: fields of
    the event itself, for those who listen on this node.
    """
    body = msgspec.json.encode(payload)
    seq = await streams.append(tx, group_id, event.type, msgspec.Raw(body))
    happened = event(group_id, seq, streams.splice(body, seq), **more)
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


class GroupUpdated(GroupEvent, frozen=True):
    """What all members see of the group changed, its owner included; the payload is all of it."""

    type: ClassVar[str] = "group_updated"


class GroupDeleted(GroupEvent, frozen=True):
    """It is no more."""

    type: ClassVar[str] = "group_deleted"


class RoleCreated(GroupEvent, frozen=True):
    """There is one more role, just above @everyone."""

    type: ClassVar[str] = "role_created"


class RoleUpdated(GroupEvent, frozen=True):
    """A role looks different, or gives other permissions."""

    type: ClassVar[str] = "role_updated"


class RoleDeleted(GroupEvent, frozen=True):
    """A role is no more; nobody has it."""

    type: ClassVar[str] = "role_deleted"


class RolesReordered(GroupEvent, frozen=True):
    """Roles stand above each other in another order."""

    type: ClassVar[str] = "roles_reordered"


class ChannelsUpdated(GroupEvent, frozen=True):
    """Channels or categories were made, changed, moved or deleted, or what they allow and deny.

    Not everybody may know more: each member reads the list of channels anew.
    """

    type: ClassVar[str] = "channels_updated"


class RolesPayload(msgspec.Struct, frozen=True):
    """Payload of `roles_reordered`: all roles, the highest first; without @everyone's."""

    group_id: UUID
    role_ids: Sequence[UUID]


class RolePayload(msgspec.Struct, frozen=True):
    """Payload of `role_deleted`."""

    group_id: UUID
    role_id: UUID


class ChannelsPayload(msgspec.Struct, frozen=True):
    """Payload of `channels_updated`."""

    group_id: UUID
    channel_ids: Sequence[UUID]


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
    """Write `group_joined` or `group_left` into these people's own streams, in one statement."""
    payload, people = GroupPayload(group_id), sorted(set(user_ids))
    told = [streams.New(user_id, event.type, payload) for user_id in people]
    for user_id, seq in zip(people, await streams.append_many(tx, told), strict=True):
        if seq is not None:
            tx.publish(event(user_id, seq, payload))

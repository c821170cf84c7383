"""What would be if roles gave, or a channel allowed, something else: asked before it is saved. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from . import permissions
from .bits import Bits, parse
from .overwrite import NewOverwrite
from .permissions import MemberFacts, Overwrite, RoleFacts, names_of

AT_ONCE = 250


class SimulatedRole(Input, frozen=True):
    """What a role would give."""

    id: UUID
    """The group's: @everyone."""
    permissions: Bits

    def __post_init__(self) -> None:
        parse(self.permissions, "permissions")


class Simulation(Input, frozen=True):
    """What would be different, for whom, and where."""

    user_id: UUID | None = None
    """Seen as this member."""
    role_ids: Annotated[list[UUID], msgspec.Meta(max_length=AT_ONCE)] | None = None
    """Seen as somebody with these roles alone; with `user_id`: as that member, had they these roles instead of theirs."""
    channel_id: UUID | None = None
    """In this channel or category; null: in the group itself, and as somebody also in every channel one sees."""
    roles: Annotated[list[SimulatedRole], msgspec.Meta(max_length=AT_ONCE)] | None = None
    """What these roles would give; the others give what they do."""
    overwrites: Annotated[list[NewOverwrite], msgspec.Meta(max_length=AT_ONCE)] | None = None
    """What the channel would allow and deny these; what it says of others stays. Nothing in both: as if it were removed."""

    def __post_init__(self) -> None:
        if self.overwrites and self.channel_id is None:
            raise Invalid.field("overwrites", "need a channel")
        for field, ids in (
            ("role_ids", self.role_ids or []),
            ("roles", [one.id for one in self.roles or ()]),
            ("overwrites", [one.target_id for one in self.overwrites or ()]),
        ):
            if len(set(ids)) < len(ids):
                raise Invalid.field(field, "name something twice")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may now, and would; bits as decimal numbers, and those that differ by name."""

    before: str
    after: str
    gained: Sequence[str]
    lost: Sequence[str]


class InChannel(Difference, frozen=True, kw_only=True):
    """The same in a channel or category."""

    channel_id: UUID


class OfMembers(Difference, frozen=True, kw_only=True):
    """The same for members who are alike in all that matters."""

    user_id: UUID | None
    """This one alone: the channel says something of them."""
    role_ids: Sequence[UUID]
    """The roles they have, of those that matter here."""
    silenced: bool
    """They are timed out, or have not accepted the rules."""
    members: int
    """How many there are."""


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """What would be."""

    group: Difference | None
    """Of the one it is seen as, in the group itself; null if that is nobody."""
    channels: Sequence[InChannel]
    """And in the channel, or in every channel one sees oneself."""
    members: Sequence[OfMembers]
    """Whose rights would be other ones there, the most first; without the owner, for whom nothing ever changes."""
    members_changed: int
    complete: bool
    """False: members are too different to name them all."""


class Change(msgspec.Struct, frozen=True):
    """What is assumed."""

    roles: Mapping[UUID, int] = {}
    """The bits of these roles, @everyone's under the group's id."""
    overwrites: Mapping[UUID, Overwrite] = {}
    """By target."""

    def of_member(
        self, member: MemberFacts, roles: Sequence[RoleFacts] | None = None
    ) -> MemberFacts:
        """Somebody, as they would be, with other `roles` if these are given."""
        having = member.roles if roles is None else roles
        given = [RoleFacts(r.id, r.position, self.roles.get(r.id, r.permissions)) for r in having]
        everyone = self.roles.get(member.group_id, member.everyone)
        return msgspec.structs.replace(member, roles=given, everyone=everyone)

    def of_channel(self, overwrites: Mapping[UUID, Overwrite]) -> Sequence[Overwrite]:
        """What a channel would allow and deny."""
        return list({**overwrites, **self.overwrites}.values())


class Here(msgspec.Struct, frozen=True):
    """Where it is looked: in the group itself, or in a channel with what it allows and denies, now and then."""

    before: Sequence[Overwrite] | None = None
    after: Sequence[Overwrite] | None = None

    def compare(self, before: MemberFacts, after: MemberFacts) -> tuple[int, int]:
        """What somebody may here, and would."""
        return _bits(before, self.before), _bits(after, self.after)


def _bits(member: MemberFacts, overwrites: Iterable[Overwrite] | None) -> int:
    if overwrites is None:
        return permissions.in_group(member)
    return permissions.in_channel(member, overwrites)


def differing(before: int, after: int) -> dict[str, Any]:
    """The fields of `Difference`."""
    return {
        "before": str(before),
        "after": str(after),
        "gained": names_of(after & ~before),
        "lost": names_of(before & ~after),
    }

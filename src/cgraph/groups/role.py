"""A role: as it is asked for, and as members see it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph_kit.validation import Input

from .bits import Bits, parse
from .names import Name, tidy

Color = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFF)]


class RoleFields(Input, frozen=True):
    """What people may say of a role."""

    name: Name | UnsetType = UNSET
    color: Color | UnsetType = UNSET
    """Red, green and blue as one number; 0: none."""
    hoist: bool | UnsetType = UNSET
    """Whether those who have it are shown apart in the list of members."""
    mentionable: bool | UnsetType = UNSET
    """Whether anybody may call those who have it."""
    permissions: Bits | UnsetType = UNSET
    """Bits as a decimal number."""

    def __post_init__(self) -> None:
        if isinstance(self.name, str):
            msgspec.structs.force_setattr(self, "name", tidy(self.name))
        if isinstance(self.permissions, str):
            parse(self.permissions, "permissions")

    def given(self) -> dict[str, Any]:
        """The fields that are said anything of."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not UNSET}


class NewRole(RoleFields, frozen=True, kw_only=True):
    """A role to be made. What is left out: no colour, nothing special, no permissions."""

    name: Name


class RoleChange(RoleFields, frozen=True):
    """What is to change; what is left out stays. Of @everyone only the permissions can."""


class RoleOrder(Input, frozen=True):
    """Every role of the group but @everyone's, the highest first."""

    role_ids: Annotated[list[UUID], msgspec.Meta(max_length=1000)]


class Role(msgspec.Struct, frozen=True):
    """A role; the payload of `role_created` and `role_updated`."""

    id: UUID
    """That of @everyone is the group's."""
    group_id: UUID
    name: str
    color: int
    hoist: bool
    mentionable: bool
    position: int
    """Who has the higher one stands above; @everyone's is 0."""
    permissions: str
    """Bits as a decimal number."""
    inserted_at: datetime

    @property
    def bits(self) -> int:
        return int(self.permissions)

    @property
    def everyone(self) -> bool:
        return self.id == self.group_id


ROLE = ", ".join(
    f"r.{name}::text" if name == "permissions" else f"r.{name}" for name in Role.__struct_fields__
)

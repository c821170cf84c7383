"""A group: as it is asked for, and as one of its members sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph.accounts import Guess
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input
from cgraph_kit.webaddress import is_https

from .names import Name, tidy

Level = Literal["all", "replies", "mentions"]
"""What reaches members who have set nothing themselves; each level includes those after it."""

DESCRIPTION_LENGTH = 1000
Description = Annotated[
    str, msgspec.Meta(min_length=1, max_length=DESCRIPTION_LENGTH, pattern=NO_NUL)
]
IconUrl = Annotated[
    str,
    msgspec.Meta(max_length=2048, pattern=NO_NUL, examples=["https://example.com/icon.png"]),
]


class GroupFields(Input, frozen=True):
    """What people may say of a group; null takes a value away."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    icon_url: IconUrl | UnsetType | None = UNSET
    """An https address."""
    default_level: Level | UnsetType = UNSET
    """What reaches members who have set nothing themselves."""

    def __post_init__(self) -> None:
        if isinstance(self.name, str):
            self._tidy("name", tidy(self.name))
        if isinstance(self.description, str):
            text = tidy(self.description, "description", longest=DESCRIPTION_LENGTH, lines=True)
            self._tidy("description", text)
        if isinstance(self.icon_url, str) and not is_https(self.icon_url):
            raise Invalid.field("icon_url", "must be an https address")

    def _tidy(self, field: str, value: str) -> None:
        msgspec.structs.force_setattr(self, field, value)

    def given(self) -> dict[str, Any]:
        """The fields that are said anything of."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not UNSET}


class NewGroup(GroupFields, frozen=True, kw_only=True):
    """A group to be made."""

    name: Name


class GroupChange(GroupFields, frozen=True):
    """What is to change; what is left out stays."""


class Confirmation(Input, frozen=True):
    """One's password, once more."""

    password: Guess

    def __repr__(self) -> str:
        return "Confirmation(…)"


class Transfer(Input, frozen=True):
    """To whom a group is handed over, and one's password, once more."""

    user_id: UUID
    password: Guess

    def __repr__(self) -> str:
        return f"Transfer({self.user_id}, …)"


class GroupFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A group as all its members see it; the payload of `group_updated`."""

    id: UUID
    name: str
    description: str | None
    icon_url: str | None
    owner_id: UUID
    default_level: Level
    rules: Sequence[str]
    """What newcomers accept before they may do more than look; empty: nothing."""
    member_count: int
    inserted_at: datetime


class Group(GroupFacts, frozen=True, kw_only=True):
    """A group as one of its members sees it."""

    seq: int
    """Last number of its stream."""
    permissions: str
    """What one may in the group itself: bits as a decimal number."""
    joined_at: datetime
    pending: bool
    """One has not accepted the rules yet."""

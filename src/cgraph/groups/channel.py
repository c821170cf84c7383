"""A channel or category: as it is asked for, and as one of those sees it who may."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph_kit.validation import NO_NUL, Input

from .names import Name, tidy
from .overwrite import NewOverwrite

Kind = Literal["category", "text", "announcement"]
TalkKind = Literal["text", "announcement"]

TOPIC_LENGTH = 1024
SLOWEST = 21_600
AT_ONCE = 1000
"""Channels ordered, or overwrites given, in one call."""

Topic = Annotated[str, msgspec.Meta(min_length=1, max_length=TOPIC_LENGTH, pattern=NO_NUL)]
SlowMode = Annotated[int, msgspec.Meta(ge=0, le=SLOWEST)]
Position = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class ChannelFields(Input, frozen=True):
    """What people may say of a channel; null takes a value away. Of a category only the name."""

    name: Name | UnsetType = UNSET
    topic: Topic | UnsetType | None = UNSET
    slow_mode: SlowMode | UnsetType = UNSET
    """Seconds a person waits between two messages; 0: none."""

    def __post_init__(self) -> None:
        if isinstance(self.name, str):
            msgspec.structs.force_setattr(self, "name", tidy(self.name))
        if isinstance(self.topic, str):
            topic = tidy(self.topic, "topic", longest=TOPIC_LENGTH, lines=True)
            msgspec.structs.force_setattr(self, "topic", topic)

    def given(self) -> dict[str, Any]:
        """The fields that are said anything of."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not UNSET}


class NewChannel(ChannelFields, frozen=True, kw_only=True):
    """A channel or category to be made; it comes last."""

    name: Name
    kind: Kind = "text"
    category_id: UUID | None = None
    overwrites: Annotated[list[NewOverwrite], msgspec.Meta(max_length=AT_ONCE)] | UnsetType = UNSET
    """What it allows and denies. Left out, in a category: what that does, and it follows whatever changes there."""


class ChannelChange(ChannelFields, frozen=True):
    """What is to change; what is left out stays."""

    kind: TalkKind | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    """Read-only for all."""


class Move(Input, frozen=True):
    """Where a channel or category goes."""

    id: UUID
    position: Position
    """Among those beside it: the lower one comes first, of equal ones the older."""
    category_id: UUID | UnsetType | None = UNSET
    """Into which category; null: into none; left out: it stays in its own."""
    sync: bool = False
    """Whether it takes over what its category allows and denies, and follows it from then on."""


class ChannelOrder(Input, frozen=True):
    """Where channels and categories go; those left out stay."""

    channels: Annotated[list[Move], msgspec.Meta(min_length=1, max_length=AT_ONCE)]


class Channel(msgspec.Struct, frozen=True):
    """A channel or category as somebody sees it."""

    id: UUID
    group_id: UUID
    kind: Kind
    category_id: UUID | None
    name: str
    topic: str | None
    position: int
    """Among those beside it; of equal ones the older comes first."""
    synced: bool
    """It follows its category: whatever is allowed or denied there is here, too."""
    slow_mode: int
    """Seconds a person waits between two messages; 0: none."""
    archived: bool
    """Read-only for all."""
    inserted_at: datetime
    permissions: str = "0"
    """What one may there: bits as a decimal number; "0" for a category one sees for what is in it."""

    @property
    def bits(self) -> int:
        return int(self.permissions)


def ordered(channels: Sequence[Channel]) -> list[Channel]:
    """As a client shows them: those in no category, then each category and what is in it."""
    inside: dict[UUID | None, list[Channel]] = {}
    for channel in sorted(channels, key=lambda one: (one.position, one.id)):
        inside.setdefault(channel.category_id, []).append(channel)
    top = inside.get(None, [])
    loose = [one for one in top if one.kind != "category"]
    for category in top:
        if category.kind == "category":
            loose += [category, *inside.get(category.id, [])]
    return loose

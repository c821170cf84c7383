"""What a channel or category allows and denies somebody beside their roles."""

from typing import Literal
from uuid import UUID

import msgspec

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from .bits import Bits, parse_of_channel
from .permissions import names_of

TargetKind = Literal["role", "member"]


class OverwriteChange(Input, frozen=True):
    """What is allowed and denied from now on; bits in neither are left to roles."""

    allow: Bits = "0"
    """Bits as a decimal number."""
    deny: Bits = "0"
    """Bits as a decimal number."""

    def __post_init__(self) -> None:
        allow = parse_of_channel(self.allow, "allow")
        deny = parse_of_channel(self.deny, "deny")
        if both := allow & deny:
            raise Invalid.field("deny", f"has what is allowed, too: {', '.join(names_of(both))}")

    @property
    def allowed(self) -> int:
        return int(self.allow)

    @property
    def denied(self) -> int:
        return int(self.deny)


class NewOverwrite(OverwriteChange, frozen=True, kw_only=True):
    """The same, and for whom."""

    target_id: UUID
    """A role, the group for @everyone, or a member."""


class ChannelOverwrite(msgspec.Struct, frozen=True):
    """What a channel or category allows and denies somebody."""

    target_id: UUID
    """A role, the group for @everyone, or a member."""
    target_kind: TargetKind
    allow: str
    """Bits as a decimal number."""
    deny: str
    """Bits as a decimal number."""

    @property
    def allowed(self) -> int:
        return int(self.allow)

    @property
    def denied(self) -> int:
        return int(self.deny)

"""Where a preference holds: in one place, in what contains it, or everywhere."""

from typing import Literal
from uuid import UUID

import msgspec

Level = Literal["all", "replies", "mentions", "none"]
"""How much of what is said in a place reaches a person: each level includes those after it."""

ScopeKind = Literal["thread", "post", "channel", "conversation", "group", "forum", "global"]
PlaceKind = Literal["thread", "post", "channel", "conversation", "group", "forum"]

NEARNESS: dict[ScopeKind, int] = {
    "thread": 3,
    "post": 3,
    "channel": 2,
    "conversation": 2,
    "group": 1,
    "forum": 1,
    "global": 0,
}
"""Which of two scopes that contain the same thing decides: the nearer one."""

DEFAULT_LEVELS: dict[ScopeKind, Level] = {
    "thread": "replies",
    "post": "replies",
    "channel": "replies",
    "conversation": "all",
    "group": "replies",
    "forum": "replies",
    "global": "all",
}
"""The level of a place for which, and for all around which, nothing is set."""


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place, or everything (`global`, where `id` is the person's own)."""

    kind: ScopeKind
    id: UUID
    default: Level | None = None
    """The level there for who has set none, anywhere; None: that of its kind."""


def conversation(id: UUID) -> Scope:
    """A conversation, direct or of a group of people."""
    return Scope("conversation", id)

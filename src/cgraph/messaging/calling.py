"""Whom a message may call, as its sender wants it."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

MOST = 100

Ids = Annotated[Sequence[UUID], msgspec.Meta(max_length=MOST)]
Kinds = Annotated[Sequence[Literal["users", "roles", "everyone"]], msgspec.Meta(max_length=3)]


class AllowedMentions(Input, frozen=True):
    """Whom the text may call at most: with an empty one nobody. It takes away, and never gives a right."""

    parse: Kinds = ()
    """All the text names of these kinds; `everyone` is @everyone and @here."""
    users: Ids = ()
    """Of people these, if the text names them; not with `users` in `parse`."""
    roles: Ids = ()
    """Of roles these, if the text names them; not with `roles` in `parse`."""

    def __post_init__(self) -> None:
        for kind, ids in (("users", self.users), ("roles", self.roles)):
            if ids and kind in self.parse:
                raise Invalid.field("allowed_mentions", f"names {kind} though all are allowed")


def allow_people(ids: Sequence[UUID], allowed: AllowedMentions | None) -> list[UUID]:
    """Those of these people who may be called."""
    if allowed is None or "users" in allowed.parse:
        return list(ids)
    return [id for id in ids if id in allowed.users]


def allow_roles(ids: Sequence[UUID], allowed: AllowedMentions | None) -> list[UUID]:
    """Those of these roles that may be called."""
    if allowed is None or "roles" in allowed.parse:
        return list(ids)
    return [id for id in ids if id in allowed.roles]


def allows_everyone(allowed: AllowedMentions | None) -> bool:
    """Whether @everyone and @here may call."""
    return allowed is None or "everyone" in allowed.parse

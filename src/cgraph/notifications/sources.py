"""What lies above notifications, and how it is asked: the contexts in whose places things happen."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo

from .scopes import Scope, ScopeKind


class Wanted(msgspec.Struct, frozen=True):
    """An object in a place, to be looked at for one person."""

    user_id: UUID
    scope_id: UUID
    object_id: UUID | None
    """None: the place itself."""
    seq: int | None
    """The number of the event it is about."""


class Look(msgspec.Struct, frozen=True):
    """The object as it is now, and as this person may see it."""

    gone: bool = False
    """Deleted, or never there."""
    may_see: bool = True
    read: bool = False
    text: str | None = None
    """What it says; None where it says nothing, or the person may not see it."""
    title: str | None = None
    """What the place is called; None: it is known by who is there."""
    direct: bool = False
    """The place is between two people."""
    places: Sequence[Scope] = ()
    """What the place lies in, itself included, where there is more than itself."""


UNSEEN = Look(gone=True, may_see=False)
"""Of what nobody answers for."""

Source = Callable[[Repo, Sequence[Wanted]], Awaitable[Sequence[Look]]]
"""One statement, however much is wanted; the looks are in the same order."""
Badges = Callable[[Repo, Collection[UUID]], Awaitable[Mapping[UUID, int]]]
"""The number on each person's app icon."""


class Sources(msgspec.Struct, frozen=True):
    """Who answers for what; the application knows them all."""

    by_scope: Mapping[ScopeKind, Source]
    count_badges: Badges

    async def look(self, db: Repo, wanted: Sequence[tuple[ScopeKind | None, Wanted]]) -> list[Look]:
        """Looks at objects in places of any kind, in order; what is in no place is simply there."""
        found = [Look() if scope is None else UNSEEN for scope, _ in wanted]
        for scope, source in self.by_scope.items():
            indexes = [n for n, (kind, _) in enumerate(wanted) if kind == scope]
            if indexes:
                looks = await source(db, [wanted[n][1] for n in indexes])
                for n, look in zip(indexes, looks, strict=True):
                    found[n] = look
        return found

"""Who gains access to what was said, and who loses it."""

import hashlib
from collections.abc import Set as AbstractSet
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Person
from cgraph_kit.db import Repo

NAMED = 100
"""People who are named; `count` counts all."""

Audience = AbstractSet[UUID] | None
"""Everybody who may read something; None: everybody at all, without an account too."""


class Change(msgspec.Struct, frozen=True):
    """Those who come, or those who go."""

    everyone: bool
    """Everybody else at all: `count` and `people` say nothing then."""
    count: int
    people: list[Person]
    """At most a hundred of them, by name."""


class Difference(msgspec.Struct, frozen=True):
    """Between two audiences."""

    gains: AbstractSet[UUID] | None
    """None: everybody at all."""
    loses: AbstractSet[UUID] | None

    def token(self, *about: object) -> str:
        """Names this difference of this conversion; another one has another."""
        facts = [list(map(str, about)), _sorted(self.gains), _sorted(self.loses)]
        return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()


def difference(before: Audience, after: Audience) -> Difference:
    """What becomes of access when one audience takes the place of the other."""
    if after is None:
        return Difference(set() if before is None else None, set())
    if before is None:
        return Difference(set(), None)
    return Difference(after - before, before - after)


async def describe(db: Repo, ids: AbstractSet[UUID] | None) -> Change:
    """Those people, as they are shown."""
    if ids is None:
        return Change(True, 0, [])
    people = await accounts.get_people(db, sorted(ids)[:NAMED])
    named = sorted(people.values(), key=lambda person: person.username)
    return Change(False, len(ids), named)


def _sorted(ids: AbstractSet[UUID] | None) -> list[str] | None:
    return None if ids is None else sorted(map(str, ids))

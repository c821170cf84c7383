"""People who vote for each other, found in who voted for whom how often. No I/O.

A ring is told by shares, not by numbers: friends in a small forum vote for each other too, but not for hardly anybody else.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

ENOUGH = 5
"""Up-votes from one to another, in each direction, below which nothing is concluded."""
SHARE = 0.6
"""Of all the up-votes somebody gave, those for others of the ring."""
SMALLEST = 2
"""People in a ring."""


class Edge(NamedTuple):
    """Up-votes one person gave another."""

    voter_id: UUID
    author_id: UUID
    n: int


class RingMember(NamedTuple):
    """Somebody in a ring, and the numbers that say so."""

    user_id: UUID
    inside: int
    """Up-votes for the others of the ring."""
    given: int
    """Up-votes in all."""


def find_rings(edges: Iterable[Edge]) -> list[list[RingMember]]:
    """Rings, the largest first; each member the most suspicious first. `edges`: all of them, each pair once per direction.

    People are tied who gave each other `ENOUGH`; of those tied together, whoever gave too much elsewhere is left out, until
    all that are left gave `SHARE` of their votes to each other.
    """
    given: Counter[UUID] = Counter()
    pairs: dict[tuple[UUID, UUID], int] = {}
    for edge in edges:
        given[edge.voter_id] += edge.n
        pairs[edge.voter_id, edge.author_id] = edge.n
    rings = [_close(group, pairs, given) for group in _tied(pairs)]
    found = [ring for ring in rings if len(ring) >= SMALLEST]
    return sorted(found, key=lambda ring: (-len(ring), -ring[0].inside))


def _tied(pairs: Mapping[tuple[UUID, UUID], int]) -> list[set[UUID]]:
    """Who is tied to whom, directly or through others."""
    ties: dict[UUID, set[UUID]] = defaultdict(set)
    for (one, other), n in pairs.items():
        if n >= ENOUGH and pairs.get((other, one), 0) >= ENOUGH:
            ties[one].add(other)
    groups, seen = [], set[UUID]()
    for start in ties:
        if start in seen:
            continue
        group, waiting = set[UUID](), [start]
        while waiting:
            one = waiting.pop()
            if one not in group:
                group.add(one)
                waiting += ties[one] - group
        seen |= group
        groups.append(group)
    return groups


def _close(
    group: set[UUID], pairs: Mapping[tuple[UUID, UUID], int], given: Mapping[UUID, int]
) -> list[RingMember]:
    """What is left of a group once whoever votes for many others has been taken out."""
    left = set(group)
    while True:
        members = [_member(one, left, pairs, given) for one in left]
        out = {member.user_id for member in members if member.inside < SHARE * member.given}
        if not out:
            return sorted(members, key=lambda one: (-one.inside / one.given, -one.inside))
        left -= out


def _member(
    one: UUID,
    group: set[UUID],
    pairs: Mapping[tuple[UUID, UUID], int],
    given: Mapping[UUID, int],
) -> RingMember:
    inside = sum(pairs.get((one, other), 0) for other in group if other != one)
    return RingMember(one, inside, given[one])


def people(rings: Sequence[Sequence[RingMember]]) -> list[UUID]:
    """Everybody in them."""
    return [member.user_id for ring in rings for member in ring]

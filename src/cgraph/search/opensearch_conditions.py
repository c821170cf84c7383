"""What is wanted and what may be read, as queries over documents in OpenSearch.

The same as `postgres_conditions` says of rows, but for votes, which no index of documents has.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from .backend import Scope, Wanted
from .document import FORUMS, PEOPLE, under
from .opensearch_match import EVERYTHING, NOTHING, Clause, clause_of
from .postgres_conditions import NAMED

TERMS_MOST = 65_536
"""Values OpenSearch takes in one list (`index.max_terms_count`)."""
BOUNDS_MOST = 300
"""Containers with a bound of their own in one query: each is two clauses of the thousand there may be."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Since 1970, as documents have it: OpenSearch's dates know only milliseconds."""
    return (at - _EPOCH) // _MICROSECOND


def time_of(at: int) -> datetime:
    """The other way round."""
    return _EPOCH + at * _MICROSECOND


def queries_of(wanted: Wanted, scope: Scope, *, scored: bool = False) -> list[Clause]:
    """Queries that together find everything, and nothing twice; none: nothing may be read of what is wanted."""
    common = list(_matching(wanted))
    unwanted = list(_not_shown(wanted, scope))
    made = []
    for way in _readable(wanted, scope):
        parts: dict[str, Any] = {"filter": [*common, way], "must_not": unwanted}
        if wanted.match is not None:
            clause = clause_of(wanted.match, scored=scored)
            parts["must" if scored else "filter"] = (
                [clause] if scored else [*parts["filter"], clause]
            )
        made.append({"bool": parts})
    return made


def _matching(wanted: Wanted) -> Iterator[Clause]:
    fields = {"kind": wanted.kinds, "author_id": wanted.authors, "item_id": wanted.items}
    for field, values in fields.items():
        if values is not None:
            yield one_of(field, values)
    if wanted.since is not None:
        yield {"range": {"at": {"gte": microseconds(wanted.since)}}}
    if wanted.before is not None:
        yield {"range": {"at": {"lt": microseconds(wanted.before)}}}
    if wanted.keys is not None:
        yield _keys(wanted)
    if wanted.score_above is not None or wanted.score_below is not None:
        yield one_of("kind", ("post", "comment"))
    yield from _features(wanted)


def _features(wanted: Wanted) -> Iterator[Clause]:
    for feature in wanted.features:
        yield {"term": {"features": {"value": feature}}}
    for some in wanted.any_features:
        yield one_of("features", some)


def _keys(wanted: Wanted) -> Clause:
    by_kind: dict[str, list[UUID]] = defaultdict(list)
    for key in wanted.keys or ():
        by_kind[key.kind].append(key.id)
    return either(
        all_of(one_of("kind", [kind]), one_of("id", ids)) for kind, ids in by_kind.items()
    )


def _not_shown(wanted: Wanted, scope: Scope) -> Iterator[Clause]:
    """What is taken away from what may be read, and from what is wanted."""
    unwanted = {*wanted.not_authors, *scope.hidden_authors}
    if unwanted:
        yield one_of("author_id", unwanted)
    if scope.hidden_in_forums:
        yield all_of(one_of("community_id", [FORUMS]), one_of("author_id", scope.hidden_in_forums))
    if scope.hidden:
        yield one_of("id", scope.hidden)
        yield one_of("item_id", scope.hidden)
        yield one_of("features", map(under, scope.hidden))
    if wanted.not_containers:
        yield one_of("container_id", wanted.not_containers)
        yield one_of("community_id", wanted.not_containers)
    if wanted.not_features:
        yield one_of("features", wanted.not_features)


def _readable(wanted: Wanted, scope: Scope) -> Iterator[Clause]:
    """Ways of being readable that have nothing in common."""
    if wanted.containers is not None and not wanted.containers:
        return
    bounds = {id: after for id, after in scope.containers.items() if after > 0}
    whole = scope.containers.keys() - bounds.keys()
    ways = list(_in_communities(wanted, scope, bounds))
    ways += _by_name(wanted, scope)
    if whole:
        ways.append(all_of(one_of("container_id", whole), *_within(wanted)))
    if ways:
        yield either(ways)
    if wanted.containers is not None:
        named = bounds.keys() & set(wanted.containers)
        # Where only containers are named, the others need not be looked at.
        bounds = (
            {id: bounds[id] for id in named}
            if len(named) == len(set(wanted.containers))
            else bounds
        )
    places = list(bounds.items())
    for first in range(0, len(places), BOUNDS_MOST):
        yield _after(places[first : first + BOUNDS_MOST], wanted)


def _after(places: Sequence[tuple[UUID, int]], wanted: Wanted) -> Clause:
    """What came after a number, in each container its own."""
    by_number: dict[int, list[UUID]] = defaultdict(list)
    for id, after in places:
        by_number[after].append(id)
    ways = either(
        all_of(one_of("container_id", ids), {"range": {"seq": {"gt": after}}})
        for after, ids in by_number.items()
    )
    return all_of(ways, *_within(wanted))


def _in_communities(wanted: Wanted, scope: Scope, bounds: Collection[UUID]) -> Iterator[Clause]:
    """What is read with all that lies in the same group, in forums, or with everybody."""
    communities = {*scope.communities, *[FORUMS] * scope.forums, *[PEOPLE] * scope.people}
    if not communities:
        return
    taken = [one_of("container_id", {*scope.excluded, *scope.excluded_forums, *bounds})]
    if scope.excluded:
        taken.append(one_of("channel_id", scope.excluded))
    yield {
        "bool": {
            "filter": [one_of("community_id", communities), *_within(wanted)],
            "must_not": taken,
        }
    }


def _by_name(wanted: Wanted, scope: Scope) -> Iterator[Clause]:
    """Groups and channels of whose insides nothing is read."""
    if scope.seen:
        yield all_of(one_of("container_id", scope.seen), one_of("kind", NAMED), *_within(wanted))


def _within(wanted: Wanted) -> Iterator[Clause]:
    """In the places that are named."""
    if wanted.containers is not None:
        yield either(
            [one_of("container_id", wanted.containers), one_of("community_id", wanted.containers)]
        )


def one_of(field: str, values: Iterable[UUID | str]) -> Clause:
    """In as many lists as it takes."""
    texts = sorted(map(str, values))
    parts = [texts[first : first + TERMS_MOST] for first in range(0, len(texts), TERMS_MOST)]
    return either({"terms": {field: part}} for part in parts)


def either(clauses: Iterable[Clause]) -> Clause:
    """One of these; of none: nothing."""
    some = list(clauses)
    if len(some) <= 1:
        return some[0] if some else NOTHING
    return {"bool": {"should": some, "minimum_should_match": 1}}


def all_of(*clauses: Clause) -> Clause:
    """Each of these."""
    if len(clauses) <= 1:
        return clauses[0] if clauses else EVERYTHING
    return {"bool": {"filter": list(clauses)}}

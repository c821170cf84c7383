"""What is wanted and what may be read, as conditions on rows of `search_documents`, called `d`."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from cgraph.searchable import Kind

from .backend import Order, Position, Scope, Wanted
from .document import FORUMS, PEOPLE, under
from .postgres_match import tsquery_of

NAMED: tuple[Kind, ...] = ("group", "channel")
IN_FORUMS: frozenset[Kind] = frozenset({"post", "comment", "forum", "file"})
OUTSIDE_GROUPS: frozenset[Kind] = frozenset({"post", "comment", "forum", "user"})


class Arguments(list[Any]):
    """Those of a statement, each with the number it gets."""

    def add(self, value: Any, type: str) -> str:
        self.append(list(value) if isinstance(value, Collection) and type.endswith("[]") else value)
        return f"${len(self)}::{type}"


def matching(wanted: Wanted, args: Arguments) -> Iterator[str]:
    """The conditions on the thing itself. None is yielded that all meet."""
    query = tsquery_of(wanted.match)
    if query is not None:
        yield f"d.terms @@ {args.add(query, 'tsquery')}" if query else "false"
    if wanted.kinds is not None:
        yield f"d.kind = ANY({args.add(sorted(wanted.kinds), 'text[]')})"
    if wanted.authors is not None:
        yield f"d.author_id = ANY({args.add(wanted.authors, 'uuid[]')})"
    if wanted.items is not None:
        yield f"d.item_id = ANY({args.add(wanted.items, 'uuid[]')})"
    if wanted.since is not None:
        yield f"d.inserted_at >= {args.add(wanted.since, 'timestamptz')}"
    if wanted.before is not None:
        yield f"d.inserted_at < {args.add(wanted.before, 'timestamptz')}"
    if wanted.keys is not None:
        kinds = args.add([key.kind for key in wanted.keys], "text[]")
        ids = args.add([key.id for key in wanted.keys], "uuid[]")
        yield f"(d.kind, d.id) IN (SELECT * FROM unnest({kinds}, {ids}))"
    yield from _features(wanted, args)
    yield from _scores(wanted, args)


def _features(wanted: Wanted, args: Arguments) -> Iterator[str]:
    if wanted.features:
        yield f"d.features @> {args.add(wanted.features, 'text[]')}"
    for some in wanted.any_features:
        yield f"d.features && {args.add(some, 'text[]')}"
    if wanted.not_features:
        yield f"NOT d.features && {args.add(wanted.not_features, 'text[]')}"


def _scores(wanted: Wanted, args: Arguments) -> Iterator[str]:
    """Votes move too often to be written down here: they are asked of whom they were given to."""
    bounds = [
        f"r.score {sign} {args.add(bound, 'int')}"
        for sign, bound in ((">", wanted.score_above), ("<", wanted.score_below))
        if bound is not None
    ]
    if bounds:
        within = " AND ".join(["r.id = d.id", *bounds])
        yield f"""(
            d.kind = 'post' AND EXISTS (SELECT FROM post_ranks r WHERE {within})
            OR d.kind = 'comment' AND EXISTS (SELECT FROM comments r WHERE {within})
        )"""


def shown(wanted: Wanted, scope: Scope, args: Arguments) -> Iterator[str]:
    """The conditions that take things away from what may be read, and from what is wanted."""
    unwanted = {*wanted.not_authors, *scope.hidden_authors}
    if unwanted:
        ids = args.add(unwanted, "uuid[]")
        yield f"(d.author_id IS NULL OR d.author_id <> ALL({ids}))"
    if scope.hidden_in_forums:
        ids = args.add(scope.hidden_in_forums, "uuid[]")
        forums = args.add(FORUMS, "uuid")
        yield f"(d.community_id IS DISTINCT FROM {forums} OR d.author_id IS NULL OR d.author_id <> ALL({ids}))"
    if scope.hidden:
        ids = args.add(scope.hidden, "uuid[]")
        yield f"d.id <> ALL({ids}) AND (d.item_id IS NULL OR d.item_id <> ALL({ids}))"
        below = args.add([under(id) for id in scope.hidden], "text[]")
        yield f"(d.kind <> 'file' OR d.seq IS NOT NULL OR NOT d.features && {below})"
    if wanted.not_containers:
        ids = args.add(wanted.not_containers, "uuid[]")
        yield f"d.container_id <> ALL({ids}) AND (d.community_id IS NULL OR d.community_id <> ALL({ids}))"


def readable(wanted: Wanted, scope: Scope, args: Arguments) -> list[str]:
    """Conditions of which one must hold. None: nothing may be read of what is wanted."""
    if wanted.containers is not None and not wanted.containers:
        return []
    return [
        *_in_containers(wanted, scope, args),
        *_in_communities(wanted, scope, args),
        *_by_name(wanted, scope, args),
    ]


def _in_containers(wanted: Wanted, scope: Scope, args: Arguments) -> Iterator[str]:
    """What is read by itself."""
    if not scope.containers:
        return
    within = "true"
    ids: Collection[UUID] = scope.containers.keys()
    if wanted.containers is not None:
        named = set(wanted.containers)
        if named and named <= scope.containers.keys():
            ids = named
        else:
            asked = args.add(named, "uuid[]")
            within = f"(d.container_id = ANY({asked}) OR d.community_id = ANY({asked}))"
    later = {id: scope.containers[id] for id in ids if scope.containers[id] > 0}
    if later:
        known, seqs = args.add(later, "uuid[]"), args.add(later.values(), "bigint[]")
        within += f""" AND (d.container_id <> ALL({known}) OR d.seq > (
            SELECT b.seq FROM unnest({known}, {seqs}) AS b (id, seq) WHERE b.id = d.container_id
        ))"""
    yield f"({_one_of('d.container_id', ids, args)} AND {within})"


def communities_of(wanted: Wanted, scope: Scope) -> set[UUID]:
    """Those read as a whole that can have anything of the kinds that are wanted: nobody speaks in forums."""
    kinds = None if wanted.kinds is None else set(wanted.kinds)
    found = set() if kinds is not None and kinds <= OUTSIDE_GROUPS else set(scope.communities)
    if scope.forums and (kinds is None or kinds & IN_FORUMS):
        found.add(FORUMS)
    if scope.people and (kinds is None or "user" in kinds):
        found.add(PEOPLE)
    return found


def _in_communities(wanted: Wanted, scope: Scope, args: Arguments) -> Iterator[str]:
    """What is read with all that lies in the same group, in forums, or with everybody."""
    communities = communities_of(wanted, scope)
    if not communities:
        return
    taken = {*scope.excluded, *scope.excluded_forums}
    taken |= {id for id, after in scope.containers.items() if after > 0}
    conditions = []
    if taken:
        ids = args.add(taken, "uuid[]")
        conditions.append(f"d.container_id <> ALL({ids})")
        if scope.excluded:
            ids = args.add(scope.excluded, "uuid[]")
            conditions.append(f"(d.channel_id IS NULL OR d.channel_id <> ALL({ids}))")
    if wanted.containers is None:
        wholes, named = communities, set[UUID]()
    else:
        wholes = communities.intersection(wanted.containers)
        named = set(wanted.containers) - wholes
    if wholes:
        yield _both(_one_of("d.community_id", wholes, args), *conditions)
    if named:
        within = f"d.community_id = ANY({args.add(communities, 'uuid[]')})"
        yield _both(_one_of("d.container_id", named, args), within, *conditions)


def _by_name(wanted: Wanted, scope: Scope, args: Arguments) -> Iterator[str]:
    """Groups and channels of whose insides nothing is read."""
    if not scope.seen or (wanted.kinds is not None and not set(NAMED) & set(wanted.kinds)):
        return
    kinds = f"d.kind = ANY({args.add(NAMED, 'text[]')})"
    conditions = [_one_of("d.container_id", scope.seen, args), kinds]
    if wanted.containers is not None:
        ids = args.add(wanted.containers, "uuid[]")
        conditions.append(f"(d.container_id = ANY({ids}) OR d.community_id = ANY({ids}))")
    yield _both(*conditions)


def _one_of(column: str, ids: Collection[UUID], args: Arguments) -> str:
    """One alone is said as such: then an index gives its things in order."""
    if len(ids) == 1:
        return f"{column} = {args.add(next(iter(ids)), 'uuid')}"
    return f"{column} = ANY({args.add(ids, 'uuid[]')})"


def _both(*conditions: str) -> str:
    return f"({' AND '.join(conditions)})"


def following(after: Position | None, order: Order, args: Arguments) -> Iterator[str]:
    """What comes after a page in order of time."""
    if after is not None:
        at, id = args.add(after.inserted_at, "timestamptz"), args.add(after.id, "uuid")
        sign = ">" if order == "oldest" else "<"
        # The first condition again, where partitions are chosen by it.
        yield f"d.inserted_at {sign}= {at} AND (d.inserted_at, d.id) {sign} ({at}, {id})"

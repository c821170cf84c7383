"""The statements of one search over `search_documents`.

Rights and words are each common or rare, and so are things that both hold for; the planner cannot know the last. So the
newest are looked at first, some thousands of rows in their order (`walk`): enough where much is found. What that leaves
is found where indexes meet (`meet`), the newest partition first, without walking: there an estimate that is far off
costs some milliseconds, and never a look at everything. The planner would ask all partitions, and sort; so each statement
is given a span of time, and the next one asked only where that was not enough.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from .backend import Paging, Scope, Wanted
from .document import FORUMS, PEOPLE
from .postgres_conditions import (
    NAMED,
    Arguments,
    communities_of,
    following,
    matching,
    readable,
    shown,
)
from .postgres_match import tsquery_of
from .postgres_partitions import Span

CANDIDATES = 10_000
"""The newest that match are ranked."""
MONTHS = 6 * 30 * 86_400
"""Seconds after which, of two things that are found equally well, the newer one is e times as good."""

SETTINGS = """
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
    set_config('max_parallel_workers_per_gather', '0', true), set_config('work_mem', '32MB', true),
    set_config('random_page_cost', '0.5', true), set_config('cpu_index_tuple_cost', '0.06', true),
    set_config('enable_seqscan', 'off', true)
"""
"""Planning pays here: what is asked for differs in size by a million. Compiling and helpers do not. What is searched lies in
memory mostly, and reading the entries of a common word costs more than the planner thinks."""
WALKING = "SELECT set_config('enable_indexscan', 'on', true)"
MEETING = "SELECT set_config('enable_indexscan', 'off', true)"

_NEXT = timedelta(microseconds=1)
_HIT = "d.kind, d.id, d.container_id, d.item_id, d.author_id, d.inserted_at, d.seq"
_ORDER = {False: "inserted_at DESC, id DESC", True: "inserted_at, id"}


class Statement(NamedTuple):
    """What to ask, and with what."""

    sql: str
    args: Sequence[Any]


class Asked(NamedTuple):
    """One search."""

    wanted: Wanted
    scope: Scope
    paging: Paging

    @property
    def oldest(self) -> bool:
        return self.paging.order == "oldest"

    @property
    def ranked(self) -> bool:
        return self.paging.order in {"relevance", "top"}

    def overlaps(self, span: Span) -> bool:
        """Whether anything that is wanted can lie in it."""
        since, before, after = self.wanted.since, self.wanted.before, self.paging.after
        if after is not None and self.oldest:
            since = max(since, after.inserted_at) if since else after.inserted_at
        elif after is not None:
            # What is at the same time may follow.
            before = min(before, after.inserted_at + _NEXT) if before else after.inserted_at + _NEXT
        return not (
            (since is not None and span.end is not None and span.end <= since)
            or (before is not None and span.start is not None and span.start >= before)
        )


def walk(asked: Asked, rows: int, most: int) -> Statement:
    """Those that match among so many next to where the page begins."""
    args = Arguments()
    order = _ORDER[asked.oldest]
    within = _where([*_times(asked, args), *_place(asked, args)])
    conditions = _where([*matching(asked.wanted, args), *_readable(asked, args)])
    sql = f"""
SELECT {_HIT} FROM (SELECT * FROM search_documents d {within} ORDER BY {order} LIMIT {rows}) d
{conditions} ORDER BY {order} LIMIT {most}
"""
    return Statement(sql, args)


def meet(asked: Asked, span: Span, most: int) -> Statement:
    """Those of a span of time that match, in its order."""
    args = Arguments()
    return Statement(_union(asked, args, _HIT, most, span), args)


def rank(asked: Asked, most: int) -> Statement:
    """The best of the newest that match. The last column says how many of those there are."""
    args = Arguments()
    found = _union(asked, args, f"{_HIT}, d.terms", CANDIDATES, Span(None, None))
    score = _score(asked, args)
    after = asked.paging.after
    onward = ""
    if after is not None:
        values = [
            args.add(after.rank or 0.0, "float8"),
            args.add(after.inserted_at, "timestamptz"),
            args.add(after.id, "uuid"),
        ]
        onward = f"WHERE (d.rank, d.inserted_at, d.id) < ({', '.join(values)})"
    sql = f"""
SELECT {_HIT}, d.rank, d.total FROM (
    SELECT d.*, {score} AS rank, count(*) OVER () AS total FROM ({found}) d
) d {onward} ORDER BY d.rank DESC, d.inserted_at DESC, d.id DESC LIMIT {most}
"""
    return Statement(sql, args)


def _score(asked: Asked, args: Arguments) -> str:
    """A logarithm, so that time adds what it would multiply, and a page goes on where the one before ended."""
    query = tsquery_of(asked.wanted.match)
    words = "0"
    if query:
        vector = "ts_rank('{0.1,0.2,0.4,1}', d.terms, " + f"{args.add(query, 'tsquery')}, 1)"
        words = f"ln(greatest({vector}, 1e-9))"
    parts = [f"({words})::float8"]
    if not _of_names(asked.wanted):
        parts.append(f"extract(epoch FROM d.inserted_at)::float8 / {MONTHS}")
    if asked.paging.order == "top":
        parts.append("""ln(1 + ln(1 + greatest(0, coalesce(
            (SELECT r.score FROM post_ranks r WHERE r.id = d.id AND d.kind = 'post'),
            (SELECT r.score FROM comments r WHERE r.id = d.id AND d.kind = 'comment'), 0)))::float8)""")
    return " + ".join(parts)


def _of_names(wanted: Wanted) -> bool:
    """Names are no better for being new."""
    return wanted.kinds is not None and not set(wanted.kinds) & {
        "message",
        "post",
        "comment",
        "file",
    }


def _union(asked: Asked, args: Arguments, columns: str, most: int, span: Span) -> str:
    """Each way of being readable by itself, so that each has its own index; what is readable in two ways is there once."""
    order = _ORDER[asked.oldest]
    common = [
        *_times(asked, args),
        *_within(span, args),
        *matching(asked.wanted, args),
        *shown(asked.wanted, asked.scope, args),
    ]
    ways = readable(asked.wanted, asked.scope, args) or ["false"]
    parts = [
        f"(SELECT {columns} FROM search_documents d {_where([way, *common])} ORDER BY {order} LIMIT {most})"
        for way in ways
    ]
    if len(parts) == 1:
        return parts[0]
    return f"""
SELECT DISTINCT ON (inserted_at, id, kind, container_id) * FROM ({" UNION ALL ".join(parts)}) d
ORDER BY {order}, kind, container_id LIMIT {most}
"""


def _readable(asked: Asked, args: Arguments) -> Iterator[str]:
    yield from shown(asked.wanted, asked.scope, args)
    ways = readable(asked.wanted, asked.scope, args)
    yield f"({' OR '.join(ways) or 'false'})"


def _times(asked: Asked, args: Arguments) -> Iterator[str]:
    if not asked.ranked:
        yield from following(asked.paging.after, asked.paging.order, args)


def _within(span: Span, args: Arguments) -> Iterator[str]:
    if span.start is not None:
        yield f"d.inserted_at >= {args.add(span.start, 'timestamptz')}"
    if span.end is not None:
        yield f"d.inserted_at < {args.add(span.end, 'timestamptz')}"


def _place(asked: Asked, args: Arguments) -> Iterator[str]:
    """Where everything lies that can be found: the only container there is, or the time there is."""
    wanted, scope = asked.wanted, asked.scope
    if (only := _only_container(wanted, scope)) is not None:
        yield f"d.container_id = {args.add(only, 'uuid')}"
    if wanted.since is not None:
        yield f"d.inserted_at >= {args.add(wanted.since, 'timestamptz')}"
    if wanted.before is not None:
        yield f"d.inserted_at < {args.add(wanted.before, 'timestamptz')}"


def _only_container(wanted: Wanted, scope: Scope) -> UUID | None:
    if wanted.containers is not None:
        named = set(wanted.containers)
        wholes = {*scope.communities, FORUMS, PEOPLE}
        return named.pop() if len(named) == 1 and not named & wholes else None
    named_too = scope.seen and (wanted.kinds is None or set(NAMED) & set(wanted.kinds))
    alone = not (communities_of(wanted, scope) or named_too)
    return next(iter(scope.containers)) if alone and len(scope.containers) == 1 else None


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""

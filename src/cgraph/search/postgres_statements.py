"""The statements of one search over `search_documents`.

Rights and words are each common or rare, and so are things that both hold for; the planner cannot know the last. So the
newest are looked at first, in their order (`walk`): enough where much is found. What that leaves is found where indexes
meet (`meet`), the newest partition first, without walking: there an estimate that is far off costs some milliseconds, and
never a look at everything. The planner would ask all partitions, and sort; so each statement is given a span of time, and
the next one asked only where that was not enough.

A page is few; its total is up to a thousand, and what it costs is rows that are read. So it is counted by itself, in no
order, and no further than to a thousand: along the way where much is found (`pace`), else where indexes meet (`tally`).
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from .backend import Hit, Paging, Scope, Wanted
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
    set_config('random_page_cost', '0.5', true), set_config('cpu_tuple_cost', '2', true),
    set_config('cpu_index_tuple_cost', '0.05', true),
    set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true)
"""
"""Planning pays here: what is asked for differs in size by a million. Compiling and helpers do not. Costs are about
microseconds: what is searched lies in memory mostly, a row costs the look at its terms, an entry of a common word more
than the planner thinks."""
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
    """Those that match among so many next to where the page begins. The last column says how many they are."""
    args = Arguments()
    sql = f"""
SELECT {_HIT}, count(*) OVER () AS total FROM {_walked(asked, args, rows)}
ORDER BY {_ORDER[asked.oldest]} LIMIT {most}
"""
    return Statement(sql, args)


def pace(asked: Asked, rows: int, most: int) -> Statement:
    """How many match among so many next to where the page begins, so many at most."""
    args = Arguments()
    walked = _walked(asked, args, rows)
    return Statement(f"SELECT count(*) FROM (SELECT FROM {walked} LIMIT {most}) d", args)


def meet(asked: Asked, span: Span, most: int) -> Statement:
    """Those of a span of time that match, in its order. The last column says how many there are in the span."""
    args = Arguments()
    found = _every(asked, args, _HIT, span)
    sql = f"""
SELECT *, count(*) OVER () AS total FROM ({found}) d ORDER BY {_ORDER[asked.oldest]} LIMIT {most}
"""
    return Statement(sql, args)


def tally(asked: Asked, span: Span, most: int, hits: Sequence[Hit]) -> Statement:
    """How many of a span of time match, so many at most: in no order, so that no more are read.

    What is readable as the first of them are is counted first: where much is found, the rest need not be asked.
    """
    args = Arguments()
    alone = sum(hit.container_id in asked.scope.containers for hit in hits)
    found = _every(asked, args, "", span, wholes_first=alone < len(hits) / 2)
    return Statement(f"SELECT count(*) FROM (SELECT FROM ({found}) d LIMIT {most}) d", args)


def rank(asked: Asked, most: int) -> Statement:
    """The best of the newest that match. The column before the last says how many of those there are."""
    args = Arguments()
    order = f"ORDER BY {_ORDER[asked.oldest]} LIMIT {CANDIDATES}"
    newest = _every(asked, args, f"{_HIT}, d.terms", Span(None, None), order)
    found = f"SELECT * FROM ({newest}) d {order}"
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
SELECT {_HIT}, d.total, d.rank FROM (
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


def _walked(asked: Asked, args: Arguments, rows: int) -> str:
    order = _ORDER[asked.oldest]
    within = _where([*_times(asked, args), *_place(asked, args)])
    conditions = _where([*matching(asked.wanted, args), *_readable(asked, args)])
    return (
        f"(SELECT * FROM search_documents d {within} ORDER BY {order} LIMIT {rows}) d {conditions}"
    )


def _every(
    asked: Asked,
    args: Arguments,
    columns: str,
    span: Span,
    tail: str = "",
    *,
    wholes_first: bool = False,
) -> str:
    """All that match. Each way of being readable by itself, for it has indexes of its own; and nothing in two of them."""
    common = [
        *_times(asked, args),
        *_within(span, args),
        *matching(asked.wanted, args),
        *shown(asked.wanted, asked.scope, args),
    ]
    ways = readable(asked.wanted, asked.scope, args) or ["false"]
    if wholes_first:
        ways.reverse()
    parts = []
    for number, way in enumerate(ways):
        before = [f"({' OR '.join(ways[:number])}) IS NOT TRUE"] if number else []
        where = _where([way, *before, *common])
        parts.append(f"(SELECT {columns} FROM search_documents d {where} {tail})")
    return " UNION ALL ".join(parts)


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

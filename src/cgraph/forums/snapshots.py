"""Ranked lists that stand still while they are read.

Whoever begins to read a ranked list gets the first of it as it is then, kept as a row of ids; a page is a slice of that, and
reads no more than it shows. Where the row ends another goes on: what ranks highest then, of the posts there were at the
beginning, without those shown before. So every post that was there is met once, however votes move it meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, encode_cursor

from .errors import ListingExpired
from .ranking import WINDOWS, Sort, Window

KEPT = timedelta(hours=1)
"""How long a list stands still; then it is to be begun anew."""
SHARED = timedelta(seconds=3)
"""How old a list may be that another reader began; a new post ends it at once."""
LENGTH = 500
"""Posts in one row."""
YOUNG = 5000
"""Posts of a window that are sorted; of more, the highest are looked for among all."""

VOTED = frozenset({"hot", "score", "best", "controversy"})
"""Of the columns, those that votes move: they are in `post_ranks`, the others in `posts`."""
COLUMNS: dict[Sort, str] = {
    "hot": "hot",
    "top": "score",
    "best": "best",
    "controversial": "controversy",
    "active": "active_at",
    "rising": "rising",
    "scaled": "scaled",
    "most_comments": "comment_count",
    "new_comments": "commented_at",
}


class Ranked(msgspec.Struct, frozen=True):
    """Which list."""

    name: str
    """What is listed, and for whom if not for all: the same name is the same list."""
    sort: Sort
    forum_ids: Sequence[UUID] | None = None
    """None: every public forum."""
    window: Window = "all"

    @property
    def key(self) -> str:
        """As the list's rows have it."""
        return f"{self.name}:{self.sort}:{self.window}"

    def since(self, begun_at: datetime) -> datetime | None:
        """Where its window begins."""
        length = WINDOWS[self.window]
        return None if length is None else begun_at - length


class _Part(msgspec.Struct, frozen=True):
    """Some of a row, and the row."""

    id: UUID | None
    """None: it is not kept, for there is no more of it, or another reader was faster."""
    begun_at: datetime
    ids: list[UUID]
    length: int


class _Taken(_Part, frozen=True):
    whole: bool = True
    """There were not too many to sort."""


class _Kept(_Part, frozen=True):
    list: str
    next_id: UUID | None


async def list_ranked(
    db: Repo, ranked: Ranked, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[UUID]:
    """A page of a ranked list, by id: the caller leaves out what its reader may no longer see.

    Raises `ListingExpired` an hour after the first page, `Invalid` for another list's cursor.
    """
    if after is None:
        return _page(await _begin(db, ranked, limit), 0)
    id, offset = decode_cursor(after, tuple[UUID, int], "after")
    if not 0 <= offset <= LENGTH:
        raise Invalid.field("after", "is not a cursor of this list")
    return await _read(db, ranked, id, offset, limit)


async def forget_snapshots(db: Repo) -> None:
    """Drop lists that have stood for too long. Twice is harmless."""
    await db.value("DELETE FROM ranking_snapshots WHERE begun_at <= $1", clock.now() - KEPT)


def _page(part: _Part, offset: int) -> Page[UUID]:
    end = offset + len(part.ids)
    more = part.id is not None and (end < part.length or part.length == LENGTH)
    return Page(part.ids, after=encode_cursor((part.id, end)) if more else None)


async def _begin(db: Repo, ranked: Ranked, limit: int) -> _Part:
    now = clock.now()
    everywhere = ranked.forum_ids is None
    args = [] if everywhere else [ranked.forum_ids]
    sql = _shared(everywhere=everywhere)
    shared = await db.first(_Part, sql, ranked.key, now - SHARED, limit, *args)
    return shared or await _take(db, ranked, limit, now)


async def _read(db: Repo, ranked: Ranked, id: UUID, offset: int, limit: int) -> Page[UUID]:
    kept = await db.first(_Kept, _KEPT, id, offset, limit, clock.now() - KEPT)
    if kept is None:
        raise ListingExpired
    if kept.list != ranked.key or offset > kept.length:
        raise Invalid.field("after", "is not a cursor of this list")
    if offset < kept.length:
        return _page(kept, offset)
    return await _go_on(db, ranked, kept, limit)


async def _go_on(db: Repo, ranked: Ranked, kept: _Kept, limit: int) -> Page[UUID]:
    """What follows a full row: as somebody found it before, or else as it is now."""
    next_id = kept.next_id
    if next_id is None:
        seen = await db.values(_SEEN, kept.id)
        taken = await _take(db, ranked, limit, kept.begun_at, previous_id=kept.id, seen=seen)
        if taken.id is not None or not taken.ids:
            return _page(taken, 0)
        next_id = await db.value(_NEXT, kept.id)
    if next_id is None:
        raise ListingExpired
    return await _read(db, ranked, next_id, 0, limit)


async def _take(
    db: Repo,
    ranked: Ranked,
    limit: int,
    begun_at: datetime,
    *,
    previous_id: UUID | None = None,
    seen: Sequence[UUID] = (),
) -> _Taken:
    """What ranks highest now, of what there was at the beginning and has not been shown; kept if there is more of it."""
    since = ranked.since(begun_at)
    args = [new_id(), ranked.key, clock.now(), begun_at, previous_id, limit, seen]
    args += [] if ranked.forum_ids is None else [ranked.forum_ids]
    args += [] if since is None else [since]
    options = COLUMNS[ranked.sort], ranked.forum_ids is None, since is not None, len(seen) + LENGTH
    if since is not None:
        taken = await db.one(_Taken, _taking(*options, young=True), *args)
        if taken.whole:
            return taken
    return await db.one(_Taken, _taking(*options, young=False), *args)


_RANK = ", LATERAL (SELECT r.* FROM post_ranks r WHERE r.id = p.id LIMIT 1) r"
_LIVE = {"posts": "p.deleted_at IS NULL AND p.removed_at IS NULL", "post_ranks": "p.shown"}
# A filter, not a range of an index, and not taken for as rare as one.
_PUBLIC = "(SELECT f.visibility = 'public' AND f.deleted_at IS NULL FROM forums f WHERE f.id = p.forum_id)"


@cache
def _shared(*, everywhere: bool) -> str:
    """The same list, begun by another reader so lately that nothing has been posted since."""
    there = _PUBLIC if everywhere else "p.forum_id = ANY ($4::uuid[])"
    return f"""
SELECT s.id, s.begun_at, s.ids[1:$3], cardinality(s.ids) FROM ranking_snapshots s
WHERE s.list = $1 AND s.previous_id IS NULL AND s.taken_at > $2
    AND NOT EXISTS (SELECT FROM posts p WHERE {there} AND p.inserted_at > s.taken_at AND {_LIVE["posts"]})
ORDER BY s.taken_at DESC LIMIT 1
"""


@cache
def _taking(column: str, everywhere: bool, windowed: bool, most: int, *, young: bool) -> str:
    """Parameters: id, list, now, begun_at, previous_id, limit, seen, then the forums, then the window's beginning.

    `most` is what is read in the order of the rank, by its index: as many as were shown, and those that are to be. With
    `young` the posts of the window are read in the order of time instead, and sorted, unless they are too many.
    """
    since = f"${8 if everywhere else 9}::timestamptz"
    table = "post_ranks" if column in VOTED and not young else "posts"
    rank, source = f"p.{column}", "found"
    if young:
        order, most = "p.inserted_at DESC, p.id DESC", YOUNG + 1
        window = f"AND p.inserted_at >= {since}"
        if column in VOTED:
            # Votes keep no index by time: it is looked up, unless they are too many. What is read instead lies in no index,
            # or all of one in another order would be read for what is in it.
            rank = "p.kind"
            source = f"(SELECT p.id, p.inserted_at, r.{column} AS rank FROM found p{_RANK}) found"
    else:
        order = f"p.{column} DESC, p.inserted_at DESC, p.id DESC"
        window = f"AND (p.inserted_at >= {since}) IS TRUE" if windowed else ""
    posts = f"""
        SELECT p.id, {rank} AS rank, p.inserted_at FROM {table} p
        WHERE {_PUBLIC if everywhere else "p.forum_id = f.id"} AND {_LIVE[table]} AND p.inserted_at <= $4 {window}
        ORDER BY {order} LIMIT {most}"""
    found = (
        posts if everywhere else f"SELECT p.* FROM unnest($8::uuid[]) f (id), LATERAL ({posts}) p"
    )
    whole = f"(SELECT count(*) FROM found) <= {YOUNG}" if young else "true"
    return f"""
WITH found AS MATERIALIZED ({found}), ranked AS (
    SELECT coalesce(array_agg(id ORDER BY rank DESC, inserted_at DESC, id DESC), '{{}}') AS ids FROM (
        SELECT * FROM {source} WHERE {whole} AND NOT EXISTS (SELECT FROM unnest($7::uuid[]) s (id) WHERE s.id = found.id)
        ORDER BY rank DESC, inserted_at DESC, id DESC LIMIT {LENGTH}
    ) r
), kept AS (
    INSERT INTO ranking_snapshots (id, list, taken_at, begun_at, previous_id, ids)
    SELECT $1, $2, $3, $4, $5, ids FROM ranked
    WHERE cardinality(ids) > CASE WHEN $5::uuid IS NULL THEN $6 ELSE 0 END AND {whole}
    ON CONFLICT (previous_id) DO NOTHING RETURNING id
)
SELECT (SELECT id FROM kept), $4, ids[1:$6], cardinality(ids), {whole} FROM ranked
"""


_KEPT = """
SELECT s.id, s.begun_at, s.ids[$2 + 1 : $2 + $3], cardinality(s.ids), s.list,
    (SELECT n.id FROM ranking_snapshots n WHERE n.previous_id = s.id)
FROM ranking_snapshots s WHERE s.id = $1 AND s.begun_at > $4
"""
_NEXT = "SELECT id FROM ranking_snapshots WHERE previous_id = $1"
_SEEN = """
WITH RECURSIVE before AS (
    SELECT previous_id, ids FROM ranking_snapshots WHERE id = $1
    UNION ALL
    SELECT s.previous_id, s.ids FROM before b JOIN ranking_snapshots s ON s.id = b.previous_id
)
SELECT unnest(ids) FROM before
"""

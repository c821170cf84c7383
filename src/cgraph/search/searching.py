"""A search, from what was typed to what is shown."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from cgraph.accounts import Actor
from cgraph.notifications import is_time_zone
from cgraph.searchable import Kind
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import decode_cursor, encode_cursor
from cgraph_kit.validation import Input, Text

from .backend import Hit, Order, Position, SearchBackend, Wanted
from .grammar import parse
from .hits import SearchHit
from .limits import DEFAULT_LIMITS, Limits
from .looking import AT_ONCE, EXACT_MOST, ROUNDS_MOST, Look, look_for
from .marking import mark
from .query import Query
from .showing import show
from .widening import WIDER, Widened, widen

LIMIT_MOST, LIMIT_DEFAULT, NEIGHBOURS_MOST = 50, 25, 5
KINDS: tuple[Kind, ...] = get_args(Kind)
_TYPE = "|".join(KINDS)
_TYPES = f"^(({_TYPE})(,({_TYPE}))*)?$"
NAMED: frozenset[Kind] = frozenset({"user", "group", "channel", "forum"})
"""Things that are looked for by their names: what matches best comes first."""


class SearchFor(Input, frozen=True):
    """What is looked for."""

    q: Annotated[Text, msgspec.Meta(max_length=4000, examples=["from:ann has:link recipe"])]
    """Words, "phrases", prefix* and operators. Only operators: everything they hold for."""
    types: Annotated[str, msgspec.Meta(pattern=_TYPES, examples=["message,post"])] = ""
    """Only things of these types, separated by commas; left out: of all."""
    time_zone: Annotated[Text, msgspec.Meta(max_length=100, examples=["Europe/Paris"])] = "UTC"
    """Whose days `on:today` and the like mean."""

    def __post_init__(self) -> None:
        if not is_time_zone(self.time_zone):
            raise Invalid.field("time_zone", "is not a name of the IANA time zone database")
        if not set(KINDS).issuperset(self._names):
            raise Invalid.field("types", f"must be some of {', '.join(KINDS)}")

    @property
    def kinds(self) -> list[Kind]:
        return [kind for kind in KINDS if kind in self._names]

    @property
    def _names(self) -> list[str]:
        return self.types.split(",") if self.types else []


class SearchPage(SearchFor, frozen=True, kw_only=True):
    """Which of what is found, and how it is shown."""

    sort: Order | None = None
    """Left out: newest first; people, groups, channels and forums by how well they match."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=LIMIT_MOST)] = LIMIT_DEFAULT
    cursor: Text | None = None
    """Where an earlier page of the same search ended."""
    context: Annotated[int, msgspec.Meta(ge=0, le=NEIGHBOURS_MOST)] = 0
    """Messages shown before and after each message."""


class SearchResults(msgspec.Struct, frozen=True):
    """A page of what was found."""

    hits: list[SearchHit]
    after: str | None
    """Cursor of what follows; None: nothing does."""
    total: int
    """All there are, from the first page on."""
    total_is_capped: bool
    """There are more."""
    widened: Widened | None
    """Nothing was as it was typed. `infix`: this has words that contain what was typed; `similar`: that look like it."""


class SearchCount(msgspec.Struct, frozen=True):
    """How much of a type is found."""

    type: Kind
    total: int
    total_is_capped: bool
    """There are more."""


async def search(
    db: Repo,
    backend: SearchBackend,
    actor: Actor | None,
    asked: SearchPage,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> SearchResults:
    """A page of what the actor may read now and looks for; None: nobody in particular, in public forums.

    Raises `InvalidQuery`, `Invalid` for the cursor of another search, and as the backend does.
    """
    query, cursor = _parsed(asked, limits), _cursor(asked)
    look = await look_for(db, backend, actor, query, asked.kinds)
    if cursor is not None and cursor.widened is not None:
        wider = await widen(backend, query, cursor.widened)
        return await _page(look.beside(wider), asked, cursor, cursor.widened)
    results = await _page(look, asked, cursor, None)
    if results.hits or cursor is not None:
        return results
    for how in WIDER:
        wider = await widen(backend, query, how)
        # Looking once more for the very words that were typed finds nothing either.
        if any(set(words) - {typed} for typed, words in wider.items()):
            found = await _page(look.beside(wider), asked, None, how)
            # That there are such words where the reader may not read is nothing to tell.
            if found.hits:
                return found
    return results


async def count(
    db: Repo,
    backend: SearchBackend,
    actor: Actor | None,
    asked: SearchFor,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> list[SearchCount]:
    """How much of each type a search finds as it was typed. Raises as `search`."""
    look = await look_for(db, backend, actor, _parsed(asked, limits), asked.kinds)
    counts = []
    for kind in asked.kinds or KINDS:
        of_kind = look.of_kind(kind)
        total, capped = await of_kind.count() if of_kind else (0, False)
        counts.append(SearchCount(kind, total, capped))
    return counts


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of one search ended, and what its first page knew."""

    of: str
    inserted_at: datetime
    id: UUID
    rank: float | None
    total: int
    capped: bool
    widened: Widened | None

    @property
    def position(self) -> Position:
        return Position(self.inserted_at, self.id, self.rank)


async def _page(
    look: Look, asked: SearchPage, cursor: _Cursor | None, widened: Widened | None
) -> SearchResults:
    order = asked.sort or _usual_order(look.wanted)
    after = None if cursor is None else cursor.position
    counted = None if cursor is None else (cursor.total, cursor.capped)
    if counted is None and look.sieve is not None:
        counted = await look.count()
    shown: list[SearchHit] = []
    gone, rounds, more = 0, 0, counted != (0, False)
    size = asked.limit if look.sieve is None else AT_ONCE
    while more and len(shown) < asked.limit and rounds < ROUNDS_MOST:
        found = await look.find(size, order, after, count=counted is None)
        if found.total is not None:
            counted = found.total, found.capped
        passed = await look.passed(found.hits)
        seen, looked = await _first(look, passed, asked.limit - len(shown), asked.context)
        shown += seen
        gone += looked - len(seen)
        left = looked < len(passed)
        more = found.more or left
        if last := passed[:looked] if left else found.hits:
            after = last[-1].position
        # Where some are dropped, the next of a page may be far: it is not looked for one by one.
        size, rounds = AT_ONCE, rounds + 1
    total, capped = counted or (0, False)
    if cursor is None and not capped and total <= EXACT_MOST:
        total = await _exact_total(look, len(shown), total, more=more)
        more = more and len(shown) < total
    elif not capped and total > EXACT_MOST:
        total -= gone
    marked = await mark(look.db, look.reader, shown, look.query, look.fragments)
    end = None
    if more and after is not None:
        at = (after.inserted_at, after.id, after.rank)
        end = encode_cursor(_Cursor(_digest(asked), *at, total, capped, widened))
    return SearchResults(marked, end, total, capped, widened)


async def _exact_total(look: Look, shown: int, counted: int, *, more: bool) -> int:
    """The index is a moment old: of little, nothing is told by the number of what is gone since."""
    if not more:
        return shown
    return counted if look.sieve is not None else (await look.count())[0]


async def _first(
    look: Look, hits: Sequence[Hit], most: int, each_way: int
) -> tuple[list[SearchHit], int]:
    """The first so many of these that the reader may see, and how many were looked at for them."""
    shown: list[SearchHit] = []
    looked, size = 0, most
    while looked < len(hits) and len(shown) < most:
        some = hits[looked : looked + size]
        seen = (await show(look.db, look.reader, some, each_way=each_way))[: most - len(shown)]
        shown += [one for _, one in seen]
        full = len(shown) == most
        looked += some.index(seen[-1][0]) + 1 if full else len(some)
        size = LIMIT_MOST
    return shown, looked


def _cursor(asked: SearchPage) -> _Cursor | None:
    if asked.cursor is None:
        return None
    cursor = decode_cursor(asked.cursor, _Cursor)
    if cursor.of != _digest(asked):
        raise Invalid.field("cursor", "is not a cursor of this search")
    return cursor


def _digest(asked: SearchPage) -> str:
    """Of what makes two pages pages of one search."""
    of = msgspec.json.encode((asked.q.strip(), sorted(asked.kinds), asked.sort, asked.time_zone))
    return blake2b(of, digest_size=8).hexdigest()


def _parsed(asked: SearchFor, limits: Limits) -> Query:
    return parse(asked.q, zone=ZoneInfo(asked.time_zone), limits=limits)


def _usual_order(wanted: Wanted) -> Order:
    named = wanted.kinds is not None and NAMED.issuperset(wanted.kinds)
    return "relevance" if named and wanted.match is not None else "newest"

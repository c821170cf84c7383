"""Nobody finds what they may not read, and everybody finds what they may: random searches in random histories.

Each search is held against what its reader gets by reading everything there is, one thing after the other, and looking for
the words themselves: both what the index finds within the reader's scope, before anything checks it again, and what is
shown and counted in the end. A run makes five hundred; with `CGRAPH_TEST_SEARCHES=10000` in the environment it makes as
many, in as many more histories.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil
from os import environ
from random import Random
from typing import Any, NamedTuple, cast, get_args
from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.search import (
    OpenSearchIndex,
    PostgresSearch,
    SearchBackend,
    SearchFor,
    SearchHit,
    SearchPage,
    SuggestFor,
    Suggestion,
    count,
    follow_changes,
    search,
    suggest,
)
from cgraph.search.backend import Found, Hit, Order, Paging, Scope, Wanted
from cgraph.search.hits import ChannelHit, FileHit, MessageHit
from cgraph.search.scoping import get_reader
from cgraph.search.searching import KINDS
from cgraph.search.suggestions import SHOWN_MOST
from cgraph_kit.db import Transaction
from support.readers import Acquaintance, Thing, read_acquaintance, read_everything
from support.searches import ANYTHING, Asked, Asking
from support.worlds import WORDS, World, live, make_world

PEOPLE, MOMENTS, EACH = 6, 2, 18
"""In a world; when all of them search in it, with more of its history in between; searches of each of them, each time."""
SEARCHES = int(environ.get("CGRAPH_TEST_SEARCHES", "500"))
SEEDS = range(ceil(SEARCHES / ((PEOPLE + 1) * MOMENTS * EACH)))

ORDERS: Sequence[Order | None] = (None, None, *get_args(Order))
Keys = set[tuple[str, UUID]]
"""Kinds and ids: the latter are each thing's own in these worlds."""


class Watched:
    """An index that notes what it finds, before anybody looks at it again."""

    def __init__(self, backend: SearchBackend) -> None:
        self._backend = backend
        self.found: list[Found] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    async def search(self, wanted: Wanted, scope: Scope, paging: Paging) -> Found:
        found = await self._backend.search(wanted, scope, paging)
        self.found.append(found)
        return found

    @property
    def keys(self) -> Keys:
        return {(hit.kind, hit.id) for found in self.found for hit in found.hits}

    @property
    def totals(self) -> set[int]:
        return {found.total for found in self.found if found.total is not None}


class Comparing(NamedTuple):
    """What one reader finds, beside what they can read."""

    db: Transaction
    backend: SearchBackend
    reader: Actor | None
    things: Sequence[Thing]
    random: Random

    def may_be_found(self, asked: Asked) -> Keys:
        return _keys(one for one in self.things if asked.known(one))

    async def everything(self) -> None:
        """All that lies in the reader's scope, and nothing that does not."""
        scope = (await get_reader(self.db, self.reader)).scope()
        hits: list[Hit] = []
        while True:
            after = hits[-1].position if hits else None
            paging = Paging(limit=500, order="newest", after=after)
            found = await self.backend.search(Wanted(), scope, paging)
            hits += found.hits
            if not found.more:
                break
        _alike([(hit.kind, hit.id) for hit in hits], self.may_be_found(ANYTHING), "everything")

    async def search(self, asked: Asked) -> None:
        """Every page of it, the totals, and what is shown beside."""
        watched = Watched(self.backend)
        expected = _keys(one for one in self.things if asked.finds(one))
        hits, widened, total = await self._pages(asked, cast("SearchBackend", watched))
        known = self.may_be_found(asked)
        assert watched.keys <= known, asked.q
        assert _shown_with(hits) <= known, asked.q
        found = [_key(hit) for hit in hits]
        assert (len(found), set(found) - known) == (total, set()), asked.q
        if widened:  # other words than these: nothing was as it was typed
            assert not expected, asked.q
            return
        _alike(found, expected, asked.q)
        assert expected <= watched.keys, asked.q
        if not self._sieves(asked):
            assert watched.totals <= {len(expected)}, asked.q

    async def _pages(
        self, asked: Asked, backend: SearchBackend
    ) -> tuple[list[SearchHit], bool, int]:
        order = self.random.choice(ORDERS)
        limit = self.random.choice((50, 50, 7))
        context = self.random.choice((0, 0, 2))
        page = SearchPage(asked.q, sort=order, limit=limit, context=context)
        results = await search(self.db, backend, self.reader, page)
        hits, total = results.hits, results.total
        while results.after is not None:
            page = SearchPage(
                asked.q, sort=order, limit=limit, context=context, cursor=results.after
            )
            results = await search(self.db, backend, self.reader, page)
            hits = [*hits, *results.hits]
        return hits, results.widened is not None, total

    async def counts(self, asked: Asked) -> None:
        """How much of each type there is."""
        watched = Watched(self.backend)
        asking = SearchFor(asked.q)
        counts = await count(self.db, cast("SearchBackend", watched), self.reader, asking)
        expected = Counter(one.kind for one in self.things if asked.finds(one))
        told = {one.type: one.total for one in counts}
        assert told == {kind: expected[kind] for kind in KINDS}, asked.q
        assert watched.keys <= self.may_be_found(asked), asked.q
        if not self._sieves(asked):
            assert watched.totals <= set(told.values()), asked.q

    def _sieves(self, asked: Asked) -> bool:
        return asked.sieved or any("muted" in one.marks for one in self.things)


def _keys(things: Iterable[Thing]) -> Keys:
    return {(one.kind, one.id) for one in things}


def _key(hit: SearchHit) -> tuple[str, UUID]:
    """The thing itself is called in a hit as its kind is, but for threads."""
    kind = str(type(hit).__struct_config__.tag)
    thing = getattr(hit, kind)
    if thing is None and isinstance(hit, ChannelHit):
        thing = hit.thread
    return kind, thing.id


def _shown_with(hits: Sequence[SearchHit]) -> Keys:
    """What is shown with these: messages around them, and what files hang on."""
    keys: Keys = set()
    for hit in hits:
        match hit:
            case MessageHit(before=before, after=after):
                keys |= {("message", message.id) for message in (*before, *after)}
            case FileHit(message=message, comment_id=comment_id, post=post):
                keys |= {("message", message.id)} if message else set()
                keys |= {("comment", comment_id)} if comment_id else set()
                keys |= {("post", post.id)} if post and not comment_id else set()
    return keys


def _alike(found: Sequence[tuple[str, UUID]], expected: Keys, what: str) -> None:
    """The very same, each once."""
    foreign, missing = set(found) - expected, expected - set(found)
    assert (foreign, missing, len(found)) == (set(), set(), len(expected)), what


class Suggesting(NamedTuple):
    """What one reader is told while typing, beside whom and what they know."""

    db: Transaction
    backend: SearchBackend
    reader: Actor
    things: Sequence[Thing]
    known: Acquaintance

    async def places(self, operator: str, typed: str) -> None:
        """Names of all that may be seen and is called so."""
        named = {"forum"} if operator == "forum" else {"channel", "group", "forum"}
        places = [one for one in self.things if one.kind in named and ANYTHING.known(one)]
        expected = {
            one.texts[0] for one in places if any(w.startswith(typed) for w in one.words()[0])
        }
        if operator == "in":
            expected |= {name for name in self.known.conversations if name.startswith(typed)}
        watched = Watched(self.backend)
        found = await self._asked(f"{operator}:{typed}", watched)
        names = {one.label.partition(" (")[0] for one in found}
        assert names <= expected, typed
        assert len(names) == min(len(expected), SHOWN_MOST), typed
        assert watched.keys <= _keys(places), typed

    async def people(self, operator: str) -> None:
        """Names of all who are met where the reader is. Those of all begin alike."""
        found = await self._asked(operator, Watched(self.backend))
        names = {one.label for one in found if one.kind == "person"}
        assert names == self.known.people, operator

    async def _asked(self, q: str, watched: Watched) -> list[Suggestion]:
        return await suggest(self.db, cast("SearchBackend", watched), self.reader, SuggestFor(q))


async def search_after(world: World, backend: SearchBackend, seed: int) -> None:
    """Live on, and have everybody search, and somebody whom nobody knows."""
    db = world.db
    await live(world, 80)
    await follow_changes(db, backend)
    random = Random(seed)  # noqa: S311
    for person in (*world.people, None):
        things = await read_everything(world, person)
        comparing = Comparing(db, backend, person, things, random)
        await comparing.everything()
        asking = Asking(world, person, random)
        for number in range(EACH):
            asked = asking.search()
            await comparing.search(asked)
            if number % 6 == 0:
                await comparing.counts(asked)
        if person is not None:
            known = await read_acquaintance(world, person)
            suggesting = Suggesting(db, backend, person, things, known)
            for operator in ("in", "forum"):
                await suggesting.places(operator, random.choice(WORDS)[:4])
            for operator in ("from:p", "in:@p", "@p"):
                await suggesting.people(operator)


class TestSearch:
    @pytest.mark.parametrize("seed", SEEDS)
    async def test_finds_exactly_what_its_reader_can_read(self, db: Transaction, seed: int) -> None:
        world = await make_world(db, seed, people=PEOPLE)
        await live(world, 250)
        for moment in range(MOMENTS):
            await search_after(world, PostgresSearch(db), seed * 100 + moment)

    @pytest.mark.parametrize("seed", SEEDS[::2])
    async def test_in_opensearch_too(
        self, db: Transaction, opensearch: OpenSearchIndex, seed: int
    ) -> None:
        world = await make_world(db, seed, people=PEOPLE)
        await live(world, 250)
        await search_after(world, opensearch, seed * 100)

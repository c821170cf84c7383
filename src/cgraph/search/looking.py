"""One search of one reader: what is asked of an index, and what of its answers passes."""

from collections.abc import Sequence

import msgspec

from cgraph.accounts import Actor
from cgraph.searchable import Kind
from cgraph_kit.db import Repo

from .analysis_matching import Fragments, match_of
from .backend import (
    TOTAL_MOST,
    AnyOf,
    Found,
    Hit,
    Match,
    Order,
    Paging,
    Position,
    Scope,
    SearchBackend,
    Wanted,
)
from .query import Query
from .resolving import resolve
from .scoping import Reader, get_reader
from .showing import show
from .sieving import Sieve, sieve_for, unread_scope
from .widening import look_up

AT_ONCE = 250
"""Hits that are asked for at a time where some of them will be dropped."""
EXACT_MOST = 50
"""Totals up to this are of what is shown, not of what the index, a moment old, still holds."""
ROUNDS_MOST = 20
"""Times that is done for one page, and for one total."""


class Look(msgspec.Struct, frozen=True):
    """All that is known of a search before anything is found."""

    db: Repo
    backend: SearchBackend
    reader: Reader
    query: Query
    fragments: Fragments
    wanted: Wanted
    scope: Scope
    sieve: Sieve | None

    async def find(
        self, limit: int, order: Order, after: Position | None, *, count: bool = False
    ) -> Found:
        """Ask the index."""
        paging = Paging(limit=limit, order=order, after=after, count=count)
        return await self.backend.search(self.wanted, self.scope, paging)

    async def passed(self, hits: Sequence[Hit]) -> Sequence[Hit]:
        """Those of these that only the reader's own marks could tell from others."""
        return hits if self.sieve is None else await self.sieve.passed(self.db, hits)

    async def count(self) -> tuple[int, bool]:
        """All that is found, and whether there is more."""
        if self.sieve is None:
            found = await self.find(EXACT_MOST, "newest", None, count=True)
            total = found.total or 0
            return (total, found.capped) if found.more else (await self._exact(found.hits), False)
        return await self._count_sieved()

    async def _count_sieved(self) -> tuple[int, bool]:
        total, after, few = 0, None, list[Hit]()
        for _ in range(ROUNDS_MOST):
            found = await self.find(AT_ONCE, "newest", after)
            passed = await self.passed(found.hits)
            total += len(passed)
            few += passed if total <= EXACT_MOST else ()
            if total > TOTAL_MOST:
                return TOTAL_MOST, True
            if not found.more:
                return total if total > EXACT_MOST else await self._exact(few), False
            after = found.hits[-1].position
        return total, True

    async def _exact(self, hits: Sequence[Hit]) -> int:
        return len(await show(self.db, self.reader, hits)) if hits else 0

    def of_kind(self, kind: Kind) -> "Look | None":
        """The same for one kind; None: that is not looked for."""
        if self.wanted.kinds is not None and kind not in self.wanted.kinds:
            return None
        wanted = msgspec.structs.replace(self.wanted, kinds=(kind,))
        return msgspec.structs.replace(self, wanted=wanted)

    def beside(self, fragments: Fragments) -> "Look":
        """The same for these words beside those that were typed."""
        every = {**self.fragments, **fragments}
        wanted = msgspec.structs.replace(self.wanted, match=_match(self.query, every))
        return msgspec.structs.replace(self, fragments=every, wanted=wanted)


async def look_for(
    db: Repo,
    backend: SearchBackend,
    actor: Actor | None,
    query: Query,
    kinds: Sequence[Kind],
) -> Look:
    """What a query comes to for somebody now. `kinds`: only these; none: all."""
    reader = await get_reader(db, actor)
    resolved = await resolve(db, reader, query, kinds or None)
    fragments = await look_up(backend, query)
    wanted = msgspec.structs.replace(resolved.wanted, match=_match(query, fragments))
    scope = reader.scope(resolved.known_forums)
    if resolved.unread:
        scope, wanted = await unread_scope(db, reader, scope), _unread(reader, wanted)
    sieve = await sieve_for(db, reader, resolved)
    return Look(db, backend, reader, query, fragments, wanted, scope, sieve)


def _match(query: Query, fragments: Fragments) -> Match | None:
    match = match_of(query, fragments)
    # Signs alone are nothing that could be found.
    return AnyOf(()) if match is None and query.terms else match


def _unread(reader: Reader, wanted: Wanted) -> Wanted:
    """Only messages, and nobody's own: who says something has read it."""
    kinds = {"message"} if wanted.kinds is None else {"message"}.intersection(wanted.kinds)
    mine = () if reader.id is None else (reader.id,)
    return msgspec.structs.replace(wanted, kinds=kinds, not_authors=[*wanted.not_authors, *mine])

"""What searches: the interface every index has, and what is said over it. Nothing here knows SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from cgraph.searchable import Kind
from cgraph_kit.db import Transaction

from .document import Document, Gone, Key

TOTAL_MOST = 1000
"""Hits that are counted; more are told of as "1,000+"."""

Order = Literal["newest", "oldest", "relevance", "top"]
"""`relevance`: by words, and by time where they are equal; `top`: the same times the logarithm of the score. Both look at
what matches as a whole: they are for one container, or for names."""
How = Literal["prefix", "infix", "similar"]


class Word(msgspec.Struct, frozen=True):
    """One term, as analysis writes it."""

    text: str
    prefix: bool = False
    """Whatever begins with it."""
    titles: bool = False
    """In titles and names only."""


class Phrase(msgspec.Struct, frozen=True):
    """Each so many positions after the one before; `steps` has one number less than `parts`. None: 1 each."""

    parts: Sequence["Word | AnyOf"]
    steps: Sequence[int] | None = None


class AllOf(msgspec.Struct, frozen=True):
    """All of these. Of none: everything."""

    of: Sequence["Match"]


class AnyOf(msgspec.Struct, frozen=True):
    """One of these. Of none: nothing."""

    of: Sequence["Match"]


class NoneOf(msgspec.Struct, frozen=True):
    """Not one of these."""

    of: Sequence["Match"]


Match = Word | Phrase | AllOf | AnyOf | NoneOf


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for. None: no matter; an empty collection: nothing is found."""

    match: Match | None = None
    kinds: Collection[Kind] | None = None
    authors: Collection[UUID] | None = None
    not_authors: Collection[UUID] = ()
    containers: Collection[UUID] | None = None
    """Containers or communities."""
    not_containers: Collection[UUID] = ()
    """The same."""
    items: Collection[UUID] | None = None
    """Posts whose comments, or things whose files."""
    keys: Collection[Key] | None = None
    """These at most: what somebody has saved, is mentioned in …"""
    since: datetime | None = None
    """Inclusive."""
    before: datetime | None = None
    features: Collection[str] = ()
    """All of them."""
    any_features: Sequence[Collection[str]] = ()
    """One of each of these."""
    not_features: Collection[str] = ()
    score_above: int | None = None
    """Posts and comments with more votes for than against by more than this."""
    score_below: int | None = None


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may read now. Nothing that lies outside is found, counted or told of."""

    communities: Collection[UUID] = ()
    """Groups of which all is read but what is in `excluded` or `containers`."""
    containers: Mapping[UUID, int] = {}
    """What is read by itself, and after which number; -1: also what has none."""
    excluded: Collection[UUID] = ()
    """Not read, although its group is: channels, with the public threads that hang on them."""
    forums: bool = True
    """Whether forums are read, all but these:"""
    excluded_forums: Collection[UUID] = ()
    people: bool = True
    hidden_authors: Collection[UUID] = ()
    """Whose things are never shown, nor themselves."""
    hidden_in_forums: Collection[UUID] = ()
    """Whose posts and comments are not shown beside that."""
    hidden: Collection[UUID] = ()
    """Things that are not shown, nor what hangs on them (`item_id`), nor on that (`under`): posts the reader has hidden."""
    seen: Collection[UUID] = ()
    """Groups, channels and threads that are found by their own names (by `id`), although what is in them is not read."""


class Position(msgspec.Struct, frozen=True):
    """Where a page ended."""

    inserted_at: datetime
    id: UUID
    rank: float | None = None
    """Where order is by rank."""


class Paging(msgspec.Struct, frozen=True):
    """Which of what is found."""

    limit: int = 25
    order: Order = "newest"
    after: Position | None = None
    count: bool = True
    """Whether the total is wanted; without it, no more is looked at than is shown."""


class Hit(msgspec.Struct, frozen=True):
    """Something found: enough to ask for it."""

    kind: Kind
    id: UUID
    container_id: UUID
    item_id: UUID | None
    author_id: UUID | None
    inserted_at: datetime
    seq: int | None
    rank: float | None = None

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id, self.container_id)

    @property
    def position(self) -> Position:
        return Position(self.inserted_at, self.id, self.rank)


class Found(msgspec.Struct, frozen=True):
    """One page of what was found."""

    hits: list[Hit]
    more: bool
    """Something follows the last of them."""
    total: int | None
    """All there are from the first page's start, `TOTAL_MOST` at most; None: not counted."""
    capped: bool = False
    """There are more than `total`."""


class Volume(msgspec.Struct, frozen=True):
    """How much there is."""

    documents: int
    """About."""
    words: int
    bytes: int


class SearchBackend(Protocol):
    """An index over everything. What it says is at most a moment old."""

    name: str

    async def index(
        self, tx: Transaction, documents: Sequence[Document], gone: Sequence[Gone], *, version: int
    ) -> None:
        """Have these as they are now, and no longer those that are gone, with the files that hung on them.

        What is among both was elsewhere before, or at another time: the gone go first.

        An index within the database writes in `tx`; another must not let a lower version replace a higher one, for it may
        be told the same again, or, after a crash, less than it knows.
        """
        ...

    async def drop_older(self, tx: Transaction, kind: Kind, generation: int) -> None:
        """Forget what of a kind was last written before its rebuild of this number began: it is no more.

        Files go with the things they hang on. The number in force is `max(generation)` of `search_rebuilds`.
        """
        ...

    async def search(self, wanted: Wanted, scope: Scope, paging: Paging) -> Found:
        """What matches and may be read. Raises `cgraph_kit.errors.Unavailable`, or its kind `TookTooLong`."""
        ...

    async def expand(self, fragment: str, how: How, *, limit: int = 50) -> list[str]:
        """Words that begin with the fragment, contain it or look like it, the likeliest first.

        They come from everything there is: never to be shown, only to be searched for within a scope.
        """
        ...

    async def refresh(self) -> None:
        """What has been indexed before is found from now on."""
        ...

    async def tidy(self) -> int:
        """Forget words that no document has any more, and what lies in forums that are no more; how many words."""
        ...

    async def clear(self) -> None:
        """Forget everything."""
        ...

    async def volume(self) -> Volume:
        """How much it holds."""
        ...

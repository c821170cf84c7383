"""What lies in the index: a thing as it can be found, and what it is called there."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from cgraph.searchable import Kind, Searchable

Weight = Literal["A", "B", "C", "D"]

FORUMS = UUID("00000000-0000-0000-0000-0000000f0000")
"""The community of everything in any forum: whose forum one may not read is left out when somebody searches."""
PEOPLE = UUID("00000000-0000-0000-0000-0000000a0000")
"""The community of everybody there is."""


class Key(NamedTuple):
    """What a thing is called in the index. Ids of messages are their own only within their container."""

    kind: Kind
    id: UUID
    container_id: UUID | None = None
    """Known for messages always; of other things the id is enough."""


class Gone(NamedTuple):
    """What is no longer there, or is elsewhere now."""

    kind: Kind
    id: UUID
    container_id: UUID | None
    inserted_at: datetime | None
    """When it was written. None: nobody knows, and somebody else tells of it who does."""


class Analysed(msgspec.Struct, frozen=True):
    """What analysis makes of a thing's words."""

    terms: str
    """By what it is found, as the text of a tsvector with positions: `'cat':1A,7 'dog':2`. Titles and names weigh A."""
    words: Sequence[str] = ()
    """The whole words, folded, each once: what fragments and misspelt words are looked up among."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A thing with its words analysed."""

    kind: Kind
    id: UUID
    container_id: UUID
    """Whoever reads this may read it."""
    channel_id: UUID | None
    """The channel a public thread hangs on: whom that is taken from reads nothing in the thread."""
    community_id: UUID | None
    """Its group, `FORUMS` or `PEOPLE`: whoever reads all of that may read it, unless something takes it from them."""
    item_id: UUID | None
    author_id: UUID | None
    inserted_at: datetime
    seq: int | None
    features: Sequence[str]
    terms: str
    words: Sequence[str]

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id, self.container_id)


def document_of(thing: Searchable, analysed: Analysed) -> Document:
    """The thing as it goes into the index."""
    return Document(
        kind=thing.kind,
        id=thing.id,
        container_id=thing.container_id,
        channel_id=thing.channel_id,
        community_id=community_of(thing),
        item_id=thing.item_id,
        author_id=thing.author_id,
        inserted_at=thing.inserted_at,
        seq=thing.seq,
        features=[*thing.features, *_features_of(thing.text)],
        terms=analysed.terms,
        words=analysed.words,
    )


def _features_of(text: str) -> list[str]:
    """What a text has by its signs alone: code between backticks."""
    return ["code"] if _CODE.search(text) else []


def community_of(thing: Searchable) -> UUID | None:
    """What holds its container: a group, all forums, everybody."""
    match thing.kind:
        case "user":
            return PEOPLE
        case "post" | "comment" | "forum":
            return FORUMS
    return thing.community_id


def under(post_id: UUID) -> str:
    """The feature of files on comments on a post, which themselves hang on the comment."""
    return f"under:{post_id}"


class Occurrence(NamedTuple):
    """A term in one place of a text."""

    term: str
    position: int
    """From 1."""
    weight: Weight


_CODE = re.compile(r"^```|`[^`\n]+`", re.MULTILINE)
_LEXEME = re.compile(r"'((?:[^'\\]|''|\\.)*)'(?::([0-9A-D,]+))?", re.DOTALL)
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)


def occurrences(terms: str) -> Iterator[Occurrence]:
    """Every place of every term, for backends that know no tsvector."""
    for lexeme, places in _LEXEME.findall(terms):
        term = _ESCAPED.sub(lambda found: found[1] or "'", lexeme)
        for place in filter(None, places.split(",")):
            weighted = place[-1] in "ABCD"
            number = int(place[:-1] if weighted else place)
            yield Occurrence(term, number, place[-1] if weighted else "D")

"""From names to ids: what the conditions of a query come to for one reader.

A name that nobody has, and one of something the reader may not see, come to nothing: what is asked for is then not found,
as if the one of that name had said nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import get_args
from uuid import UUID

import msgspec

from cgraph import accounts, forums, groups
from cgraph.searchable import Kind, mention_of
from cgraph_kit.db import Repo

from .backend import Wanted
from .document import Key
from .query import OF_THE_READER, Operator, Query
from .scoping import Reader

ME = "me"
SOMEBODY = "@"
"""What a value of `in:` begins with that means the conversation with somebody."""
SAVED_MOST = 10_000
"""Saved things that are looked through: the latest."""
_NOTHING = UUID(int=0)


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, but for its words, and what of it only the reader's own marks tell."""

    wanted: Wanted
    known_forums: Sequence[UUID] = ()
    """Those the query names and the reader may read."""
    unread: bool | None = None
    """True: only messages they have not read. False: only what is not such a message."""
    unsaved: bool = False
    """Only what they have not saved."""


async def resolve(
    db: Repo, reader: Reader, query: Query, kinds: Collection[Kind] | None = None
) -> Resolved:
    """The conditions of a query, of things of these kinds only; a statement for each sort of name there is in it.

    Words and tags are terms: `analysis_matching.match_of` says what they come to.
    """
    names = await _names(db, reader, query)
    wanted, unwanted = _texts(query, "is"), _texts(query, "is", negated=True)
    calls = [mention_of(id) for id in _called(reader)]
    features = [
        _texts(query, "has"),
        wanted - OF_THE_READER,
        {mention_of(id) for id in names.people(query, "mentions") or ()},
        calls if "mentioned" in wanted else (),
    ]
    forbidden = [
        *_texts(query, "has", negated=True),
        *(unwanted - OF_THE_READER),
        *(mention_of(id) for id in names.people(query, "mentions", negated=True) or ()),
        *(calls if "mentioned" in unwanted else ()),
    ]
    return Resolved(
        wanted=Wanted(
            kinds=_kinds(query, kinds),
            authors=names.people(query, "from"),
            not_authors=names.people(query, "from", negated=True) or (),
            containers=names.containers(query),
            not_containers=names.not_containers(query),
            keys=await _saved(db, reader) if "saved" in wanted else None,
            since=query.since,
            before=query.before,
            any_features=[list(alternatives) for alternatives in features if alternatives],
            not_features=forbidden,
            score_above=query.score_above,
            score_below=query.score_below,
        ),
        known_forums=names.forums(query),
        unread=True if "unread" in wanted else False if "unread" in unwanted else None,
        unsaved="saved" in unwanted,
    )


class _Names(msgspec.Struct, frozen=True):
    """What the names in a query stand for, by how they were written."""

    of_people: Mapping[str, UUID]
    of_places: Mapping[str, Collection[UUID]]
    of_forums: Mapping[str, UUID]

    def people(
        self, query: Query, operator: Operator, *, negated: bool = False
    ) -> set[UUID] | None:
        """None: nothing was said of them."""
        texts = _texts(query, operator, negated=negated)
        if not texts:
            return None
        found = {self.of_people[text.lower()] for text in texts if text.lower() in self.of_people}
        # Of nobody there is nothing to be found, but nothing to be left out either.
        return found or (set() if negated else {_NOTHING})

    def containers(self, query: Query) -> set[UUID] | None:
        """Where it has to lie."""
        places, forums = _texts(query, "in"), _texts(query, "forum")
        found = [self._places(places)] if places else []
        found += [self._forums(forums)] if forums else []
        return set.intersection(*found) if found else None

    def not_containers(self, query: Query) -> set[UUID]:
        """Where it must not lie."""
        places, forums = (_texts(query, name, negated=True) for name in _PLACES)
        return self._places(places) | self._forums(forums)

    def forums(self, query: Query) -> list[UUID]:
        return sorted(self._forums(_texts(query, "in") | _texts(query, "forum")))

    def _places(self, texts: Iterable[str]) -> set[UUID]:
        return {id for text in texts for id in self.of_places.get(text.lower(), ())}

    def _forums(self, texts: Iterable[str]) -> set[UUID]:
        return {self.of_forums[text.lower()] for text in texts if text.lower() in self.of_forums}


_PLACES: tuple[Operator, Operator] = ("in", "forum")


async def _names(db: Repo, reader: Reader, query: Query) -> _Names:
    people = _every(query, "from", "mentions")
    places, of_forums = _every(query, "in"), _every(query, "forum")
    peers = {text.removeprefix(SOMEBODY) for text in places if text.startswith(SOMEBODY)}
    known = await _people(db, reader, people | peers)
    slugs = {text for text in places | of_forums if not text.startswith(SOMEBODY)}
    found = await _forums(db, reader, slugs)
    return _Names(known, await _known_places(db, reader, places, known, found), found)


async def _people(db: Repo, reader: Reader, names: Collection[str]) -> dict[str, UUID]:
    found = {name: id for name in names if (id := _uuid(name)) is not None}
    if reader.id is not None and ME in names:
        found[ME] = reader.id
    if wanted := sorted(set(names) - set(found)):
        people = await accounts.get_people_by_usernames(db, wanted)
        found |= {name: person.id for name, person in people.items()}
    return found


async def _forums(db: Repo, reader: Reader, names: Collection[str]) -> dict[str, UUID]:
    if not names:
        return {}
    ids = {name: id for name in names if (id := _uuid(name)) is not None}
    slugs = await forums.find_readable_forums(db, reader.actor, sorted(set(names) - set(ids)))
    readable = await forums.list_readable_forums(db, reader.actor, list(ids.values()))
    known = {forum.id for forum in readable}
    return slugs | {name: id for name, id in ids.items() if id in known}


async def _known_places(
    db: Repo,
    reader: Reader,
    names: Collection[str],
    people: Mapping[str, UUID],
    of_forums: Mapping[str, UUID],
) -> dict[str, set[UUID]]:
    """Places of these names and ids. A channel comes with its threads, a group with the private ones that are read in it."""
    found: dict[str, set[UUID]] = {name: set() for name in names}
    if reader.actor is None:
        return {name: {of_forums[name]} if name in of_forums else set() for name in names}
    wanted = sorted(name for name in names if not name.startswith(SOMEBODY))
    ids = [id for name in wanted if (id := _uuid(name)) is not None]
    for place in await groups.find_named_places(db, reader.actor, wanted, ids) if wanted else ():
        found[place.name].add(place.id)
    return {name: _with(reader, name, ids, people, of_forums) for name, ids in found.items()}


def _with(
    reader: Reader,
    name: str,
    ids: set[UUID],
    people: Mapping[str, UUID],
    of_forums: Mapping[str, UUID],
) -> set[UUID]:
    """All that a name of a place means, beside what in groups is called so."""
    own = {id for id in (_uuid(name), of_forums.get(name)) if id is not None}
    named = ids | own | _conversations(reader, name, people)
    private = reader.groups.private.items()
    return named | {id for id, group_id in private if group_id in named}


def _conversations(reader: Reader, name: str, people: Mapping[str, UUID]) -> set[UUID]:
    """The one with somebody, with oneself, or those that are called so."""
    if not name.startswith(SOMEBODY):
        return {one.id for one in reader.conversations if (one.name or "").lower() == name}
    peer_id = people.get(name.removeprefix(SOMEBODY))
    if peer_id is None:
        return set()
    if peer_id == reader.id:
        return {one.id for one in reader.conversations if one.kind == "self"}
    return {
        one.id for one in reader.conversations if one.kind == "direct" and one.peer_id == peer_id
    }


async def _saved(db: Repo, reader: Reader) -> list[Key]:
    if reader.actor is None:
        return []
    ids = await forums.list_saved_ids(db, reader.actor, most=SAVED_MOST)
    return [Key("post", id) for id in ids]


def _called(reader: Reader) -> list[UUID]:
    """Whoever of these is mentioned, the reader is."""
    return [_NOTHING] if reader.id is None else [reader.id, *reader.groups.audiences]


def _kinds(query: Query, kinds: Collection[Kind] | None) -> set[Kind] | None:
    """Of those asked for beside the query and in it; without those it must not be."""
    types = {msgspec.convert(text, Kind) for text in _texts(query, "type")}
    no = {msgspec.convert(text, Kind) for text in _texts(query, "type", negated=True)}
    if not (types or no) and kinds is None:
        return None
    wanted = set(get_args(Kind) if kinds is None else kinds)
    return (wanted & types if types else wanted) - no


def _texts(query: Query, operator: Operator, *, negated: bool = False) -> set[str]:
    return {value.text for value in query.values(operator, negated=negated)}


def _every(query: Query, *operators: Operator) -> set[str]:
    """Names after these operators, negated or not, in lower case."""
    return {
        text.lower()
        for operator in operators
        for negated in (False, True)
        for text in _texts(query, operator, negated=negated)
    }


def _uuid(text: str) -> UUID | None:
    """As ids are written, in lower case: there are other ways, by which nothing is told."""
    try:
        id = UUID(text)
    except ValueError:
        return None
    return id if str(id) == text else None

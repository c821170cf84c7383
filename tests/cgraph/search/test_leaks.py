"""Nobody finds what they may not read, and everybody finds what they may: random searches in random histories.

Each search is held against what its reader gets by reading everything there is, one thing after the other, and looking for
the words themselves. A run makes five hundred; with `CGRAPH_TEST_SEARCHES=10000` in the environment it makes as many, in
as many more histories.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil
from os import environ
from random import Random
from typing import NamedTuple
from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.search import (
    OpenSearchIndex,
    PostgresSearch,
    SearchBackend,
    SearchHit,
    SearchPage,
    SuggestFor,
    follow_changes,
    search,
    suggest,
)
from cgraph.search.hits import (
    ChannelHit,
    CommentHit,
    ForumHit,
    GroupHit,
    MessageHit,
    PostHit,
    UserHit,
)
from cgraph_kit.db import Transaction
from support.readers import Thing, read_everything
from support.worlds import WORDS, World, live, make_world

PEOPLE, MOMENTS, EACH = 6, 3, 14
"""In a world; when all of them search in it, with more of its history in between; searches of each of them, each time."""
SEARCHES = int(environ.get("CGRAPH_TEST_SEARCHES", "500"))
SEEDS = range(ceil(SEARCHES / (PEOPLE * MOMENTS * EACH)))


class Asked(NamedTuple):
    """A search, and what it must find."""

    q: str
    holds: Callable[[Thing], bool]
    named: frozenset[UUID] = frozenset()
    """Forums it names: who names an unlisted one finds what is in it."""

    def finds(self, thing: Thing) -> bool:
        hidden = "unlisted" in thing.marks and thing.container_id not in self.named
        return self.holds(thing) and not hidden


def id_of(hit: SearchHit) -> UUID:  # noqa: PLR0911 (one of each)
    match hit:
        case MessageHit(message=message):
            return message.id
        case PostHit(post=post):
            return post.id
        case CommentHit(comment=comment):
            return comment.id
        case UserHit(user=user):
            return user.id
        case GroupHit(group=group):
            return group.id
        case ForumHit(forum=forum):
            return forum.id
        case ChannelHit(channel=channel, thread=thread):
            named = channel or thread
            assert named
            return named.id
    raise TypeError(hit)


class Asking:
    """Makes up searches that somebody in a world might try."""

    def __init__(self, world: World, reader: Actor, random: Random) -> None:
        self.world = world
        self.reader = reader
        self.random = random

    def search(self) -> Asked:
        parts = [self._words() for _ in range(self.random.choice((0, 1, 1, 1, 2)))]
        # Of one operator only once: twice, they would be alternatives.
        count = self.random.choice((0, 0, 1, 2)) if parts else self.random.choice((1, 2))
        parts += [condition() for condition in self.random.sample(self._conditions, count)]
        if all(part.q.startswith("-") for part in parts):  # nothing that is to be found
            word = self.random.choice(WORDS)
            parts.append(Asked(word, lambda thing: _has(thing, word)))
        return Asked(
            " ".join(part.q for part in parts),
            lambda thing: all(part.holds(thing) for part in parts),
            frozenset(id for part in parts for id in part.named),
        )

    @property
    def _conditions(self) -> Sequence[Callable[[], Asked]]:
        return (
            self._from,
            self._in,
            self._forum,
            self._type,
            self._is,
            self._mentions,
            self._score,
        )

    def _words(self) -> Asked:
        word, other = self.random.sample(WORDS, 2)
        match self.random.randrange(6):
            case 0:
                beginning = word[: self.random.randint(3, len(word))]
                return Asked(
                    f"{beginning}*", lambda one: _any(one, lambda w: w.startswith(beginning))
                )
            case 1:
                return Asked(f'"{word} {other}"', lambda one: _beside(one, word, other))
            case 2:
                return Asked(f"-{word}", lambda one: not _has(one, word))
        return Asked(word, lambda one: _has(one, word))

    def _from(self) -> Asked:
        person = self.world.someone()
        name = self.random.choice((f"@{person.username}", str(person.id)))
        if person.id == self.reader.id:
            name = "me"
        if self.random.random() < 0.2:
            return Asked(f"-from:{name}", lambda one: one.author_id != person.id)
        return Asked(f"from:{name}", lambda one: one.author_id == person.id)

    def _in(self) -> Asked:
        """A group, a channel, a thread or a conversation, whether the reader sees it or not."""
        random, world = self.random, self.world
        if random.random() < 0.3:
            name = random.choice(list(world.group_names.values()))
            ids = {id for id, called in world.group_names.items() if called == name}
            return Asked(f'in:"{name}"', lambda one: one.group_id in ids)
        if random.random() < 0.4:
            name = random.choice(list(world.channel_names.values()))
            ids = {id for id, called in world.channel_names.items() if called == name}
            ids |= {id for channel, id in world.threads if channel in ids}
            return Asked(f"in:#{name}", lambda one: one.container_id in ids)
        id = random.choice([*world.conversations, *world.places])
        if random.random() < 0.2:
            return Asked(f"-in:{id}", lambda one: one.container_id != id)
        return Asked(f"in:{id}", lambda one: one.container_id == id)

    def _forum(self) -> Asked:
        id = self.random.choice(self.world.forums)
        name = self.random.choice((str(id), self.world.slugs[id]))
        return Asked(f"forum:{name}", lambda one: one.container_id == id, frozenset({id}))

    def _type(self) -> Asked:
        kind = self.random.choice(
            ("message", "post", "comment", "channel", "group", "user", "forum")
        )
        if self.random.random() < 0.2:
            return Asked(f"-type:{kind}", lambda one: one.kind != kind)
        return Asked(f"type:{kind}", lambda one: one.kind == kind)

    def _is(self) -> Asked:
        state = self.random.choice(("pinned", "edited", "saved", "mentioned", "unread"))
        if self.random.random() < 0.3:
            return Asked(f"-is:{state}", lambda one: state not in one.marks)
        return Asked(f"is:{state}", lambda one: state in one.marks)

    def _mentions(self) -> Asked:
        person = self.world.someone()
        return Asked(
            f"mentions:{person.username}", lambda one: f"mentions {person.id}" in one.marks
        )

    def _score(self) -> Asked:
        least = self.random.choice((0, 1))
        return Asked(f"score:>{least}", lambda one: one.score is not None and one.score > least)


def _any(thing: Thing, holds: Callable[[str], bool]) -> bool:
    return any(holds(word.removeprefix("@")) for words in thing.words() for word in words)


def _has(thing: Thing, word: str) -> bool:
    return _any(thing, lambda one: one == word)


def _beside(thing: Thing, word: str, other: str) -> bool:
    return any(
        (first, second) == (word, other)
        for words in thing.words()
        for first, second in pairwise(words)
    )


async def compare(
    db: Transaction, backend: SearchBackend, reader: Actor, asked: Asked, things: Sequence[Thing]
) -> None:
    """Every page of it, and the total."""
    expected = {(one.kind, one.id) for one in things if asked.finds(one)}
    found: list[tuple[str, UUID]] = []
    cursor: str | None = None
    while True:
        page = SearchPage(asked.q, limit=50, cursor=cursor)
        results = await search(db, backend, reader, page)
        if results.widened:  # other words than these: nothing was as it was typed
            assert not expected, asked.q
            assert {id_of(hit) for hit in results.hits} <= {one.id for one in things}, asked.q
            return
        found += [(type(hit).__struct_config__.tag, id_of(hit)) for hit in results.hits]
        cursor = results.after
        if cursor is None:
            break
    foreign, missing = set(found) - expected, expected - set(found)
    assert (foreign, missing) == (set(), set()), asked.q
    assert (len(found), results.total) == (len(expected), len(expected)), asked.q


async def compare_suggestions(
    db: Transaction, backend: SearchBackend, reader: Actor, typed: str, things: Sequence[Thing]
) -> None:
    """Names of places are suggested to who sees them, and only what is called like what was typed."""
    known = [one for one in things if "unlisted" not in one.marks]
    names = {one.texts[0] for one in known if one.kind in {"channel", "group", "forum"}}
    found = await suggest(db, backend, reader, SuggestFor(typed))
    suggested = {one.label.partition(" (")[0] for one in found if one.kind in {"place", "forum"}}
    assert suggested <= names, typed
    beginning = typed.partition(":")[2] or typed
    expected = {name for name in names if beginning in name}
    assert suggested or not expected, typed


async def search_after(world: World, backend: SearchBackend, seed: int) -> None:
    """Live on, and have everybody search."""
    db = world.db
    await live(world, 80)
    await follow_changes(db, backend)
    for person in world.people:
        things = await read_everything(world, person)
        asking = Asking(world, person, Random(seed))  # noqa: S311
        for word in asking.random.sample(WORDS, 2):
            await compare_suggestions(db, backend, person, f"in:{word[:4]}", things)
        for _ in range(EACH):
            await compare(db, backend, person, asking.search(), things)


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

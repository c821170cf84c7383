"""Searches that somebody in a world might try, each with what it must find."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple
from uuid import UUID

from cgraph.accounts import Actor
from support.readers import Thing
from support.worlds import WORDS, World


class Asked(NamedTuple):
    """A search, and what it must find."""

    q: str
    holds: Callable[[Thing], bool]
    named: frozenset[UUID] = frozenset()
    """Forums it names: who names an unlisted one finds what is in it."""
    sieved: bool = False
    """Whether it asks what no index knows, which finds more than holds."""

    def known(self, thing: Thing) -> bool:
        return "unlisted" not in thing.marks or thing.container_id in self.named

    def finds(self, thing: Thing) -> bool:
        return self.holds(thing) and self.known(thing) and "muted" not in thing.marks


ANYTHING = Asked("", lambda _: True)


class Asking:
    """Makes up searches that somebody in a world might try."""

    def __init__(self, world: World, reader: Actor | None, random: Random) -> None:
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
            any(part.sieved for part in parts),
        )

    @property
    def _conditions(self) -> Sequence[Callable[[], Asked]]:
        return (
            self._from,
            self._in,
            self._forum,
            self._type,
            self._is,
            self._has,
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
        if self.reader is not None and person.id == self.reader.id:
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
        ids = {id, *(thread for channel, thread in world.threads if channel == id)}
        if random.random() < 0.2:
            return Asked(f"-in:{id}", lambda one: one.container_id not in ids)
        return Asked(f"in:{id}", lambda one: one.container_id in ids)

    def _forum(self) -> Asked:
        id = self.random.choice(self.world.forums)
        name = self.random.choice((str(id), self.world.slugs[id]))
        return Asked(f"forum:{name}", lambda one: one.container_id == id, frozenset({id}))

    def _type(self) -> Asked:
        kind = self.random.choice(
            ("message", "post", "comment", "file", "channel", "group", "user", "forum")
        )
        if self.random.random() < 0.2:
            return Asked(f"-type:{kind}", lambda one: one.kind != kind)
        return Asked(f"type:{kind}", lambda one: one.kind == kind)

    def _is(self) -> Asked:
        states = ("pinned", "edited", "locked", "reply", "thread", "saved", "mentioned", "unread")
        state = self.random.choice(states)
        if self.random.random() < 0.3:
            own = state in {"saved", "unread"}
            return Asked(f"-is:{state}", lambda one: state not in one.marks, sieved=own)
        return Asked(f"is:{state}", lambda one: state in one.marks)

    def _has(self) -> Asked:
        what = self.random.choice(("file", "image", "mention"))
        if self.random.random() < 0.2:
            return Asked(f"-has:{what}", lambda one: what not in one.marks)
        return Asked(f"has:{what}", lambda one: what in one.marks)

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

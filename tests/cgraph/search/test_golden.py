"""What people find in what was written: a golden set, through the contexts, the index and a search as a person makes it.

`golden.toml` names everything that was written, and for each search exactly what it finds. All of it is indexed once.
"""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from cgraph import accounts, forums, groups
from cgraph.accounts import Actor, UpdateAccount
from cgraph.forums import NewComment
from cgraph.groups import NewChannel, NewGroup
from cgraph.search import (
    OpenSearchIndex,
    PostgresSearch,
    SearchBackend,
    SearchPage,
    SearchResults,
    follow_changes,
    search,
)
from cgraph.search.opensearch_indexes import Shape
from cgraph_kit.db import Transaction, prepare_connection
from cgraph_kit.opensearch import OpenSearch
from support.forums import make_forum, make_post
from support.talk import make_actor, open_between, say

SET: dict[str, Any] = tomllib.loads(Path(__file__).with_name("golden.toml").read_text("utf-8"))
QUERIES: dict[str, str] = SET["queries"]
WIDENED = "~"
"""Before how a search was widened that found nothing as it was typed."""


class Corpus(msgspec.Struct, frozen=True):
    """What was written, and who looks for it."""

    db: Transaction
    reader: Actor
    other: Actor
    names: dict[UUID, str]
    opensearch: OpenSearchIndex
    """Has the same."""

    async def search(self, typed: str, index: SearchBackend) -> SearchResults:
        page = SearchPage(typed.replace(":bob", f":{self.other.username}"), limit=50)
        return await search(self.db, index, self.reader, page)

    async def found(self, typed: str, index: SearchBackend | None = None) -> str:
        """The names of what a search finds, in the order of the set; other tests' things are left out."""
        results = await self.search(typed, index or PostgresSearch(self.db))
        found = {self.names.get(_id_of(hit)) for hit in results.hits}
        widened = [WIDENED + results.widened] if results.widened else []
        return " ".join([*widened, *(name for name in self.names.values() if name in found)])


def _id_of(hit: Any) -> UUID:
    """Of whatever was found."""
    thing = getattr(hit, type(hit).__struct_config__.tag, None)
    return UUID(int=0) if thing is None else thing.id


@pytest.fixture(scope="module")
async def corpus(dsn: str, cluster: OpenSearch) -> AsyncIterator[Corpus]:
    connection = await asyncpg.connect(dsn)
    try:
        await prepare_connection(connection)
        transaction = connection.transaction()
        await transaction.start()
        db = Transaction(connection)
        # Nothing is to be written anew: so stems that nobody has are not asked for.
        await db.value("UPDATE search_rebuilds SET finished_at = now()")
        made = await _write(db, OpenSearchIndex(db, cluster, Shape("golden")))
        await follow_changes(db, _Both(made))
        yield made
        await transaction.rollback()
    finally:
        await connection.close()


class _Both(PostgresSearch):
    """Writes into one, and what it writes into the other."""

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus.db)
        self._other = corpus.opensearch

    async def index(self, *told: Any, version: int) -> None:
        await super().index(*told, version=version)
        await self._other.index(*told, version=version)

    async def refresh(self) -> None:
        await self._other.refresh()


async def _write(db: Transaction, opensearch: OpenSearchIndex) -> Corpus:
    ann, bob, eve = [await make_actor(db, "writer") for _ in range(3)]
    names: dict[UUID, str] = {}
    room = await open_between(db, ann, bob, eve)
    for name, text in SET["message"].items():
        names[(await say(db, bob if name.startswith("bob") else eve, room, text)).id] = name
    await _write_in_forum(db, eve, names)
    await _write_in_group(db, ann, names)
    for name, shown in SET["person"].items():
        person = await make_actor(db, "person")
        await accounts.update_account(db, person, UpdateAccount(display_name=shown))
        names[person.id] = name
    return Corpus(db, ann, bob, names, opensearch)


async def _write_in_forum(db: Transaction, writer: Actor, names: dict[UUID, str]) -> None:
    forum = await make_forum(db, writer, title="Kept by hand")
    posts = []
    for name, fields in SET["post"].items():
        post = await make_post(db, writer, forum.id, **fields)
        names[post.id] = name
        posts.append(post)
    for name, text in SET["comment"].items():
        comment = await forums.create_comment(db, writer, posts[0].id, NewComment(text))
        names[comment.id] = name


async def _write_in_group(db: Transaction, owner: Actor, names: dict[UUID, str]) -> None:
    group = await groups.create_group(db, owner, NewGroup(name="Keepers"))
    for name, shown in SET["channel"].items():
        channel = await groups.create_channel(db, owner, group.id, NewChannel(name=shown))
        names[channel.id] = name


def _names_in(expected: str) -> list[str]:
    return [name for name in expected.split() if not name.startswith(WIDENED)]


def _ordered(corpus: Corpus, expected: str) -> str:
    """As `found` says it."""
    order = list(corpus.names.values())
    how = [one for one in expected.split() if one.startswith(WIDENED)]
    return " ".join([*how, *sorted(_names_in(expected), key=order.index)])


class TestGoldenSet:
    @pytest.mark.parametrize("typed", QUERIES)
    async def test_finds_exactly_this(self, corpus: Corpus, typed: str) -> None:
        assert set(_names_in(QUERIES[typed])) <= set(corpus.names.values())
        assert await corpus.found(typed) == _ordered(corpus, QUERIES[typed])

    async def test_opensearch_finds_the_same(self, corpus: Corpus) -> None:
        found = {typed: await corpus.found(typed, corpus.opensearch) for typed in QUERIES}
        assert found == {typed: _ordered(corpus, named) for typed, named in QUERIES.items()}

    def test_is_large_and_mixed(self) -> None:
        things = [SET[kind] for kind in ("message", "post", "comment", "person", "channel")]
        assert sum(map(len, things)) >= 120
        assert len(QUERIES) >= 170

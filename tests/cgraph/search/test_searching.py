"""What a person finds, and how it is shown to them."""

from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.search.hits import CommentHit, MessageHit, PostHit, SearchHit
from cgraph.search.indexing import follow_changes
from cgraph.search.postgres import PostgresSearch
from cgraph.search.searching import SearchPage, SearchResults, search
from cgraph_kit.db import Transaction
from support.talk import open_between, say


class Finder:
    """Searches in what has been said so far."""

    def __init__(self, db: Transaction) -> None:
        self.db = db
        self.backend = PostgresSearch(db)

    async def __call__(self, actor: Actor | None, q: str, **options: object) -> SearchResults:
        await follow_changes(self.db, self.backend)
        return await search(self.db, self.backend, actor, SearchPage(q, **options))

    async def ids(self, actor: Actor | None, q: str, **options: object) -> list[UUID]:
        return [id_of(hit) for hit in (await self(actor, q, **options)).hits]


def id_of(hit: SearchHit) -> UUID:
    match hit:
        case MessageHit(message=message):
            return message.id
        case PostHit(post=post):
            return post.id
        case CommentHit(comment=comment):
            return comment.id
    raise TypeError(hit)


@pytest.fixture
def find(db: Transaction) -> Finder:
    return Finder(db)


class TestSearch:
    async def test_finds_what_was_said_in_a_conversation(
        self, db: Transaction, find: Finder, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        sent = await say(db, ann, id, "the quick brown fox")
        found = await find(bob, "fox")
        assert [id_of(hit) for hit in found.hits] == [sent.id]
        assert (found.total, found.total_is_capped, found.after) == (1, False, None)
        assert (await find(eve, "fox")).hits == []

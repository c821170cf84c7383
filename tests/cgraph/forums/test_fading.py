"""Ranks that fade."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from cgraph.accounts import Actor
from cgraph.forums import fading, ranking, votes
from cgraph.forums.vote import SetVote
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support import plaza
from support.talk import make_actor


class Ranks(msgspec.Struct, frozen=True):
    rising: float
    scaled: float


@pytest.fixture
async def forum_id(db: Transaction, ann: Actor) -> UUID:
    return await plaza.found(db, ann)


async def ranks(db: Transaction, post_id: UUID) -> Ranks:
    return await db.one(Ranks, "SELECT rising, scaled FROM posts WHERE id = $1", post_id)


async def vote(db: Transaction, post_id: UUID, n: int, value: int = 1) -> None:
    for _ in range(n):
        await votes.vote_for_post(db, await make_actor(db, "voter"), post_id, SetVote(value))


class TestRankRecent:
    async def test_raises_what_is_voted_for(
        self, db: Transaction, bob: Actor, forum_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now)
        post_id = await plaza.post(db, bob, forum_id, now - timedelta(hours=1))
        await vote(db, post_id, 4)
        await fading.rank_recent(db)
        found = await ranks(db, post_id)
        assert found.rising == pytest.approx(ranking.rising(4, 1))
        assert found.scaled == pytest.approx(ranking.scaled(5, 1, 1))

    async def test_lets_it_fall_again(
        self, db: Transaction, bob: Actor, forum_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = clock.now()
        post_id = await plaza.post(db, bob, forum_id)
        await vote(db, post_id, 4)
        await fading.rank_recent(db)
        before = await ranks(db, post_id)
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=3))
        await fading.rank_recent(db)
        after = await ranks(db, post_id)
        assert before.rising > after.rising == 0
        assert before.scaled > after.scaled > 0
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=8))
        await fading.rank_recent(db)
        assert await ranks(db, post_id) == Ranks(0, 0)

    async def test_small_forums_are_seen(
        self, db: Transaction, ann: Actor, bob: Actor, forum_id: UUID
    ) -> None:
        busy = await plaza.found(db, ann)
        await plaza.fill(db, ann, busy, 100)
        at = clock.now() - timedelta(hours=1)
        here = await plaza.post(db, bob, forum_id, at)
        there = await plaza.post(db, bob, busy, at)
        await fading.rank_recent(db)
        assert (await ranks(db, here)).scaled > (await ranks(db, there)).scaled

    async def test_leaves_what_hardly_moves(
        self, db: Transaction, bob: Actor, forum_id: UUID
    ) -> None:
        post_id = await plaza.post(db, bob, forum_id, clock.now() - timedelta(days=1))
        await fading.rank_recent(db)
        before = await db.value("SELECT ctid::text FROM posts WHERE id = $1", post_id)
        await fading.rank_recent(db)
        assert await db.value("SELECT ctid::text FROM posts WHERE id = $1", post_id) == before

    async def test_ones_own_vote_does_not_raise(
        self, db: Transaction, bob: Actor, forum_id: UUID
    ) -> None:
        post_id = await plaza.post(db, bob, forum_id)
        await fading.rank_recent(db)
        assert (await ranks(db, post_id)).rising == 0

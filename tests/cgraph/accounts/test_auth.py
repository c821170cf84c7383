from typing import Any

import pytest

from cgraph import accounts
from cgraph.accounts import (
    Auth,
    InvalidToken,
    Refresh,
    SessionEnded,
    SignedIn,
    TokenExpired,
)
from cgraph.settings import Settings
from cgraph_kit.db import Transaction
from cgraph_kit.limiter import Limit, MemoryLimiter

from .conftest import actor_of


class Counting:
    """A database that counts how often it is asked."""

    def __init__(self, db: Transaction) -> None:
        self.db = db
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self.db, name)


@pytest.fixture
def counting(db: Transaction) -> Counting:
    return Counting(db)


@pytest.fixture
async def ann(db: Transaction, register) -> SignedIn:
    signed_in: SignedIn = await register(db, "ann", display_name="Ann")
    return signed_in


class TestAuthenticate:
    async def test_says_who_acts(self, db: Transaction, auth, ann) -> None:
        assert await auth.authenticate(db, ann.tokens.access_token) == actor_of(ann)

    async def test_asks_the_database_once_a_minute(self, counting, auth, ann, held) -> None:
        for _ in range(3):
            await auth.authenticate(counting, ann.tokens.access_token)
        assert counting.asked == 1
        held.advance(seconds=60)
        await auth.authenticate(counting, ann.tokens.access_token)
        assert counting.asked == 2

    async def test_a_revocation_nobody_told_of_counts_within_a_minute(
        self, db: Transaction, auth, ann, held
    ) -> None:
        await auth.authenticate(db, ann.tokens.access_token)
        await accounts.log_out(db, actor_of(ann))
        held.advance(seconds=59)
        await auth.authenticate(db, ann.tokens.access_token)
        held.advance(seconds=1)
        with pytest.raises(SessionEnded):
            await auth.authenticate(db, ann.tokens.access_token)

    async def test_one_that_is_refused_costs_the_database_little(
        self, counting, auth, ann, held
    ) -> None:
        await accounts.log_out(counting, actor_of(ann))
        before = counting.asked
        for _ in range(5):
            with pytest.raises(SessionEnded):
                await auth.authenticate(counting, ann.tokens.access_token)
        assert counting.asked == before + 1
        held.advance(seconds=10)
        with pytest.raises(SessionEnded):
            await auth.authenticate(counting, ann.tokens.access_token)
        assert counting.asked == before + 2

    async def test_time_counts_to_the_second_even_where_it_is_known(
        self, db: Transaction, auth, ann, held
    ) -> None:
        held.advance(seconds=880)
        await auth.authenticate(db, ann.tokens.access_token)
        held.advance(seconds=20)
        with pytest.raises(TokenExpired):
            await auth.authenticate(db, ann.tokens.access_token)

    async def test_a_revocation_during_the_question_is_not_forgotten(
        self, db: Transaction, auth, ann
    ) -> None:
        class RevokedMeanwhile(Counting):
            async def first(self, *args: Any) -> Any:
                found = await self.db.first(*args)
                auth.verified.drop(ann.user.id, [ann.session.id])
                return found

        await auth.authenticate(RevokedMeanwhile(db), ann.tokens.access_token)
        assert len(auth.verified) == 0

    async def test_shows_when_a_session_was_last_used_to_ten_minutes(
        self, db: Transaction, auth, ann, held
    ) -> None:
        began = held.time
        for minutes, seen in ((5, 0), (5, 0), (1, 11), (9, 11)):
            held.advance(minutes=minutes)
            fresh = auth.access.issue(
                ann.user.id, ann.session.id, await pair_of(db, ann), held.time
            )
            await auth.authenticate(db, fresh)
            (session,) = (await accounts.list_sessions(db, actor_of(ann))).items
            assert (session.last_seen_at - began).total_seconds() == seen * 60

    async def test_a_session_past_its_end_is_over(
        self, db: Transaction, make_auth, ann, held
    ) -> None:
        auth = make_auth(access_token_seconds=10_000_000)
        token = auth.access.issue(ann.user.id, ann.session.id, await pair_of(db, ann), held.time)
        held.advance(days=30)
        with pytest.raises(SessionEnded):
            await auth.authenticate(db, token)

    async def test_a_person_and_a_session_must_belong_together(
        self, db: Transaction, auth, ann, register, held
    ) -> None:
        bob = await register(db, "bob")
        mixed = auth.access.issue(bob.user.id, ann.session.id, await pair_of(db, ann), held.time)
        with pytest.raises(InvalidToken):
            await auth.authenticate(db, mixed)

    async def test_both_of_two_that_use_a_new_pair_first_are_let_in(
        self, db: Transaction, make_auth, ann
    ) -> None:
        """The second finds the pair in use when it wanted to put it in use."""
        first, second = make_auth(), make_auth()
        fresh = await accounts.refresh_session(db, first, Refresh(ann.tokens.refresh_token))

        class Overtaken(Counting):
            async def value(self, *args: Any) -> Any:
                await first.authenticate(db, fresh.tokens.access_token)
                return await self.db.value(*args)

        actor = await second.authenticate(Overtaken(db), fresh.tokens.access_token)
        assert actor.session_id == ann.session.id

    async def test_of_two_rivals_used_at_once_one_is_let_in(
        self, db: Transaction, make_auth, ann
    ) -> None:
        first, second = make_auth(), make_auth()
        one, other = [
            await accounts.refresh_session(db, first, Refresh(ann.tokens.refresh_token))
            for _ in range(2)
        ]

        class Overtaken(Counting):
            async def value(self, *args: Any) -> Any:
                await first.authenticate(db, one.tokens.access_token)
                return await self.db.value(*args)

        with pytest.raises(InvalidToken):
            await second.authenticate(Overtaken(db), other.tokens.access_token)


class TestFromSettings:
    async def test_takes_everything_from_the_operator(self, db: Transaction, ann, held) -> None:
        settings = Settings(
            env="test",
            phx_host="cgraph.test",
            jwt_key_id="2",
            jwt_old_secrets={"1": "0123456789abcdef0123456789abcdef"},
            access_token_seconds=60,
            rate_limit_login="7/min",
            argon2_memory_kib=8,
            argon2_time_cost=1,
            registration="closed",
        )
        auth = Auth.from_settings(settings, jwt_secret="f" * 32, limiter=MemoryLimiter())
        assert await auth.authenticate(db, ann.tokens.access_token) == actor_of(ann)
        assert auth.limits.login == Limit("login", 7, 60)
        assert auth.limits.registration == "closed"
        fresh = await accounts.refresh_session(db, auth, Refresh(ann.tokens.refresh_token))
        assert fresh.tokens.expires_in == 60
        assert (await auth.hasher.hash("x")).startswith("$argon2id$v=19$m=8,t=1,")
        auth.close()


async def pair_of(db: Transaction, signed_in: SignedIn) -> Any:
    return await db.value("SELECT pair_id FROM sessions WHERE id = $1", signed_in.session.id)

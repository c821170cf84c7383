"""MSC2918, exactly: what every order of refreshes and first uses leads to."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgraph import accounts
from cgraph.accounts import (
    Auth,
    InvalidToken,
    Keys,
    Refresh,
    SessionEnded,
    SessionRevoked,
    SignedIn,
    TokenExpired,
    TokenReused,
)
from cgraph.accounts.pair import MOST_WAITING
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Error

from .conftest import HOME, actor_of


async def refresh(db: Transaction, auth: Auth, signed_in: SignedIn) -> SignedIn:
    return await accounts.refresh_session(db, auth, Refresh(signed_in.tokens.refresh_token))


async def use(db: Transaction, auth: Auth, signed_in: SignedIn) -> None:
    await auth.authenticate(db, signed_in.tokens.access_token)


@pytest.fixture
async def ann(db: Transaction, register) -> SignedIn:
    signed_in: SignedIn = await register(db, "ann")
    db.events.clear()
    return signed_in


class TestRefresh:
    async def test_gives_a_new_pair(self, db: Transaction, auth, ann) -> None:
        fresh = await refresh(db, auth, ann)
        assert fresh.user == ann.user
        assert fresh.session.id == ann.session.id
        assert fresh.tokens.access_token != ann.tokens.access_token
        assert fresh.tokens.refresh_token != ann.tokens.refresh_token
        await use(db, auth, fresh)

    async def test_a_lost_answer_can_be_asked_for_again(self, db: Transaction, auth, ann) -> None:
        lost = await refresh(db, auth, ann)
        got = await refresh(db, auth, ann)
        await use(db, auth, got)
        with pytest.raises(InvalidToken):
            await use(db, auth, lost)

    async def test_the_old_token_is_good_until_the_new_access_token_is_used(
        self, db: Transaction, auth, ann
    ) -> None:
        fresh = await refresh(db, auth, ann)
        await use(db, auth, fresh)
        with pytest.raises(TokenReused):
            await refresh(db, auth, ann)

    async def test_the_old_token_is_good_until_the_new_refresh_token_is_used(
        self, db: Transaction, auth, ann
    ) -> None:
        fresh = await refresh(db, auth, ann)
        await refresh(db, auth, fresh)
        with pytest.raises(TokenReused):
            await refresh(db, auth, ann)

    async def test_the_old_access_token_lives_out_its_time(
        self, db: Transaction, auth, ann, held
    ) -> None:
        """Requests in flight while a client refreshes carry it."""
        fresh = await refresh(db, auth, ann)
        await use(db, auth, fresh)
        held.advance(seconds=899)
        await use(db, auth, ann)
        held.advance(seconds=1)
        with pytest.raises(TokenExpired):
            await use(db, auth, ann)

    async def test_a_late_repeat_that_arrives_before_first_use_harms_nobody(
        self, db: Transaction, auth, ann
    ) -> None:
        got = await refresh(db, auth, ann)
        unseen = await refresh(db, auth, ann)
        await use(db, auth, got)
        await use(db, auth, got)
        with pytest.raises(InvalidToken):
            await use(db, auth, unseen)

    async def test_reuse_ends_the_whole_session(self, db: Transaction, auth, ann) -> None:
        fresh = await refresh(db, auth, ann)
        await use(db, auth, fresh)
        with pytest.raises(TokenReused):
            await refresh(db, auth, ann)
        (event,) = db.events
        assert isinstance(event, SessionRevoked)
        assert event.payload.session_ids == [ann.session.id]
        assert event.payload.reason == "token_reused"
        auth.verified.drop(event.user_id, event.payload.session_ids)
        with pytest.raises(SessionEnded):
            await use(db, auth, fresh)
        with pytest.raises(SessionEnded):
            await refresh(db, auth, fresh)

    async def test_reuse_is_noticed_however_late(self, db: Transaction, auth, ann, held) -> None:
        latest = ann
        for _ in range(20):
            held.advance(days=9)
            latest = await refresh(db, auth, latest)
        with pytest.raises(TokenReused):
            await refresh(db, auth, ann)
        with pytest.raises(SessionEnded):
            await refresh(db, auth, latest)

    async def test_other_sessions_go_on(self, db: Transaction, auth, ann, register) -> None:
        other = await accounts.log_in(
            db, auth, accounts.Login(login="ann", password="correct horse battery"), HOME
        )
        await refresh(db, auth, await refresh(db, auth, ann))
        with pytest.raises(TokenReused):
            await refresh(db, auth, ann)
        await use(db, auth, other)

    async def test_keeps_a_session_alive(self, db: Transaction, auth, ann, held) -> None:
        held.advance(days=29)
        fresh = await refresh(db, auth, ann)
        assert fresh.session.expires_at == held.time + timedelta(days=30)
        held.advance(days=29)
        await refresh(db, auth, fresh)

    async def test_a_session_nobody_used_is_over(self, db: Transaction, auth, ann, held) -> None:
        held.advance(days=30)
        with pytest.raises(SessionEnded):
            await refresh(db, auth, ann)

    async def test_a_session_that_was_ended_is_over(self, db: Transaction, auth, ann) -> None:
        await accounts.log_out(db, actor_of(ann))
        with pytest.raises(SessionEnded):
            await refresh(db, auth, ann)

    async def test_keeps_few_rows_however_long_it_goes_on(
        self, db: Transaction, auth, ann, held
    ) -> None:
        latest = ann
        for _ in range(30):
            held.advance(minutes=14)
            for _ in range(MOST_WAITING + 2):
                fresh = await refresh(db, auth, latest)
            await use(db, auth, fresh)
            latest = fresh
        kept = await db.value(
            "SELECT count(*) FROM token_pairs WHERE session_id = $1", ann.session.id
        )
        assert kept <= 3

    async def test_keys_can_be_rotated(self, db: Transaction, auth, ann, make_auth, held) -> None:
        secrets = {"1": "0123456789abcdef0123456789abcdef", "2": "fedcba9876543210fedcba9876543210"}
        renewed = make_auth(Keys("2", secrets))
        held.advance(hours=1)
        fresh = await refresh(db, renewed, ann)
        await refresh(db, renewed, fresh)
        with pytest.raises(TokenReused):
            await refresh(db, renewed, ann)

    async def test_a_forgotten_key_costs_no_session(
        self, db: Transaction, auth, ann, make_auth, held
    ) -> None:
        """The token itself is what counts; the key only tells spent tokens from invented ones."""
        renewed = make_auth(Keys("2", {"2": "fedcba9876543210fedcba9876543210"}))
        held.advance(hours=1)
        fresh = await refresh(db, renewed, ann)
        await refresh(db, renewed, fresh)
        with pytest.raises(InvalidToken):
            await refresh(db, renewed, ann)

    @pytest.mark.parametrize("at", [0, 20, 40, 60, 85])
    async def test_nobody_ends_a_session_by_guessing(
        self, db: Transaction, auth, ann, at: int
    ) -> None:
        token = ann.tokens.refresh_token
        other = "A" if token[at] != "A" else "Q"
        with pytest.raises(InvalidToken):
            await accounts.refresh_session(db, auth, Refresh(token[:at] + other + token[at + 1 :]))
        await refresh(db, auth, ann)

    @pytest.mark.parametrize("token", ["", "x", "A" * 86, "A" * 87, "é" * 86, "\x00", "=" * 86])
    async def test_what_is_no_token_is_refused(self, db: Transaction, auth, token: str) -> None:
        with pytest.raises(InvalidToken):
            await accounts.refresh_session(db, auth, Refresh(token))

    async def test_nothing_kept_can_be_used(self, db: Transaction, auth, ann) -> None:
        """Who reads the database gets no token out of it."""
        raw = urlsafe_b64decode(ann.tokens.refresh_token + "==")
        kept = await db.value(
            "SELECT refresh_hash FROM token_pairs WHERE session_id = $1", ann.session.id
        )
        assert kept not in raw
        forged = urlsafe_b64encode(raw[:16] + kept + raw[48:]).rstrip(b"=").decode()
        with pytest.raises(InvalidToken):
            await accounts.refresh_session(db, auth, Refresh(forged))


@dataclass
class Model:
    """The rules in words: `waiting` pairs have not been used; the first use of one kills its rivals and spends the
    pair it was issued for; a spent or dead refresh token ends the session."""

    in_use: int = 0
    waiting: list[int] = field(default_factory=list)
    dead: set[int] = field(default_factory=set)
    pairs: int = 1
    over: bool = False

    def refresh(self, pair: int) -> str:
        if self.over:
            return "session_revoked"
        if pair != self.in_use and pair not in self.waiting:
            self.over = True
            return "token_reused"
        self._first_use(pair)
        if len(self.waiting) == MOST_WAITING:
            self.dead.add(self.waiting.pop(0))
        self.waiting.append(self.pairs)
        self.pairs += 1
        return "ok"

    def use(self, pair: int) -> str:
        if self.over:
            return "session_revoked"
        if pair in self.dead:
            return "invalid_token"
        self._first_use(pair)
        return "ok"

    def _first_use(self, pair: int) -> None:
        if pair in self.waiting:
            self.dead |= {rival for rival in self.waiting if rival != pair}
            self.waiting = []
            self.in_use = pair


STEPS = st.lists(
    st.tuples(st.sampled_from(["refresh", "use"]), st.integers(0, 7), st.booleans()), max_size=25
)


class TestEveryOrder:
    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=STEPS)
    async def test_is_as_the_rules_say(
        self, db: Transaction, auth, make_auth, steps: list[tuple[str, int, bool]]
    ) -> None:
        """Newest pairs are tried most; some requests reach a node that has verified nothing yet."""
        model, pairs = Model(), [await self.sign_in(db, auth)]
        for action, back, elsewhere in steps:
            which = max(0, len(pairs) - 1 - back)
            node = make_auth() if elsewhere else auth
            answer = await self.answer(action, db, node, pairs[which])
            expected = getattr(model, action)(which)
            if isinstance(answer, SignedIn):
                pairs.append(answer)
            for event in db.events:
                auth.verified.drop(event.user_id, event.payload.session_ids)
            db.events.clear()
            assert (answer if isinstance(answer, str) else "ok") == expected

    async def sign_in(self, db: Transaction, auth: Auth) -> SignedIn:
        user = await accounts.get_people_by_usernames(db, ["model"])
        if not user:
            new = accounts.NewUser("model@example.org", "model", "correct horse battery")
            await accounts.register(db, auth, new, HOME)
        login = accounts.Login(login="model", password="correct horse battery")
        signed_in = await accounts.log_in(db, auth, login, HOME)
        db.events.clear()
        return signed_in

    async def answer(
        self, action: str, db: Transaction, auth: Auth, pair: SignedIn
    ) -> SignedIn | str:
        act: Any = refresh if action == "refresh" else use
        try:
            return await act(db, auth, pair) or "ok"
        except Error as error:
            return error.code

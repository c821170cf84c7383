import asyncio

import pytest

from cgraph import accounts
from cgraph.accounts import (
    ChangePassword,
    InvalidCredentials,
    InvalidResetToken,
    Limits,
    Login,
    Origin,
    RequestReset,
    ResetPassword,
    SessionEnded,
    SessionRevoked,
    TooManyAttempts,
    WrongPassword,
    mail_password_changed,
    mail_password_reset,
)
from cgraph.accounts.resets import make_reset_token
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.jobs.testing import assert_enqueued, refute_enqueued

from .conftest import HOME, PASSWORD, actor_of

NEW = "staple paper clip 7"


async def log_in(db: Transaction, auth, password: str):
    login = Login(login="ann", password=password)
    return await accounts.log_in(db, auth, login, Origin("203.0.113.5"))


class TestChangePassword:
    async def test_the_new_one_counts_from_now_on(self, db: Transaction, auth, register) -> None:
        ann = await register(db, "ann")
        await accounts.change_password(db, auth, actor_of(ann), ChangePassword(PASSWORD, NEW), HOME)
        assert await log_in(db, auth, NEW)
        with pytest.raises(InvalidCredentials):
            await log_in(db, auth, PASSWORD)

    async def test_ends_every_other_session(
        self, db: Transaction, auth, make_auth, register
    ) -> None:
        ann = await register(db, "ann")
        other = await log_in(db, auth, PASSWORD)
        db.events.clear()
        await accounts.change_password(db, auth, actor_of(ann), ChangePassword(PASSWORD, NEW), HOME)
        assert await make_auth().authenticate(db, ann.tokens.access_token)
        with pytest.raises(SessionEnded):
            await make_auth().authenticate(db, other.tokens.access_token)
        (revoked,) = (event for event in db.events if isinstance(event, SessionRevoked))
        assert revoked.payload.session_ids == [other.session.id]
        assert revoked.payload.reason == "password_changed"

    async def test_has_the_owner_told(self, db: Transaction, auth, register) -> None:
        ann = await register(db, "ann")
        await accounts.change_password(db, auth, actor_of(ann), ChangePassword(PASSWORD, NEW), HOME)
        await assert_enqueued(db, mail_password_changed, user_id=ann.user.id, how="changed")

    async def test_a_reset_asked_for_before_is_void(self, db: Transaction, auth, register) -> None:
        ann = await register(db, "ann")
        token = await reset_token(db)
        await accounts.change_password(db, auth, actor_of(ann), ChangePassword(PASSWORD, NEW), HOME)
        with pytest.raises(InvalidResetToken):
            await accounts.reset_password(db, auth, ResetPassword(token, "another password"))

    async def test_again_changes_nothing(self, db: Transaction, auth, register) -> None:
        ann = await register(db, "ann")
        change = ChangePassword(PASSWORD, NEW)
        await accounts.change_password(db, auth, actor_of(ann), change, HOME)
        other = await log_in(db, auth, NEW)
        db.events.clear()
        await accounts.change_password(db, auth, actor_of(ann), change, HOME)
        assert db.events == []
        assert await auth.authenticate(db, other.tokens.access_token)

    async def test_needs_the_current_one(self, db: Transaction, auth, register) -> None:
        ann = await register(db, "ann")
        with pytest.raises(WrongPassword) as refused:
            await accounts.change_password(
                db, auth, actor_of(ann), ChangePassword("wrong", NEW), HOME
            )
        assert list(refused.value.fields) == ["current_password"]
        assert await log_in(db, auth, PASSWORD)

    async def test_a_stolen_token_is_no_way_to_guess_at_leisure(
        self, db: Transaction, auth, register
    ) -> None:
        ann = await register(db, "ann")
        for n in range(5):
            with pytest.raises(WrongPassword):
                await accounts.change_password(
                    db, auth, actor_of(ann), ChangePassword("wrong", NEW), Origin(f"192.0.2.{n}")
                )
        with pytest.raises(TooManyAttempts):
            await accounts.change_password(
                db, auth, actor_of(ann), ChangePassword(PASSWORD, NEW), Origin("192.0.2.9")
            )

    @pytest.mark.parametrize("bad", ["short", "password1", "ann@example.org", "x" * 1025])
    async def test_the_new_one_must_be_good(
        self, db: Transaction, auth, register, bad: str
    ) -> None:
        ann = await register(db, "ann")
        with pytest.raises(Invalid) as refused:
            await accounts.change_password(
                db, auth, actor_of(ann), ChangePassword(PASSWORD, bad), HOME
            )
        assert list(refused.value.fields) == ["new_password"]


async def reset_token(db: Transaction, email: str = "ann@example.org") -> str:
    made = await make_reset_token(db, email, limits=Limits())
    assert made is not None
    return made[0]


class TestRequestPasswordReset:
    @pytest.mark.parametrize("email", ["ann@example.org", "ANN@example.org", "no@example.org"])
    async def test_looks_nobody_up(self, db: Transaction, auth, register, email: str) -> None:
        """What it does is the same for everybody, so neither answer nor timing tells who is here."""
        await register(db, "ann")
        asked: list[str] = []
        with db._connection.query_logger(lambda one: asked.append(one.query.strip())):
            await accounts.request_password_reset(db, auth, RequestReset(f" {email} "), HOME)
            await asyncio.sleep(0)  # until the last one is told
        assert any(statement.startswith("INSERT INTO jobs") for statement in asked)
        assert not any("users" in statement for statement in asked)

    async def test_keeps_the_address_from_who_reads_the_table(self, db: Transaction, auth) -> None:
        await accounts.request_password_reset(db, auth, RequestReset("Ann@example.org"), HOME)
        waiting = await assert_enqueued(db, mail_password_reset)
        assert "ann" not in str(waiting).lower()
        assert auth.keys.open(waiting.args["address"]) == "ann@example.org"

    async def test_refuses_what_is_no_address(self, db: Transaction, auth) -> None:
        with pytest.raises(Invalid):
            await accounts.request_password_reset(db, auth, RequestReset("ann"), HOME)
        await refute_enqueued(db, mail_password_reset)

    async def test_is_limited_per_account(self, db: Transaction, auth, held) -> None:
        request = RequestReset("ann@example.org")
        for n in range(5):
            await accounts.request_password_reset(db, auth, request, Origin(f"192.0.2.{n}"))
        with pytest.raises(TooManyAttempts) as refused:
            await accounts.request_password_reset(db, auth, request, Origin("192.0.2.9"))
        held.advance(seconds=refused.value.retry_after)
        await accounts.request_password_reset(db, auth, request, Origin("192.0.2.9"))

    async def test_is_limited_per_address(self, db: Transaction, auth) -> None:
        for n in range(20):
            await accounts.request_password_reset(db, auth, RequestReset(f"x{n}@example.org"), HOME)
        with pytest.raises(TooManyAttempts):
            await accounts.request_password_reset(db, auth, RequestReset("y@example.org"), HOME)

    def test_shows_no_address(self) -> None:
        assert "ann" not in repr(RequestReset("ann@example.org"))


class TestMakeResetToken:
    async def test_goes_to_the_address_of_the_account(self, db: Transaction, register) -> None:
        await register(db, "ann", email="Ann@Example.org")
        made = await make_reset_token(db, "ann@example.org", limits=Limits())
        assert made is not None
        assert made[1].email == "Ann@Example.org"

    async def test_nobody_gets_none(self, db: Transaction) -> None:
        assert await make_reset_token(db, "no@example.org", limits=Limits()) is None

    async def test_is_kept_only_hashed(self, db: Transaction, register) -> None:
        await register(db, "ann")
        token = await reset_token(db)
        kept = await db.value("SELECT token_hash FROM password_resets")
        assert token.encode() not in kept
        assert kept.hex() not in token


class TestResetPassword:
    async def test_sets_a_new_one_and_ends_every_session(
        self, db: Transaction, auth, make_auth, register
    ) -> None:
        ann = await register(db, "ann")
        token = await reset_token(db)
        db.events.clear()
        await accounts.reset_password(db, auth, ResetPassword(token, NEW))
        with pytest.raises(SessionEnded):
            await make_auth().authenticate(db, ann.tokens.access_token)
        assert await log_in(db, auth, NEW)
        (revoked,) = (event for event in db.events if isinstance(event, SessionRevoked))
        assert revoked.payload.session_ids == [ann.session.id]
        assert revoked.payload.reason == "password_reset"
        await assert_enqueued(db, mail_password_changed, user_id=ann.user.id, how="reset")

    async def test_a_token_works_once(self, db: Transaction, auth, register) -> None:
        await register(db, "ann")
        token, other = await reset_token(db), await reset_token(db)
        await accounts.reset_password(db, auth, ResetPassword(token, NEW))
        for used in (token, other):
            with pytest.raises(InvalidResetToken):
                await accounts.reset_password(db, auth, ResetPassword(used, "another password"))
        assert await log_in(db, auth, NEW)

    async def test_a_token_works_for_an_hour(self, db: Transaction, auth, register, held) -> None:
        await register(db, "ann")
        token = await reset_token(db)
        held.advance(minutes=60)
        with pytest.raises(InvalidResetToken):
            await accounts.reset_password(db, auth, ResetPassword(token, NEW))

    @pytest.mark.parametrize("token", ["", "x", "A" * 43, "é", "A" * 128])
    async def test_an_invented_token_is_refused_before_any_hashing(
        self, db: Transaction, auth, token: str
    ) -> None:
        before = auth.hasher.hashed
        with pytest.raises(InvalidResetToken) as refused:
            await accounts.reset_password(db, auth, ResetPassword(token, NEW))
        assert list(refused.value.fields) == ["token"]
        assert auth.hasher.hashed == before

    async def test_a_bad_password_does_not_cost_the_token(
        self, db: Transaction, auth, register
    ) -> None:
        await register(db, "ann")
        token = await reset_token(db)
        with pytest.raises(Invalid) as refused:
            await accounts.reset_password(db, auth, ResetPassword(token, "short"))
        assert list(refused.value.fields) == ["password"]
        await accounts.reset_password(db, auth, ResetPassword(token, NEW))

    async def test_lets_the_owner_in_whatever_others_guessed(
        self, db: Transaction, auth, register
    ) -> None:
        await register(db, "ann")
        for n in range(5):
            with pytest.raises(InvalidCredentials):
                await accounts.log_in(
                    db, auth, Login(login="ann", password="no"), Origin(f"192.0.2.{n}")
                )
        with pytest.raises(TooManyAttempts):
            await log_in(db, auth, PASSWORD)
        await accounts.reset_password(db, auth, ResetPassword(await reset_token(db), NEW))
        assert await log_in(db, auth, NEW)

    async def test_gives_an_imported_account_its_first_password(
        self, db: Transaction, auth, register
    ) -> None:
        ann = await register(db, "ann")
        await db.value("UPDATE users SET password_hash = NULL WHERE id = $1", ann.user.id)
        await accounts.reset_password(db, auth, ResetPassword(await reset_token(db), NEW))
        assert await log_in(db, auth, NEW)

    def test_shows_no_secret(self) -> None:
        shown = repr(ResetPassword("token", NEW)) + repr(ChangePassword(PASSWORD, NEW))
        assert not any(secret in shown for secret in ("token", NEW, PASSWORD))

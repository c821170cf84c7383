import asyncio

import pytest

from cgraph import accounts
from cgraph.accounts import (
    AccountDeactivated,
    Deactivate,
    Hasher,
    InvalidCredentials,
    Login,
    Origin,
    ProfileUpdated,
    TooManyAttempts,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Error, Invalid, Unavailable
from cgraph_kit.validation import decode

from .conftest import HOME, PASSWORD, actor_of

AWAY = Origin("198.51.100.9", "Tests/1.0")


def attempt(account: str, password: str = PASSWORD) -> Login:
    return Login(login=account, password=password)


async def refusal(db: Transaction, auth, login: Login, origin: Origin = HOME) -> type[Error]:
    with pytest.raises(Error) as refused:
        await accounts.log_in(db, auth, login, origin)
    return type(refused.value)


class TestLogIn:
    @pytest.mark.parametrize(
        "account", ["ann", "ANN", " ann ", "ann@example.org", "Ann@Example.ORG"]
    )
    async def test_by_name_or_address(self, db: Transaction, auth, register, account: str) -> None:
        ann = await register(db, "ann")
        signed_in = await accounts.log_in(db, auth, attempt(account), HOME)
        assert signed_in.user == ann.user
        assert signed_in.session.id != ann.session.id
        actor = await auth.authenticate(db, signed_in.tokens.access_token)
        assert actor.session_id == signed_in.session.id

    @pytest.mark.parametrize("field", ["login", "email", "username"])
    async def test_by_whatever_field(self, db: Transaction, auth, register, field: str) -> None:
        await register(db, "ann")
        login = Login(password=PASSWORD, **{field: "ann"})
        assert await accounts.log_in(db, auth, login, HOME)

    @pytest.mark.parametrize(
        "login",
        [
            attempt("ann", "wrong password"),
            attempt("ann", ""),
            attempt("ann@example.org", "wrong password"),
            attempt("nobody"),
            attempt("nobody@example.org"),
            attempt(""),
            attempt("@"),
            attempt("an%"),
        ],
    )
    async def test_a_wrong_name_and_a_wrong_password_look_alike(
        self, db: Transaction, auth, register, login: Login
    ) -> None:
        await register(db, "ann")
        before = auth.hasher.verified
        with pytest.raises(InvalidCredentials) as refused:
            await accounts.log_in(db, auth, login, HOME)
        assert str(refused.value) == InvalidCredentials.default
        assert auth.hasher.verified == before + 1, "the same work is done for nobody's account"

    async def test_an_account_without_a_password_cannot(
        self, db: Transaction, auth, register
    ) -> None:
        ann = await register(db, "ann")
        await db.value("UPDATE users SET password_hash = NULL WHERE id = $1", ann.user.id)
        before = auth.hasher.verified
        assert await refusal(db, auth, attempt("ann")) is InvalidCredentials
        assert auth.hasher.verified == before + 1

    async def test_renews_a_hash_made_with_other_parameters(
        self, db: Transaction, auth, register
    ) -> None:
        ann = await register(db, "ann")
        other = Hasher(time_cost=2, memory_kib=16)
        await db.value(
            "UPDATE users SET password_hash = $2 WHERE id = $1",
            ann.user.id,
            await other.hash(PASSWORD),
        )
        other.close()
        await accounts.log_in(db, auth, attempt("ann"), HOME)
        kept = await db.value("SELECT password_hash FROM users WHERE id = $1", ann.user.id)
        assert not auth.hasher.outdated(kept)
        assert await accounts.log_in(db, auth, attempt("ann"), HOME)

    async def test_a_password_changed_meanwhile_is_wrong(
        self, db: Transaction, auth, register
    ) -> None:
        ann = await register(db, "ann")

        class ChangesMeanwhile(Hasher):
            async def verify(self, hash: str | None, password: str) -> bool:
                right = await super().verify(hash, password)
                await db.value(
                    "UPDATE users SET password_hash = $2 WHERE id = $1",
                    ann.user.id,
                    await self.hash("another one"),
                )
                return right

        auth.hasher = ChangesMeanwhile(time_cost=1, memory_kib=8)
        assert await refusal(db, auth, attempt("ann")) is InvalidCredentials
        auth.hasher.close()

    async def test_wakes_an_account_its_owner_put_to_sleep(
        self, db: Transaction, auth, register
    ) -> None:
        ann = await register(db, "ann")
        await accounts.deactivate_account(db, auth, actor_of(ann), Deactivate(PASSWORD), HOME)
        db.events.clear()
        signed_in = await accounts.log_in(db, auth, attempt("ann"), HOME)
        assert signed_in.user.state == "active"
        assert await auth.authenticate(db, signed_in.tokens.access_token)
        assert isinstance(db.events[0], ProfileUpdated)
        assert db.events[0].payload.state == "active"

    async def test_not_one_an_administrator_has(self, db: Transaction, auth, register) -> None:
        ann, admin = await register(db, "ann"), await register(db, "boss")
        await db.value(
            "UPDATE users SET state = 'deactivated', deactivated_at = now(), deactivated_by = $2 "
            "WHERE id = $1",
            ann.user.id,
            admin.user.id,
        )
        assert await refusal(db, auth, attempt("ann", "wrong")) is InvalidCredentials
        assert await refusal(db, auth, attempt("ann")) is AccountDeactivated


class TestAttempts:
    async def test_failures_count_per_account(self, db: Transaction, auth, register, held) -> None:
        await register(db, "ann")
        for n in range(5):
            assert await refusal(db, auth, attempt("ann", "wrong"), Origin(f"192.0.2.{n}")) is (
                InvalidCredentials
            )
        with pytest.raises(TooManyAttempts) as refused:
            await accounts.log_in(db, auth, attempt("ann"), AWAY)
        assert 0 < refused.value.retry_after <= 60
        held.advance(seconds=refused.value.retry_after)
        assert await accounts.log_in(db, auth, attempt("ann"), AWAY)

    async def test_failures_count_per_address(self, db: Transaction, auth, register) -> None:
        await register(db, "ann")
        for n in range(5):
            assert await refusal(db, auth, attempt(f"nobody{n}")) is InvalidCredentials
        assert await refusal(db, auth, attempt("ann")) is TooManyAttempts
        assert await accounts.log_in(db, auth, attempt("ann"), AWAY)

    async def test_an_account_that_does_not_exist_is_limited_alike(
        self, db: Transaction, auth
    ) -> None:
        for n in range(5):
            await refusal(db, auth, attempt("nobody"), Origin(f"192.0.2.{n}"))
        assert await refusal(db, auth, attempt("nobody"), AWAY) is TooManyAttempts

    async def test_name_and_address_of_one_account_do_not_share(
        self, db: Transaction, auth, register
    ) -> None:
        """Or their limits would tell that they belong together."""
        await register(db, "ann")
        for n in range(5):
            await refusal(db, auth, attempt("ann", "wrong"), Origin(f"192.0.2.{n}"))
        assert await accounts.log_in(db, auth, attempt("ann@example.org"), AWAY)

    async def test_successes_do_not_count(self, db: Transaction, auth, register) -> None:
        await register(db, "ann")
        for _ in range(20):
            await accounts.log_in(db, auth, attempt("ann"), HOME)

    async def test_a_limited_guess_is_not_hashed(self, db: Transaction, auth, register) -> None:
        await register(db, "ann")
        for _ in range(5):
            await refusal(db, auth, attempt("ann", "wrong"))
        before = auth.hasher.verified
        assert await refusal(db, auth, attempt("ann")) is TooManyAttempts
        assert auth.hasher.verified == before

    async def test_parallel_guesses_count_before_their_outcome_is_known(
        self, db: Transaction, auth
    ) -> None:
        answers = await asyncio.gather(
            *(refusal_alone(auth, attempt("ann", "wrong")) for _ in range(30))
        )
        assert answers.count(InvalidCredentials) == 5
        assert answers.count(TooManyAttempts) == 25

    async def test_what_could_not_be_checked_does_not_count(
        self, db: Transaction, auth, register
    ) -> None:
        await register(db, "ann")
        auth.hasher = Hasher(time_cost=1, memory_kib=8, waiting=0)
        for _ in range(10):
            assert await refusal(db, auth, attempt("ann", "wrong")) is Unavailable
        auth.hasher.close()


class NoAccounts:
    """A database without anybody, which several tasks may ask at once."""

    async def first(self, *_args: object) -> None:
        return None


async def refusal_alone(auth, login: Login) -> type[Error]:
    try:
        await accounts.log_in(NoAccounts(), auth, login, HOME)  # type: ignore[arg-type]
    except Error as error:
        return type(error)
    raise AssertionError("let in")


class TestLogin:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b'{"password": "x"}', "login"),
            (b'{"login": "a", "email": "b", "password": "x"}', "login"),
            (b'{"login": "a"}', "password"),
            (b'{"login": "a\\u0000", "password": "x"}', "login"),
            (b'{"login": 7, "password": "x"}', "login"),
            (b'{"login": "a", "password": "' + b"x" * 1025 + b'"}', "password"),
        ],
    )
    def test_malformed_input_names_the_field(self, body: bytes, field: str) -> None:
        with pytest.raises(Invalid) as refused:
            decode(body, Login)
        assert list(refused.value.fields) == [field]

    def test_shows_no_secret(self) -> None:
        assert PASSWORD not in repr(attempt("ann"))

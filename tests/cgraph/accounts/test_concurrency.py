"""Real commits, and several who want the same."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cgraph import accounts
from cgraph.accounts import (
    Auth,
    ChangePassword,
    Login,
    NewUser,
    Origin,
    Refresh,
    ResetPassword,
    SignedIn,
    TokenReused,
    UpdateAccount,
)
from cgraph.accounts.resets import make_reset_token
from cgraph_kit.db import Database
from cgraph_kit.errors import Error, Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.limiter import Limit

from .conftest import HOME, PASSWORD, actor_of


@pytest.fixture(scope="module")
async def database(clones) -> AsyncIterator[Database]:
    """A database of its own: other tests expect to be alone with what they make."""
    database = await Database.connect(await clones.make(), pool_size=10)
    yield database
    await database.close()


FAR = {"register": Limit("register", 1000, 3600), "login": Limit("login", 1000, 300)}


@pytest.fixture
def auth(make_auth) -> Auth:
    auth: Auth = make_auth(**FAR)
    return auth


def unique(prefix: str = "x") -> str:
    """A name no other test has; hexadecimal digits do not look alike but for 0 and 1."""
    return prefix + new_id().hex[-16:].translate(str.maketrans("01", "zy"))


def new(username: str, email: str | None = None) -> NewUser:
    return NewUser(email or f"{username}@example.org", username, PASSWORD)


async def outcomes(*attempts: Any) -> list[Any]:
    """Each answer or `Error`; anything else that is raised is a bug."""
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Error):
            raise answer
    return list(answers)


def refusals(answers: list[Any]) -> list[Error]:
    return [answer for answer in answers if isinstance(answer, Error)]


class TestRegister:
    async def test_one_of_many_gets_the_name(self, database: Database, auth) -> None:
        name = unique()
        attempts = [new(name, f"{unique()}@example.org") for _ in range(8)]
        answers = await outcomes(
            *(accounts.register(database, auth, one, HOME) for one in attempts)
        )
        refused = refusals(answers)
        assert len(refused) == 7
        assert all(isinstance(one, Invalid) and "username" in one.fields for one in refused)

    async def test_one_of_its_look_alikes_does(self, database: Database, auth) -> None:
        base = unique()
        names = [base, base.upper(), f"{base[:5]}.{base[5:]}", f"{base[:5]}_{base[5:]}"]
        answers = await outcomes(
            *(
                accounts.register(database, auth, new(name, f"{unique()}@example.org"), HOME)
                for name in names
            )
        )
        assert len(refusals(answers)) == 3

    async def test_one_gets_the_address(self, database: Database, auth) -> None:
        address = f"{unique()}@example.org"
        answers = await outcomes(
            *(
                accounts.register(database, auth, new(unique(), email), HOME)
                for email in (address, address.upper().replace("EXAMPLE.ORG", "example.org")) * 4
            )
        )
        refused = refusals(answers)
        assert len(refused) == 7
        assert all("email" in one.fields for one in refused)

    async def test_a_refused_one_leaves_nothing(self, database: Database, auth) -> None:
        name, email = unique(), f"{unique()}@example.org"
        await accounts.register(database, auth, new(name), HOME)
        await outcomes(accounts.register(database, auth, new(name, email), HOME))
        assert await database.value("SELECT count(*) FROM users WHERE email = $1", email) == 0
        assert await accounts.register(database, auth, new(unique(), email), HOME)


class TestRename:
    async def test_two_who_swap_names_do_not_wait_for_each_other(
        self, database: Database, auth
    ) -> None:
        people = [await accounts.register(database, auth, new(unique()), HOME) for _ in range(2)]
        one, other = people
        for _ in range(5):
            answers = await outcomes(
                rename(database, one, other.user.username),
                rename(database, other, one.user.username),
            )
            assert len(refusals(answers)) == 2

    async def test_a_name_given_up_is_not_snatched(self, database: Database, auth) -> None:
        ann = await accounts.register(database, auth, new(unique()), HOME)
        answers = await outcomes(
            rename(database, ann, unique()),
            *(
                accounts.register(
                    database, auth, new(ann.user.username, f"{unique()}@example.org"), HOME
                )
                for _ in range(4)
            ),
        )
        assert not isinstance(answers[0], Error)
        assert len(refusals(answers)) == 4


async def rename(database: Database, who: SignedIn, name: str) -> Any:
    return await accounts.update_account(database, actor_of(who), UpdateAccount(username=name))


class TestRefresh:
    async def test_parallel_ones_all_get_tokens_and_whichever_is_used_works(
        self, database: Database, auth
    ) -> None:
        for pick in range(3):
            ann = await accounts.register(database, auth, new(unique()), HOME)
            token = Refresh(ann.tokens.refresh_token)
            answers = await outcomes(
                *(accounts.refresh_session(database, auth, token) for _ in range(3))
            )
            assert refusals(answers) == []
            await auth.authenticate(database, answers[pick].tokens.access_token)
            again = Refresh(answers[pick].tokens.refresh_token)
            assert await accounts.refresh_session(database, auth, again)

    async def test_of_rivals_used_at_once_on_many_nodes_one_wins(
        self, database: Database, auth, make_auth
    ) -> None:
        ann = await accounts.register(database, auth, new(unique()), HOME)
        token = Refresh(ann.tokens.refresh_token)
        rivals = [await accounts.refresh_session(database, auth, token) for _ in range(3)]
        answers = await outcomes(
            *(
                make_auth(**FAR).authenticate(database, rival.tokens.access_token)
                for rival in rivals * 3
            )
        )
        codes = Counter(getattr(answer, "code", "ok") for answer in answers)
        assert codes == {"ok": 3, "invalid_token": 6}

    async def test_a_session_ended_by_reuse_stays_ended(self, database: Database, auth) -> None:
        ann = await accounts.register(database, auth, new(unique()), HOME)
        fresh = await accounts.refresh_session(database, auth, Refresh(ann.tokens.refresh_token))
        await accounts.refresh_session(database, auth, Refresh(fresh.tokens.refresh_token))
        answers = await outcomes(
            *(
                accounts.refresh_session(database, auth, Refresh(ann.tokens.refresh_token))
                for _ in range(3)
            )
        )
        codes = Counter(answer.code for answer in answers)
        assert codes == {TokenReused.code: 1, "session_revoked": 2}


class TestPasswords:
    async def test_no_session_slips_past_a_password_change(
        self, database: Database, auth, make_auth
    ) -> None:
        """Who logged in with the old password is thrown out, or was never let in."""
        for _ in range(5):
            name = unique()
            ann = await accounts.register(database, auth, new(name), HOME)
            change = ChangePassword(PASSWORD, "staple paper clip 7")
            answers = await outcomes(
                *(
                    accounts.log_in(database, auth, Login(login=name, password=PASSWORD), HOME)
                    for _ in range(4)
                ),
                accounts.change_password(database, auth, actor_of(ann), change, HOME),
            )
            assert answers[-1] is None
            sessions = await accounts.list_sessions(database, actor_of(ann))
            assert [session.id for session in sessions.items] == [ann.session.id]

    async def test_of_two_changes_at_once_one_counts(self, database: Database, auth) -> None:
        name = unique()
        ann = await accounts.register(database, auth, new(name), HOME)
        wanted = [f"staple paper clip {n}" for n in range(4)]
        answers = await outcomes(
            *(
                accounts.change_password(
                    database, auth, actor_of(ann), ChangePassword(PASSWORD, password), HOME
                )
                for password in wanted
            )
        )
        (winner,) = [
            password for password, answer in zip(wanted, answers, strict=True) if answer is None
        ]
        assert await accounts.log_in(database, auth, Login(login=name, password=winner), HOME)

    async def test_a_reset_token_works_for_one_of_many(self, database: Database, auth) -> None:
        name = unique()
        await accounts.register(database, auth, new(name), HOME)
        made = await make_reset_token(database, f"{name}@example.org", limits=auth.limits)
        assert made is not None
        answers = await outcomes(
            *(
                accounts.reset_password(
                    database, auth, ResetPassword(made[0], f"staple paper clip {n}")
                )
                for n in range(4)
            )
        )
        assert len(refusals(answers)) == 3

    async def test_everything_at_once_ends_without_a_deadlock(
        self, database: Database, auth, make_auth
    ) -> None:
        name = unique()
        ann = await accounts.register(database, auth, new(name), HOME)
        actor = actor_of(ann)
        login = Login(login=name, password=PASSWORD)
        devices = [
            await accounts.log_in(database, auth, login, Origin(f"192.0.2.{n}")) for n in range(6)
        ]
        await outcomes(
            *(accounts.revoke_session(database, actor, d.session.id) for d in devices),
            *(accounts.revoke_other_sessions(database, actor) for _ in range(3)),
            *(accounts.log_out(database, actor_of(d)) for d in devices),
            *(
                accounts.refresh_session(database, auth, Refresh(d.tokens.refresh_token))
                for d in devices
            ),
            *(make_auth().authenticate(database, d.tokens.access_token) for d in devices),
            *(accounts.update_account(database, actor, UpdateAccount(status="dnd")) for _ in "ab"),
            *(accounts.log_in(database, auth, login, HOME) for _ in range(3)),
        )


class TestBlocks:
    async def test_blocking_twice_at_once_is_one_block(self, database: Database, auth) -> None:
        ann, bob = [await accounts.register(database, auth, new(unique()), HOME) for _ in range(2)]
        answers = await outcomes(
            *(accounts.block_user(database, actor_of(ann), bob.user.id) for _ in range(5)),
            *(accounts.block_user(database, actor_of(bob), ann.user.id) for _ in range(5)),
        )
        assert refusals(answers) == []
        assert len((await accounts.list_blocks(database, actor_of(ann))).items) == 1

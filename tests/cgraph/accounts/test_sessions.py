import json

import pytest

from cgraph import accounts
from cgraph.accounts import (
    Login,
    RenameSession,
    SessionEnded,
    SessionNotFound,
    SessionRevoked,
    SignedIn,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.validation import decode

from .conftest import HOME, PASSWORD, actor_of


@pytest.fixture
async def devices(db: Transaction, auth, register) -> list[SignedIn]:
    """Three sessions of one person, oldest first, and somebody else's."""
    first = await register(db, "ann")
    login = Login(login="ann", password=PASSWORD)
    devices = [first, *[await accounts.log_in(db, auth, login, HOME) for _ in range(2)]]
    await register(db, "bob")
    db.events.clear()
    return devices


async def alive(db: Transaction, make_auth, devices: list[SignedIn]) -> list[bool]:
    """What a node that has verified nothing yet says of each."""
    answers = []
    for device in devices:
        try:
            await make_auth().authenticate(db, device.tokens.access_token)
            answers.append(True)
        except SessionEnded:
            answers.append(False)
    return answers


class TestListSessions:
    async def test_newest_first_and_only_one_s_own(self, db: Transaction, devices) -> None:
        page = await accounts.list_sessions(db, actor_of(devices[0]))
        assert page.items == [device.session for device in reversed(devices)]
        assert page.after is None
        assert page.items[0].network == "192.0.2.0/24"
        assert page.items[0].agent == "Tests/1.0"

    async def test_page_by_page(self, db: Transaction, devices) -> None:
        actor = actor_of(devices[0])
        first = await accounts.list_sessions(db, actor, limit=2)
        rest = await accounts.list_sessions(db, actor, limit=2, after=first.after)
        assert first.items + rest.items == [device.session for device in reversed(devices)]
        assert rest.after is None

    async def test_leaves_out_what_is_over(self, db: Transaction, devices, held) -> None:
        await accounts.revoke_session(db, actor_of(devices[0]), devices[1].session.id)
        page = await accounts.list_sessions(db, actor_of(devices[0]))
        assert [s.id for s in page.items] == [devices[2].session.id, devices[0].session.id]
        held.advance(days=30)
        assert (await accounts.list_sessions(db, actor_of(devices[0]))).items == []

    async def test_a_strange_cursor_is_refused(self, db: Transaction, devices) -> None:
        with pytest.raises(Invalid):
            await accounts.list_sessions(db, actor_of(devices[0]), after="!!")


class TestRenameSession:
    async def test_says_which_device_it_is(self, db: Transaction, devices) -> None:
        actor, id = actor_of(devices[0]), devices[1].session.id
        session = await accounts.rename_session(db, actor, id, RenameSession("  Phone "))
        assert session.name == "Phone"
        assert (await accounts.rename_session(db, actor, id, RenameSession(None))).name is None

    async def test_not_somebody_else_s(self, db: Transaction, auth, devices) -> None:
        bob = await accounts.log_in(db, auth, Login(login="bob", password=PASSWORD), HOME)
        with pytest.raises(SessionNotFound):
            await accounts.rename_session(
                db, actor_of(bob), devices[0].session.id, RenameSession("mine")
            )

    @pytest.mark.parametrize("name", ["x" * 65, "a\x00b"])
    def test_refuses_what_is_no_name(self, name: str) -> None:
        with pytest.raises(Invalid):
            decode(json.dumps({"name": name}).encode(), RenameSession)


class TestLogOut:
    async def test_ends_this_session_only(self, db: Transaction, make_auth, devices) -> None:
        await accounts.log_out(db, actor_of(devices[1]))
        assert await alive(db, make_auth, devices) == [True, False, True]
        (event,) = db.events
        assert isinstance(event, SessionRevoked)
        assert event.payload.session_ids == [devices[1].session.id]
        assert event.payload.reason == "logout"

    async def test_again_is_harmless(self, db: Transaction, devices) -> None:
        await accounts.log_out(db, actor_of(devices[1]))
        await accounts.log_out(db, actor_of(devices[1]))
        assert len(db.events) == 1


class TestRevokeSession:
    async def test_ends_that_one(self, db: Transaction, make_auth, devices) -> None:
        await accounts.revoke_session(db, actor_of(devices[0]), devices[2].session.id)
        assert await alive(db, make_auth, devices) == [True, True, False]
        assert db.events[0].payload.reason == "revoked"

    async def test_not_somebody_else_s(self, db: Transaction, auth, make_auth, devices) -> None:
        bob = await accounts.log_in(db, auth, Login(login="bob", password=PASSWORD), HOME)
        with pytest.raises(SessionNotFound):
            await accounts.revoke_session(db, actor_of(bob), devices[0].session.id)
        assert await alive(db, make_auth, devices) == [True, True, True]

    async def test_not_one_that_is_not(self, db: Transaction, devices) -> None:
        with pytest.raises(SessionNotFound):
            await accounts.revoke_session(db, actor_of(devices[0]), new_id())


class TestRevokeOtherSessions:
    async def test_ends_all_but_this_in_one_event(
        self, db: Transaction, make_auth, devices
    ) -> None:
        ended = await accounts.revoke_other_sessions(db, actor_of(devices[1]))
        assert set(ended) == {devices[0].session.id, devices[2].session.id}
        assert await alive(db, make_auth, devices) == [False, True, False]
        (event,) = db.events
        assert set(event.payload.session_ids) == set(ended)

    async def test_where_there_are_none_nothing_happens(self, db: Transaction, devices) -> None:
        await accounts.revoke_other_sessions(db, actor_of(devices[1]))
        assert await accounts.revoke_other_sessions(db, actor_of(devices[1])) == []
        assert len(db.events) == 1


class TestListLiveIds:
    async def test_says_which_sockets_may_stay(self, db: Transaction, devices, held) -> None:
        ids = [device.session.id for device in devices]
        await accounts.log_out(db, actor_of(devices[0]))
        assert await accounts.list_live_ids(db, [*ids, new_id()], held.time) == set(ids[1:])

import msgspec
import pytest

from cgraph import accounts
from cgraph.accounts import (
    NewUser,
    Origin,
    RegistrationClosed,
    SessionCreated,
    TooManyAttempts,
)
from cgraph_kit import streams
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.limiter import Limit
from cgraph_kit.validation import decode

from .conftest import HOME, PASSWORD


def new(username: str = "ann", **changes: str) -> NewUser:
    fields = {"email": f"{username}@example.org", "username": username, "password": PASSWORD}
    return NewUser(**(fields | changes))


class TestRegister:
    async def test_makes_an_account_and_signs_it_in(self, db: Transaction, auth) -> None:
        signed_in = await accounts.register(db, auth, new(display_name=" Ann Lee "), HOME)
        user = signed_in.user
        assert (user.email, user.username, user.display_name) == (
            "ann@example.org",
            "ann",
            "Ann Lee",
        )
        assert (user.status, user.state, user.read_receipts) == ("online", "active", True)
        assert user.user_id >= 1001
        assert signed_in.tokens.expires_in == 900
        actor = await auth.authenticate(db, signed_in.tokens.access_token)
        assert (actor.id, actor.session_id) == (user.id, signed_in.session.id)

    async def test_begins_the_person_s_stream_with_their_session(
        self, db: Transaction, auth
    ) -> None:
        signed_in = await accounts.register(db, auth, new(), HOME)
        missed = await streams.since(db, signed_in.user.id, 0, most=10)
        assert [event.type for event in missed.events] == ["session_created"]
        (event,) = db.events
        assert isinstance(event, SessionCreated)
        assert (event.user_id, event.seq) == (signed_in.user.id, 1)
        assert event.payload == signed_in.session

    async def test_gives_everybody_a_number(self, db: Transaction, auth) -> None:
        one = await accounts.register(db, auth, new("ann"), HOME)
        other = await accounts.register(db, auth, new("bob"), HOME)
        assert other.user.user_id > one.user.user_id

    async def test_keeps_the_address_as_given(self, db: Transaction, auth) -> None:
        signed_in = await accounts.register(db, auth, new(email=" Ann@Example.org "), HOME)
        assert signed_in.user.email == "Ann@Example.org"

    async def test_takes_upper_case_names_as_lower(self, db: Transaction, auth) -> None:
        signed_in = await accounts.register(db, auth, new(" Ann.Lee ", email="a@b.org"), HOME)
        assert signed_in.user.username == "ann.lee"

    async def test_keeps_the_password_only_hashed(self, db: Transaction, auth) -> None:
        signed_in = await accounts.register(db, auth, new(), HOME)
        kept = await db.value("SELECT password_hash FROM users WHERE id = $1", signed_in.user.id)
        assert kept.startswith("$argon2id$")
        assert PASSWORD not in kept

    async def test_keeps_the_network_not_the_address(self, db: Transaction, auth) -> None:
        agent = "Browser\x00\n" + "x" * 500
        signed_in = await accounts.register(db, auth, new(), Origin("192.0.2.77", agent))
        assert signed_in.session.network == "192.0.2.0/24"
        assert signed_in.session.agent == ("Browser" + "x" * 500)[:200]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "ann"}, "email"),
            ({"email": ""}, "email"),
            ({"username": "a"}, "username"),
            ({"username": "admin"}, "username"),
            ({"password": "short"}, "password"),
            ({"password": "password1"}, "password"),
            ({"password": "ANN@example.org"}, "password"),
            ({"display_name": " "}, "display_name"),
            ({"display_name": "x" * 33}, "display_name"),
            ({"display_name": "a\nb"}, "display_name"),
            ({"display_name": "a\u202eb"}, "display_name"),
            ({"display_name": "\u200d\u200b"}, "display_name"),
        ],
    )
    async def test_refuses_what_is_no_good(
        self, db: Transaction, auth, changes: dict[str, str], field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            await accounts.register(db, auth, new(**changes), HOME)
        assert list(refused.value.fields) == [field]
        assert await accounts.get_people_by_usernames(db, ["ann"]) == {}

    async def test_names_all_that_is_wrong_at_once(self, db: Transaction, auth) -> None:
        with pytest.raises(Invalid) as refused:
            await accounts.register(db, auth, new("a", email="x", password="y"), HOME)
        assert set(refused.value.fields) == {"email", "username", "password"}

    async def test_an_address_has_one_account_whatever_its_case(
        self, db: Transaction, auth
    ) -> None:
        await accounts.register(db, auth, new(), HOME)
        with pytest.raises(Invalid) as refused:
            await accounts.register(db, auth, new("bob", email="ANN@example.ORG"), HOME)
        assert refused.value.fields == {"email": ["is already taken"]}

    @pytest.mark.parametrize("look_alike", ["bill", "BILL", "b1ll", "b.i_l.l", "bil1"])
    async def test_names_that_look_alike_are_one(
        self, db: Transaction, auth, look_alike: str
    ) -> None:
        await accounts.register(db, auth, new("bill"), HOME)
        with pytest.raises(Invalid) as refused:
            await accounts.register(db, auth, new(look_alike, email="x@example.org"), HOME)
        assert refused.value.fields == {"username": ["is already taken"]}

    async def test_says_everything_that_is_taken(self, db: Transaction, auth) -> None:
        await accounts.register(db, auth, new(), HOME)
        with pytest.raises(Invalid) as refused:
            await accounts.register(db, auth, new(), HOME)
        assert set(refused.value.fields) == {"email", "username"}

    async def test_what_is_taken_is_not_hashed_for(self, db: Transaction, auth) -> None:
        await accounts.register(db, auth, new(), HOME)
        before = auth.hasher.hashed
        with pytest.raises(Invalid):
            await accounts.register(db, auth, new(), HOME)
        assert auth.hasher.hashed == before

    async def test_may_be_closed(self, db: Transaction, make_auth) -> None:
        with pytest.raises(RegistrationClosed):
            await accounts.register(db, make_auth(registration="closed"), new(), HOME)

    async def test_is_limited_per_address(self, db: Transaction, make_auth, held) -> None:
        auth = make_auth(register=Limit("register", 2, 3600))
        await accounts.register(db, auth, new("ann"), HOME)
        await accounts.register(db, auth, new("bob"), HOME)
        with pytest.raises(TooManyAttempts) as refused:
            await accounts.register(db, auth, new("cora"), HOME)
        await accounts.register(db, auth, new("dan"), Origin("198.51.100.1"))
        held.advance(seconds=refused.value.retry_after)
        await accounts.register(db, auth, new("cora"), HOME)

    async def test_a_household_is_one_address(self, db: Transaction, make_auth) -> None:
        auth = make_auth(register=Limit("register", 1, 3600))
        await accounts.register(db, auth, new("ann"), Origin("2001:db8::1"))
        with pytest.raises(TooManyAttempts):
            await accounts.register(db, auth, new("bob"), Origin("2001:db8::2"))

    async def test_the_shortest_password_is_a_setting(self, db: Transaction, make_auth) -> None:
        with pytest.raises(Invalid):
            await accounts.register(
                db, make_auth(password_min=20), new(password="x7$kx7$kx7$kx7$k"), HOME
            )


class TestNewUser:
    def test_shows_no_secret(self) -> None:
        shown = repr(new())
        assert PASSWORD not in shown
        assert "ann@" not in shown

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b'{"email": "a@b.de", "username": "ann"}', "password"),
            (b'{"email": "a@b.de", "username": "ann", "password": 12345678}', "password"),
            (b'{"email": "a@b.de", "username": "a\\u0000n", "password": "x"}', "username"),
            (b'{"email": "a@b.de", "username": "ann", "password": "x", "admin": true}', "admin"),
        ],
    )
    def test_malformed_input_names_the_field(self, body: bytes, field: str) -> None:
        with pytest.raises(Invalid) as refused:
            decode(body, NewUser)
        assert list(refused.value.fields) == [field]

    def test_an_event_survives_its_journey(self, held) -> None:
        session = accounts.Session(new_id(), None, None, None, held.time, held.time, held.time)
        event = SessionCreated(user_id=new_id(), seq=1, payload=session)
        assert msgspec.json.decode(msgspec.json.encode(event), type=SessionCreated) == event

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cgraph import accounts
from cgraph.accounts import (
    Deactivate,
    InvalidToken,
    Limits,
    NewUser,
    Origin,
    ProfileUpdated,
    SessionEnded,
    SessionRevoked,
    SignedIn,
    TooManyAttempts,
    UpdateAccount,
    UsernameChangedTooOften,
    WrongPassword,
)
from cgraph_kit import streams
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import decode

from .conftest import HOME, PASSWORD, actor_of


@pytest.fixture
async def ann(db: Transaction, register) -> SignedIn:
    signed_in: SignedIn = await register(db, "ann")
    db.events.clear()
    return signed_in


def changes(**given: Any) -> UpdateAccount:
    """As a client sends them."""
    return decode(msgspec.json.encode(given), UpdateAccount)


class TestGetAccount:
    async def test_shows_one_s_own(self, db: Transaction, ann) -> None:
        assert await accounts.get_account(db, actor_of(ann)) == ann.user

    async def test_never_the_password(self, db: Transaction, ann) -> None:
        assert b"argon" not in msgspec.json.encode(await accounts.get_account(db, actor_of(ann)))

    async def test_of_an_account_that_is_gone_is_nobody_s(self, db: Transaction, ann) -> None:
        await db.value("DELETE FROM users WHERE id = $1", ann.user.id)
        with pytest.raises(InvalidToken):
            await accounts.get_account(db, actor_of(ann))


class TestUpdateAccount:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ({"display_name": "  Ann Lee  "}, {"display_name": "Ann Lee"}),
            ({"display_name": "Zoe\u0308"}, {"display_name": "Zo\u00eb"}),
            ({"display_name": "x" * 32}, {"display_name": "x" * 32}),
            ({"display_name": "👩\u200d🚀"}, {"display_name": "👩\u200d🚀"}),
            ({"display_name": None}, {"display_name": None}),
            ({"avatar_url": "https://img.example.org/a.png?s=1"}, None),
            ({"avatar_url": None}, {"avatar_url": None}),
            ({"status": "dnd"}, {"status": "dnd"}),
            ({"status_text": " away "}, {"status_text": "away"}),
            ({"read_receipts": False}, {"read_receipts": False}),
        ],
    )
    async def test_changes_what_is_given(
        self, db: Transaction, ann, given: dict[str, Any], kept: dict[str, Any] | None
    ) -> None:
        user = await accounts.update_account(db, actor_of(ann), changes(**given))
        for field, value in (kept or given).items():
            assert getattr(user, field) == value
        expected = msgspec.structs.replace(ann.user, **(kept or given))
        assert msgspec.structs.replace(user, updated_at=ann.user.updated_at) == expected

    async def test_tells_one_s_other_devices(self, db: Transaction, ann) -> None:
        user = await accounts.update_account(db, actor_of(ann), changes(display_name="Ann"))
        (event,) = db.events
        assert event == ProfileUpdated(user_id=user.id, seq=2, payload=user)
        missed = await streams.since(db, user.id, 1, most=10)
        assert [event.type for event in missed.events] == ["profile_updated"]
        assert msgspec.json.decode(missed.events[0].body())["display_name"] == "Ann"
        assert msgspec.json.decode(msgspec.json.encode(event), type=ProfileUpdated) == event

    @pytest.mark.parametrize(
        "given", [{}, {"username": "ann"}, {"status": "online"}, {"display_name": None}]
    )
    async def test_what_changes_nothing_tells_nobody(
        self, db: Transaction, ann, given: dict[str, Any]
    ) -> None:
        assert await accounts.update_account(db, actor_of(ann), changes(**given)) == ann.user
        assert db.events == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("display_name", ""),
            ("display_name", "   "),
            ("display_name", "x" * 33),
            ("display_name", "a\u0007b"),
            ("display_name", "a\u2028b"),
            ("display_name", "a\u0000b"),
            ("display_name", "\u2066x"),
            ("display_name", 7),
            ("avatar_url", ""),
            ("avatar_url", "http://example.org/a.png"),
            ("avatar_url", "https://"),
            ("avatar_url", "https://a b.org/"),
            ("avatar_url", "https://ann:pw@example.org/"),
            ("avatar_url", "https://example.org:0/"),
            ("avatar_url", "https://[::1/"),
            ("avatar_url", "https://example.org/\n"[:-1] + "\x7f"),
            ("avatar_url", "javascript:alert(1)"),
            ("avatar_url", "https://example.org/" + "x" * 2048),
            ("status", "offline"),
            ("status", None),
            ("status_text", "x" * 101),
            ("status_text", " "),
            ("status_text", "a\nb"),
            ("status_expires_at", "2020-01-01T00:00:00Z"),
            ("status_expires_at", "2999-01-01T00:00:00"),
            ("status_expires_at", "9999-12-31T23:59:59-14:00"),
            ("status_expires_at", "tomorrow"),
            ("read_receipts", "yes"),
            ("read_receipts", None),
            ("username", "A B"),
            ("username", None),
            ("email", "new@example.org"),
            ("user_id", 1),
        ],
    )
    async def test_refuses_what_is_no_good(
        self, db: Transaction, ann, field: str, value: object
    ) -> None:
        with pytest.raises(Invalid) as refused:
            await accounts.update_account(db, actor_of(ann), changes(**{field: value}))
        assert list(refused.value.fields) == [field]

    async def test_all_that_is_wrong_at_once(self) -> None:
        with pytest.raises(Invalid) as refused:
            changes(display_name=" ", avatar_url="x", username="!")
        assert set(refused.value.fields) == {"display_name", "avatar_url", "username"}


class TestStatusText:
    async def test_may_lapse(self, db: Transaction, ann, held) -> None:
        until = held.time + timedelta(hours=1)
        user = await accounts.update_account(
            db, actor_of(ann), changes(status_text="lunch", status_expires_at=until)
        )
        assert (user.status_text, user.status_expires_at) == ("lunch", until)
        await db.value("UPDATE users SET status_expires_at = now() WHERE id = $1", user.id)
        user = await accounts.get_account(db, actor_of(ann))
        assert (user.status_text, user.status_expires_at) == (None, None)

    async def test_a_new_one_stays_unless_said_otherwise(self, db: Transaction, ann, held) -> None:
        until = held.time + timedelta(hours=1)
        for given in ({"status_text": "lunch", "status_expires_at": until}, {"status_text": "in"}):
            user = await accounts.update_account(db, actor_of(ann), changes(**given))
        assert (user.status_text, user.status_expires_at) == ("in", None)

    async def test_takes_its_end_with_it(self, db: Transaction, ann, held) -> None:
        until = held.time + timedelta(hours=1)
        for given in ({"status_text": "lunch", "status_expires_at": until}, {"status_text": None}):
            user = await accounts.update_account(db, actor_of(ann), changes(**given))
        assert (user.status_text, user.status_expires_at) == (None, None)
        user = await accounts.update_account(db, actor_of(ann), changes(status_expires_at=until))
        assert user.status_expires_at is None


class TestUsername:
    async def rename(self, db: Transaction, ann: SignedIn, name: str) -> str:
        user = await accounts.update_account(db, actor_of(ann), changes(username=name))
        return user.username

    async def test_changes(self, db: Transaction, ann) -> None:
        assert await self.rename(db, ann, " Annie ") == "annie"
        found = await accounts.get_people_by_usernames(db, ["ann", "Annie"])
        assert list(found) == ["annie"]

    async def test_a_look_alike_of_one_s_own_is_free(self, db: Transaction, ann) -> None:
        assert await self.rename(db, ann, "a.nn") == "a.nn"
        assert await self.rename(db, ann, "ann") == "ann"

    async def test_not_to_one_that_is_taken(self, db: Transaction, ann, register) -> None:
        await register(db, "bill")
        for name in ("bill", "b1ll"):
            with pytest.raises(Invalid) as refused:
                await self.rename(db, ann, name)
            assert refused.value.fields == {"username": ["is already taken"]}
        assert (await accounts.get_account(db, actor_of(ann))).username == "ann"

    async def test_the_old_one_is_held_for_thirty_days(
        self, db: Transaction, auth, ann, held
    ) -> None:
        await self.rename(db, ann, "annie")
        new = NewUser("b@example.org", "ann", PASSWORD)
        with pytest.raises(Invalid):
            await accounts.register(db, auth, new, HOME)
        held.advance(days=30, seconds=1)
        await accounts.register(db, auth, new, HOME)

    async def test_its_owner_may_have_it_back(self, db: Transaction, ann) -> None:
        await self.rename(db, ann, "annie")
        assert await self.rename(db, ann, "ann") == "ann"

    async def test_twice_in_two_weeks(self, db: Transaction, ann, held) -> None:
        await self.rename(db, ann, "annie")
        held.advance(days=1)
        await self.rename(db, ann, "ann")
        held.advance(days=1)
        with pytest.raises(UsernameChangedTooOften) as refused:
            await self.rename(db, ann, "annabel")
        assert refused.value.retry_after == pytest.approx(12 * 86_400)
        held.advance(seconds=refused.value.retry_after)
        await self.rename(db, ann, "annabel")

    async def test_how_often_is_a_limit(self, db: Transaction, ann) -> None:
        with pytest.raises(UsernameChangedTooOften):
            await accounts.update_account(
                db, actor_of(ann), changes(username="annie"), limits=Limits(username_changes=0)
            )


class TestDeactivateAccount:
    async def test_ends_every_session_and_hides_the_profile(
        self, db: Transaction, auth, make_auth, ann, register
    ) -> None:
        bob = await register(db, "bob")
        db.events.clear()
        await accounts.deactivate_account(db, auth, actor_of(ann), Deactivate(PASSWORD), HOME)
        with pytest.raises(SessionEnded):
            await make_auth().authenticate(db, ann.tokens.access_token)
        updated, revoked = db.events
        assert isinstance(updated, ProfileUpdated)
        assert updated.payload.state == "deactivated"
        assert isinstance(revoked, SessionRevoked)
        assert revoked.payload.reason == "deactivated"
        assert not await accounts.can_contact(db, bob.user.id, ann.user.id)
        assert await accounts.list_active_ids(db, [ann.user.id, bob.user.id]) == {bob.user.id}

    async def test_needs_the_password(self, db: Transaction, auth, ann) -> None:
        for n in range(5):
            with pytest.raises(WrongPassword) as refused:
                await accounts.deactivate_account(
                    db, auth, actor_of(ann), Deactivate("wrong"), Origin(f"192.0.2.{n}")
                )
            assert list(refused.value.fields) == ["password"]
        with pytest.raises(TooManyAttempts):
            await accounts.deactivate_account(
                db, auth, actor_of(ann), Deactivate(PASSWORD), Origin("192.0.2.9")
            )
        assert (await accounts.get_account(db, actor_of(ann))).state == "active"

    def test_shows_no_secret(self) -> None:
        assert PASSWORD not in repr(Deactivate(PASSWORD))

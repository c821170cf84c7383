from typing import Any

import msgspec
import pytest

from cgraph import accounts
from cgraph.accounts import Deactivate, FindProfiles, SignedIn, UpdateAccount, UserNotFound
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.validation import convert

from .conftest import HOME, PASSWORD, actor_of


@pytest.fixture
async def ann(db: Transaction, register) -> SignedIn:
    signed_in: SignedIn = await register(db, "ann", display_name="Ann")
    changes = UpdateAccount(
        status="dnd", status_text="busy", avatar_url="https://example.org/ann.png"
    )
    await accounts.update_account(db, actor_of(signed_in), changes)
    return signed_in


@pytest.fixture
async def bob(db: Transaction, register) -> SignedIn:
    signed_in: SignedIn = await register(db, "bob")
    return signed_in


async def find(db: Transaction, viewer: SignedIn, **query: Any) -> list[str]:
    page = await accounts.find_profiles(db, actor_of(viewer), convert(query, FindProfiles))
    return [profile.username for profile in page.items]


class TestGetProfile:
    async def test_shows_what_everybody_may_see(self, db: Transaction, ann, bob) -> None:
        profile = await accounts.get_profile(db, actor_of(bob), ann.user.id)
        shown = msgspec.to_builtins(profile)
        assert "example.org/ann.png" in shown.pop("avatar_url")
        assert shown.pop("inserted_at")
        assert shown == {
            "id": str(ann.user.id),
            "user_id": ann.user.user_id,
            "username": "ann",
            "display_name": "Ann",
            "status": "dnd",
            "status_text": "busy",
            "state": "active",
        }

    async def test_invisible_looks_offline(self, db: Transaction, ann, bob) -> None:
        await accounts.update_account(db, actor_of(ann), UpdateAccount(status="invisible"))
        profile = await accounts.get_profile(db, actor_of(bob), ann.user.id)
        assert profile.status == "offline"

    async def test_a_status_text_lapses(self, db: Transaction, ann, bob) -> None:
        await db.value("UPDATE users SET status_expires_at = now() WHERE id = $1", ann.user.id)
        profile = await accounts.get_profile(db, actor_of(bob), ann.user.id)
        assert (profile.status, profile.status_text) == ("dnd", None)

    async def test_the_blocked_see_no_status_and_no_reason(
        self, db: Transaction, ann, bob, register
    ) -> None:
        await accounts.block_user(db, actor_of(ann), bob.user.id)
        profile = await accounts.get_profile(db, actor_of(bob), ann.user.id)
        assert (profile.status, profile.status_text) == ("offline", None)
        assert (profile.display_name, profile.state) == ("Ann", "active")
        cora = await register(db, "cora")
        assert (await accounts.get_profile(db, actor_of(cora), ann.user.id)).status == "dnd"

    async def test_the_blocker_still_sees(self, db: Transaction, ann, bob) -> None:
        await accounts.block_user(db, actor_of(bob), ann.user.id)
        assert (await accounts.get_profile(db, actor_of(bob), ann.user.id)).status == "dnd"

    async def test_of_a_sleeping_account_hardly_anything(
        self, db: Transaction, auth, ann, bob
    ) -> None:
        await accounts.deactivate_account(db, auth, actor_of(ann), Deactivate(PASSWORD), HOME)
        profile = await accounts.get_profile(db, actor_of(bob), ann.user.id)
        assert (profile.username, profile.state) == ("ann", "deactivated")
        assert (profile.display_name, profile.avatar_url) == (None, None)
        assert (profile.status, profile.status_text) == ("offline", None)

    async def test_nobody_is_not_found(self, db: Transaction, bob) -> None:
        with pytest.raises(UserNotFound):
            await accounts.get_profile(db, actor_of(bob), new_id())


class TestFindProfiles:
    async def test_by_name_number_or_ids(self, db: Transaction, ann, bob) -> None:
        assert await find(db, bob, username=" ANN ") == ["ann"]
        assert await find(db, bob, user_id=str(ann.user.user_id)) == ["ann"]
        ids = f"{bob.user.id},{ann.user.id},{new_id()}"
        assert await find(db, bob, ids=ids) == ["ann", "bob"]

    async def test_nobody_is_an_empty_list(self, db: Transaction, bob) -> None:
        assert await find(db, bob, username="nobody") == []
        assert await find(db, bob, username="a%") == []
        assert await find(db, bob, user_id=1) == []

    async def test_by_the_beginning_of_a_name_page_by_page(
        self, db: Transaction, bob, register
    ) -> None:
        for name in ("mara", "mar_y", "mark", "mario", "max"):
            await register(db, name)
        assert await find(db, bob, q="MAR") == ["mar_y", "mara", "mario", "mark"]
        actor = actor_of(bob)
        first = await accounts.find_profiles(db, actor, FindProfiles(q="mar", limit=3))
        rest = await accounts.find_profiles(
            db, actor, FindProfiles(q="mar", limit=3, after=first.after)
        )
        assert [profile.username for profile in rest.items] == ["mark"]
        assert rest.after is None

    async def test_no_pattern_but_the_beginning(self, db: Transaction, ann, bob) -> None:
        for query in ("%n", "__", "a%", "nn", "a\\"):
            assert await find(db, bob, q=query) == []

    async def test_the_sleeping_are_not_found_by_beginnings(
        self, db: Transaction, auth, ann, bob
    ) -> None:
        await accounts.deactivate_account(db, auth, actor_of(ann), Deactivate(PASSWORD), HOME)
        assert await find(db, bob, q="an") == []
        assert await find(db, bob, username="ann") == ["ann"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({}, "q"),
            ({"q": "an", "username": "ann"}, "q"),
            ({"q": "a"}, "q"),
            ({"q": "a" * 33}, "q"),
            ({"q": "a\x00"}, "q"),
            ({"ids": "x"}, "ids"),
            ({"user_id": "-1"}, "user_id"),
            ({"user_id": str(2**63)}, "user_id"),
            ({"user_id": "x"}, "user_id"),
            ({"q": "an", "limit": "0"}, "limit"),
            ({"q": "an", "limit": "101"}, "limit"),
            ({"q": "an", "after": "!"}, "after"),
        ],
    )
    async def test_refuses_what_is_no_question(
        self, db: Transaction, bob, query: dict[str, str], field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            await find(db, bob, **query)
        assert list(refused.value.fields) == [field]

    async def test_not_too_many_at_once(self, db: Transaction, bob) -> None:
        with pytest.raises(Invalid):
            await find(db, bob, ids=",".join(str(new_id()) for _ in range(101)))

"""People from elsewhere: names that fit, addresses that are free."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.accounts import username as usernames
from cgraph.accounts.imported import ImportedUser, Made, create_imported_users, fit
from cgraph.accounts.user import find_user
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id

THEN = datetime(2010, 1, 1, tzinfo=UTC)


def person(name: str, *, email: str | None = None, active: bool = True) -> ImportedUser:
    return ImportedUser(new_id(), name, None, email, None, active, THEN)


async def make(db: Transaction, *people: ImportedUser) -> list[Made]:
    return await create_imported_users(db, people)


class TestCreateImportedUsers:
    async def test_they_are_accounts_nobody_can_sign_in_to(self, db: Transaction) -> None:
        ann, bob = person("Ann", email="ann@example.org"), person("bob", active=False)
        made = await make(db, ann, bob)
        assert [each.username for each in made] == ["ann", "bob"]
        found = await find_user(db, ann.id)
        assert found is not None
        assert (found.email, found.display_name, found.state) == (
            "ann@example.org",
            "Ann",
            "active",
        )
        assert found.inserted_at == THEN
        gone = await find_user(db, bob.id)
        assert gone is not None
        assert gone.state == "deactivated"
        hashes = "SELECT count(password_hash) FROM users WHERE id = ANY($1)"
        assert await db.value(hashes, [ann.id, bob.id]) == 0
        assert await db.value("SELECT last_seq FROM streams WHERE id = $1", ann.id) == 0

    async def test_look_alikes_get_a_number(self, db: Transaction) -> None:
        await make(db, person("ann"))
        made = await make(db, person("Ann"), person("a.n.n"), person("bill"), person("bi1l"))
        assert [each.username for each in made] == ["ann.2", "a.n.n.3", "bill", "bi1l.2"]

    async def test_a_thousand_of_one_name_still_get_one_each(self, db: Transaction) -> None:
        made = await make(db, *(person("guest") for _ in range(1000)))
        assert len({usernames.skeleton(each.username) for each in made}) == 1000
        assert all(not usernames.problems(each.username) for each in made)

    @pytest.mark.parametrize("name", ["admin", "x", "^^", "", "Дима", "....", "a" * 100])
    async def test_names_that_cannot_be_kept_are_replaced(self, db: Transaction, name: str) -> None:
        [made] = await make(db, person(name))
        assert not usernames.problems(made.username)

    async def test_taken_and_malformed_addresses_are_left_out(self, db: Transaction) -> None:
        await make(db, person("first", email="one@example.org"))
        made = await make(
            db,
            person("second", email="ONE@example.org"),
            person("third", email="nonsense"),
            person("fourth", email="two@example.org"),
            person("fifth", email="two@example.org"),
        )
        refused = [each.email_refused for each in made]
        assert refused[0] == "ONE@example.org belongs to another account"
        assert refused[1] == "nonsense is not an e-mail address"
        assert refused[2] is None
        assert refused[3] is not None

    async def test_names_for_show_are_made_printable_and_short(self, db: Transaction) -> None:
        shown = ImportedUser(
            new_id(), "eve", "E\x00\x1b[31mve  " + "x" * 60, None, None, True, THEN
        )
        await make(db, shown)
        found = await find_user(db, shown.id)
        assert found is not None
        assert found.display_name == ("E [31mve " + "x" * 60)[:32]


class TestFit:
    @pytest.mark.parametrize(
        ("name", "fitted"),
        [
            ("|trey|", "_trey_"),
            ("Ünï Cöde", "uni_code"),
            ("..a..b..", "a.b"),
            ("\uff26ull", "full"),
        ],
    )
    def test_keeps_what_it_can(self, name: str, fitted: str) -> None:
        assert fit(name) == fitted

    @given(st.text(max_size=80))
    def test_gives_a_name_or_one_too_short_or_reserved(self, name: str) -> None:
        fitted = fit(name)
        assert set(usernames.problems(fitted)) <= {
            "is reserved",
            "must have 2 to 32 characters",
        }

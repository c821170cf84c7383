"""Searches people keep, and those that are kept for them."""

from uuid import UUID

import msgspec
import pytest

from cgraph import search
from cgraph.accounts import Actor
from cgraph.search import (
    InvalidQuery,
    KeepRecent,
    Limits,
    SavedSearchChange,
    SavedSearchNameTaken,
    SavedSearchNotFound,
    SaveSearch,
    TooManySavedSearches,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id


async def save(db: Transaction, actor: Actor, name: str, q: str = "bees") -> UUID:
    return (await search.save_search(db, actor, SaveSearch(name, q))).id


class TestSaveSearch:
    async def test_keeps_it_as_it_was_typed(self, db: Transaction, ann: Actor) -> None:
        saved = await search.save_search(db, ann, SaveSearch("  This \n week ", "after:7d  Bees"))
        assert (saved.name, saved.q) == ("This week", "after:7d  Bees")
        assert await search.get_saved_search(db, ann, saved.id) == saved

    async def test_is_ones_own(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await save(db, ann, "bees")
        assert await search.list_saved_searches(db, bob) == []
        with pytest.raises(SavedSearchNotFound):
            await search.get_saved_search(db, bob, id)
        with pytest.raises(SavedSearchNotFound):
            await search.change_saved_search(db, bob, id, SavedSearchChange(name="mine"))
        await search.delete_saved_search(db, bob, id)
        assert (await search.get_saved_search(db, ann, id)).id == id
        await save(db, bob, "bees")

    async def test_refuses_what_cannot_be_read(self, db: Transaction, ann: Actor) -> None:
        with pytest.raises(InvalidQuery):
            await save(db, ann, "bad", "colour:red")

    async def test_refuses_a_name_twice_whatever_its_case(
        self, db: Transaction, ann: Actor
    ) -> None:
        await save(db, ann, "Bees")
        with pytest.raises(SavedSearchNameTaken):
            await save(db, ann, "bees")

    def test_refuses_a_name_of_spaces(self) -> None:
        with pytest.raises(Invalid):
            SaveSearch("  ", "bees")

    async def test_has_an_end(self, db: Transaction, ann: Actor) -> None:
        await save(db, ann, "one")
        with pytest.raises(TooManySavedSearches):
            await search.save_search(db, ann, SaveSearch("two", "bees"), limits=Limits(saved_max=1))


class TestListSavedSearches:
    async def test_goes_by_name(self, db: Transaction, ann: Actor) -> None:
        for name in ("wasps", "Ants", "bees"):
            await save(db, ann, name)
        names = [saved.name for saved in await search.list_saved_searches(db, ann)]
        assert names == ["Ants", "bees", "wasps"]


class TestChangeSavedSearch:
    async def test_changes_what_is_given(self, db: Transaction, ann: Actor) -> None:
        id = await save(db, ann, "bees")
        changed = await search.change_saved_search(db, ann, id, SavedSearchChange(q="wasps"))
        assert (changed.name, changed.q) == ("bees", "wasps")
        changed = await search.change_saved_search(db, ann, id, SavedSearchChange(name="BEES"))
        assert (changed.name, changed.q) == ("BEES", "wasps")
        assert await search.list_saved_searches(db, ann) == [changed]

    async def test_asks_the_same_as_saving(self, db: Transaction, ann: Actor) -> None:
        id = await save(db, ann, "bees")
        await save(db, ann, "wasps")
        with pytest.raises(InvalidQuery):
            await search.change_saved_search(db, ann, id, SavedSearchChange(q='"'))
        with pytest.raises(SavedSearchNameTaken):
            await search.change_saved_search(db, ann, id, SavedSearchChange(name="Wasps"))
        with pytest.raises(SavedSearchNotFound):
            await search.change_saved_search(db, ann, new_id(), SavedSearchChange(q="ants"))


class TestDeleteSavedSearch:
    async def test_may_be_done_twice(self, db: Transaction, ann: Actor) -> None:
        id = await save(db, ann, "bees")
        for _ in range(2):
            await search.delete_saved_search(db, ann, id)
        assert await search.list_saved_searches(db, ann) == []


class TestRememberSearch:
    async def test_keeps_the_newest_once(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        limits = Limits(recent_max=3)
        for q in ("one", "two", "three", "one", "  four "):
            await search.remember_search(db, ann, q, limits=limits)
        recent = await search.get_recent_searches(db, ann)
        assert (recent.keep, recent.searches) == (True, ["four", "one", "three"])
        assert (await search.get_recent_searches(db, bob)).searches == []

    async def test_forgets_how_it_was_typed(self, db: Transaction, ann: Actor) -> None:
        for q in ("be", "bee", "bees", "wasps"):
            await search.remember_search(db, ann, q)
        assert (await search.get_recent_searches(db, ann)).searches == ["wasps", "bees"]

    async def test_leaves_out_what_is_no_search_anybody_would_repeat(
        self, db: Transaction, ann: Actor
    ) -> None:
        for q in ("", "  ", "x" * 501):
            await search.remember_search(db, ann, q)
        assert (await search.get_recent_searches(db, ann)).searches == []

    async def test_can_be_forgotten_and_switched_off(self, db: Transaction, ann: Actor) -> None:
        await search.remember_search(db, ann, "one")
        await search.forget_recent_searches(db, ann)
        await search.remember_search(db, ann, "two")
        assert (await search.get_recent_searches(db, ann)).searches == ["two"]
        off = await search.keep_recent_searches(db, ann, KeepRecent(keep=False))
        await search.remember_search(db, ann, "three")
        assert off == await search.get_recent_searches(db, ann)
        assert msgspec.structs.astuple(off) == (False, [])
        await search.keep_recent_searches(db, ann, KeepRecent(keep=True))
        await search.remember_search(db, ann, "four")
        assert (await search.get_recent_searches(db, ann)).searches == ["four"]

import pytest

from cgraph import accounts
from cgraph.accounts import (
    Limits,
    SignedIn,
    TooManyBlocks,
    UserBlocked,
    UserNotFound,
    UserUnblocked,
)
from cgraph_kit import streams
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id

from .conftest import actor_of


@pytest.fixture
async def people(db: Transaction, register) -> list[SignedIn]:
    people = [await register(db, name) for name in ("ann", "bob", "cora")]
    db.events.clear()
    return people


class TestBlockUser:
    async def test_tells_one_s_own_devices_and_nobody_else(self, db: Transaction, people) -> None:
        ann, bob, _ = people
        block = await accounts.block_user(db, actor_of(ann), bob.user.id)
        assert (block.id, block.username) == (bob.user.id, "bob")
        (event,) = db.events
        assert isinstance(event, UserBlocked)
        assert event.user_id == ann.user.id
        assert event.payload.id == bob.user.id
        assert await streams.last_seq(db, bob.user.id) == 1

    async def test_again_changes_nothing(self, db: Transaction, people) -> None:
        ann, bob, _ = people
        block = await accounts.block_user(db, actor_of(ann), bob.user.id)
        assert await accounts.block_user(db, actor_of(ann), bob.user.id) == block
        assert len(db.events) == 1

    async def test_not_oneself_and_not_nobody(self, db: Transaction, people) -> None:
        ann = actor_of(people[0])
        with pytest.raises(Invalid):
            await accounts.block_user(db, ann, ann.id)
        with pytest.raises(UserNotFound):
            await accounts.block_user(db, ann, new_id())

    async def test_not_without_end(self, db: Transaction, people) -> None:
        ann, bob, cora = people
        await accounts.block_user(db, actor_of(ann), bob.user.id, limits=Limits(blocks=1))
        with pytest.raises(TooManyBlocks):
            await accounts.block_user(db, actor_of(ann), cora.user.id, limits=Limits(blocks=1))
        await accounts.block_user(db, actor_of(ann), bob.user.id, limits=Limits(blocks=1))


class TestUnblockUser:
    async def test_takes_it_back(self, db: Transaction, people) -> None:
        ann, bob, _ = people
        await accounts.block_user(db, actor_of(ann), bob.user.id)
        await accounts.unblock_user(db, actor_of(ann), bob.user.id)
        assert await accounts.can_contact(db, ann.user.id, bob.user.id)
        event = db.events[-1]
        assert isinstance(event, UserUnblocked)
        assert (event.user_id, event.payload.id) == (ann.user.id, bob.user.id)

    async def test_what_is_not_there_tells_nobody(self, db: Transaction, people) -> None:
        ann, bob, _ = people
        await accounts.block_user(db, actor_of(bob), ann.user.id)
        db.events.clear()
        await accounts.unblock_user(db, actor_of(ann), bob.user.id)
        assert db.events == []
        assert not await accounts.can_contact(db, ann.user.id, bob.user.id)


class TestListBlocks:
    async def test_one_s_own_by_name_page_by_page(self, db: Transaction, people) -> None:
        ann, bob, cora = (actor_of(person) for person in people)
        await accounts.block_user(db, ann, cora.id)
        await accounts.block_user(db, ann, bob.id)
        first = await accounts.list_blocks(db, ann, limit=1)
        rest = await accounts.list_blocks(db, ann, limit=1, after=first.after)
        assert [block.username for block in first.items + rest.items] == ["bob", "cora"]
        assert rest.after is None
        assert (await accounts.list_blocks(db, bob)).items == []


class TestQuestions:
    async def test_a_block_stands_between_both(self, db: Transaction, people) -> None:
        ann, bob, cora = (person.user.id for person in people)
        await accounts.block_user(db, actor_of(people[0]), bob)
        assert not await accounts.can_contact(db, ann, bob)
        assert not await accounts.can_contact(db, bob, ann)
        assert await accounts.can_contact(db, bob, cora)
        assert not await accounts.can_contact(db, bob, new_id())


class TestPeople:
    async def test_by_id_or_name(self, db: Transaction, people) -> None:
        ann, bob, _ = (person.user for person in people)
        found = await accounts.get_people(db, [ann.id, bob.id, new_id()])
        assert {id: person.username for id, person in found.items()} == {
            ann.id: "ann",
            bob.id: "bob",
        }
        named = await accounts.get_people_by_usernames(db, ["Ann", "nobody", "a.nn"])
        assert [person.id for person in named.values()] == [ann.id]
        assert (await accounts.find_user(db, ann.id)) == ann
        assert await accounts.find_user(db, new_id()) is None

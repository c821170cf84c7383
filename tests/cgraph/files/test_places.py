"""Whose turn it is."""

import asyncio
from uuid import UUID, uuid4

import pytest

from cgraph.files.places import Places


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Yard:
    """People who take places and have them until they are told to go."""

    def __init__(self, count: int) -> None:
        self.places = Places(count)
        self.at_work: list[UUID] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._gates: list[tuple[UUID, asyncio.Event]] = []

    def come(self, owner: UUID) -> "asyncio.Task[None]":
        async def stay() -> None:
            async with self.places.place(owner):
                gate = asyncio.Event()
                self.at_work.append(owner)
                self._gates.append((owner, gate))
                await gate.wait()
                self.at_work.remove(owner)

        self.tasks.append(asyncio.create_task(stay()))
        return self.tasks[-1]

    async def first_goes(self) -> None:
        self._gates.pop(0)[1].set()
        await settle()


class TestPlace:
    async def test_nobody_has_the_last_of_several(self) -> None:
        ann, bob = uuid4(), uuid4()
        yard = Yard(3)
        tasks = [yard.come(ann) for _ in range(5)]
        await settle()
        assert yard.at_work == [ann, ann]
        tasks.append(yard.come(bob))
        await settle()
        assert yard.at_work == [ann, ann, bob]
        for _ in tasks:
            await yard.first_goes()
        await asyncio.gather(*tasks)

    async def test_of_one_place_everybody_has_their_turn(self) -> None:
        ann, bob, eve = uuid4(), uuid4(), uuid4()
        yard = Yard(1)
        tasks = [yard.come(one) for one in (ann, ann, ann, bob, bob, eve)]
        await settle()
        had = []
        for _ in tasks:
            had += yard.at_work
            await yard.first_goes()
        await asyncio.gather(*tasks)
        assert had == [ann, ann, bob, eve, ann, bob]

    async def test_who_leaves_takes_nothing_along(self) -> None:
        ann, bob = uuid4(), uuid4()
        yard = Yard(1)
        held, waits = yard.come(ann), yard.come(bob)
        await settle()
        waits.cancel()
        await settle()
        held.cancel()
        last = yard.come(bob)
        await settle()
        assert yard.at_work[-1] == bob
        last.cancel()
        for task in (held, waits, last):
            with pytest.raises(asyncio.CancelledError):
                await task

"""Three people, a group of the first, and what happened last."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from support.communities import enter, found
from support.talk import make_actor

T = TypeVar("T")


@pytest.fixture
async def ann(db: Transaction) -> Actor:
    return await make_actor(db, "ann")


@pytest.fixture
async def bob(db: Transaction) -> Actor:
    return await make_actor(db, "bob")


@pytest.fixture
async def eve(db: Transaction) -> Actor:
    return await make_actor(db, "eve")


@pytest.fixture
async def group(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """Of ann, who owns it, and bob."""
    id = await found(db, ann)
    await enter(db, id, bob)
    db.events.clear()
    return id


@pytest.fixture
def happened(db: Transaction) -> Callable[[type[T]], list[T]]:
    """The events of a kind published so far."""

    def events(kind: type[T]) -> list[T]:
        return [event for event in db.events if isinstance(event, kind)]

    return events

"""Two people, and what happened last."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from support.talk import make_actor

T = TypeVar("T")


@pytest.fixture
async def ann(db: Transaction) -> Actor:
    return await make_actor(db, "ann")


@pytest.fixture
async def bob(db: Transaction) -> Actor:
    return await make_actor(db, "bob")


@pytest.fixture
def happened(db: Transaction) -> Callable[[type[T]], list[T]]:
    """The events of a kind published so far."""

    def events(kind: type[T]) -> list[T]:
        return [event for event in db.events if isinstance(event, kind)]

    return events

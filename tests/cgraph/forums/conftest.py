"""Three people."""

import pytest

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from support.talk import make_actor


@pytest.fixture
async def ann(db: Transaction) -> Actor:
    return await make_actor(db, "ann")


@pytest.fixture
async def bob(db: Transaction) -> Actor:
    return await make_actor(db, "bob")


@pytest.fixture
async def eve(db: Transaction) -> Actor:
    return await make_actor(db, "eve")

"""A group of two people, its first channel, and somebody more."""

from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from support.communities import enter, first_channel, found
from support.talk import make_actor


@pytest.fixture
async def group(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """Of ann, who owns it, and bob."""
    id = await found(db, ann)
    await enter(db, id, bob)
    db.events.clear()
    return id


@pytest.fixture
async def channel(db: Transaction, group: UUID) -> UUID:
    """Its first, which everybody sees."""
    return await first_channel(db, group)


@pytest.fixture
async def carl(db: Transaction, group: UUID) -> Actor:
    """A member, too."""
    carl = await make_actor(db, "carl")
    await enter(db, group, carl)
    return carl

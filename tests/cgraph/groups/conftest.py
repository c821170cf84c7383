"""A group of two people."""

from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from support.communities import enter, found


@pytest.fixture
async def group(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """Of ann, who owns it, and bob."""
    id = await found(db, ann)
    await enter(db, id, bob)
    db.events.clear()
    return id

"""What others have changed waits for others; and the quarters tests write in are there."""

import pytest

from cgraph.search.postgres import PostgresSearch
from cgraph_kit import clock
from cgraph_kit.db import Database, Transaction
from support.indexed import EPOCH, document


@pytest.fixture(scope="session")
async def quarters(database: Database) -> None:
    """Made once, for each takes longer than a test."""
    hours = (clock.now() - EPOCH).total_seconds() / 3600
    some = [document(at=at) for at in (0, 60, hours)]
    backend = PostgresSearch(database)
    async with database.transaction() as tx:
        await backend.index(tx, some, [], version=0)
    await backend.refresh()
    ids = [one.id for one in some]
    await database.value("DELETE FROM search_documents WHERE id = ANY($1)", ids)


@pytest.fixture
async def db(db: Transaction, quarters: None) -> Transaction:
    """Nothing waits to be indexed, and nothing is to be written anew."""
    await db.value("DELETE FROM search_changes")
    await db.value("UPDATE search_rebuilds SET finished_at = now()")
    return db

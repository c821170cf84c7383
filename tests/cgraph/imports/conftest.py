"""Imports are counted over whole tables: whatever tests with real commits have left is put out of sight first."""

import pytest

from cgraph_kit.db import Transaction


@pytest.fixture
async def db(db: Transaction) -> Transaction:
    """No groups and no forums are there; the test's own transaction takes that back."""
    await db.value("TRUNCATE groups, forums CASCADE")
    return db

"""What others have changed waits for others; and the quarters tests write in are there."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from cgraph.search.opensearch import OpenSearchIndex
from cgraph.search.opensearch_indexes import Shape
from cgraph.search.postgres import PostgresSearch
from cgraph_kit import clock
from cgraph_kit.db import Database, Transaction
from cgraph_kit.opensearch import OpenSearch, parse_cluster
from support.indexed import EPOCH, document
from support.opensearch import FakeOpenSearch, fake_opensearch
from support.providers.serving import ca_file


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


@pytest.fixture(scope="session")
async def fake() -> AsyncIterator[FakeOpenSearch]:
    """A server that speaks as OpenSearch does."""
    async with fake_opensearch() as fake:
        yield fake


@pytest.fixture(scope="session")
async def cluster(
    fake: FakeOpenSearch, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OpenSearch]:
    """It, as it is spoken to."""
    trusted = ca_file(tmp_path_factory.mktemp("opensearch"))
    cluster = OpenSearch(parse_cluster(fake.address("tests")), ca_file=trusted)
    yield cluster
    await cluster.close()


@pytest.fixture
def opensearch(
    db: Transaction, fake: FakeOpenSearch, cluster: OpenSearch
) -> Iterator[OpenSearchIndex]:
    """An index there with a prefix of its own, of which nothing is made yet."""
    yield OpenSearchIndex(db, cluster, Shape(f"t{uuid4().hex}"))
    assert fake.refused == []

"""A cluster to talk to, which waits for nothing between two tries."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cgraph_kit.opensearch import OpenSearch, parse_cluster
from support.opensearch import FakeOpenSearch, fake_opensearch
from support.providers.serving import ca_file


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeOpenSearch]:
    for module in ("client", "bulk"):
        monkeypatch.setattr(f"cgraph_kit.opensearch.{module}.BACKOFF", 0.0)
    async with fake_opensearch() as fake:
        yield fake


@pytest.fixture
async def cluster(fake: FakeOpenSearch, tmp_path: Path) -> AsyncIterator[OpenSearch]:
    cluster = OpenSearch(parse_cluster(fake.address("tests")), ca_file=ca_file(tmp_path))
    yield cluster
    await cluster.close()

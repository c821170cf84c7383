"""A bucket on a local S3 server, and a directory."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from cgraph_kit.storage import LocalStorage, S3Options, S3Storage, Storage
from support.buckets import Buckets, buckets


@pytest.fixture(scope="session")
def s3() -> Iterator[Buckets]:
    """A server of its own for this test process."""
    with buckets() as running:
        yield running


@pytest.fixture(params=["directory", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty store of each kind."""
    if request.param == "directory":
        return LocalStorage(tmp_path / "storage")
    running: Buckets = request.getfixturevalue("s3")
    return S3Storage(f"s3://{running.make()}/pre/{uuid4()}", running.options)


@pytest.fixture
def nowhere() -> Storage:
    """A bucket on a server that is not there."""
    options = S3Options(
        endpoint="http://127.0.0.1:1",
        access_key="key",
        secret_key="the secret",
        patience=timedelta(milliseconds=1),
    )
    return S3Storage("s3://bucket", options)

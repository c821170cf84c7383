"""Which index there is: the one beside the data, or the operator's OpenSearch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from pydantic import SecretStr

from cgraph.settings import Settings, SettingsError, variable
from cgraph_kit.db import Repo
from cgraph_kit.opensearch import OpenSearch, parse_cluster

from .backend import SearchBackend
from .opensearch import OpenSearchIndex
from .opensearch_indexes import Shape
from .postgres import PostgresSearch


@asynccontextmanager
async def opening(db: Repo, settings: Settings) -> AsyncIterator[SearchBackend]:
    """Open until the block ends. Nobody is asked yet: a cluster that is away keeps no node from starting.

    Raises `SettingsError`.
    """
    if settings.search_url is None:
        yield PostgresSearch(db)
        return
    cluster = _open(settings, settings.search_url)
    shape = Shape(cluster.cluster.prefix, settings.search_shards, settings.search_replicas)
    try:
        yield OpenSearchIndex(db, cluster, shape)
    finally:
        await cluster.close()


def _open(settings: Settings, url: SecretStr) -> OpenSearch:
    token = settings.search_token
    try:
        return OpenSearch(
            parse_cluster(url.get_secret_value()),
            token=token.get_secret_value() if token else "",
            ca_file=settings.search_ca_file,
        )
    except OSError as error:
        raise SettingsError(f"{variable('search_ca_file')}: {error}") from None


class Health(msgspec.Struct, frozen=True):
    """How a cluster is. `status`: green, yellow (copies are missing) or red (a part is away)."""

    version: str
    status: str


class _Version(msgspec.Struct, frozen=True):
    number: str
    distribution: str = ""


class _About(msgspec.Struct, frozen=True):
    version: _Version


class _Status(msgspec.Struct, frozen=True):
    status: str


async def look_at_cluster(settings: Settings) -> Health | None:
    """Ask it how it is; None: there is none. Raises `SettingsError`, `Away`, and `ValueError` where it is something else."""
    if settings.search_url is None:
        return None
    cluster = _open(settings, settings.search_url)
    try:
        version = (await cluster.ask("GET", "/")).read(_About).version
        if version.distribution != "opensearch":
            raise ValueError(f"{version.distribution or 'something else'} {version.number}")
        status = (await cluster.ask("GET", "/_cluster/health")).read(_Status).status
    finally:
        await cluster.close()
    return Health(version.number, status)

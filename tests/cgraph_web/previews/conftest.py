"""An application that may ask one web site of this machine, and its jobs when the test says so."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from cgraph import application, previews
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit.jobs import testing
from support.limits import RAISED
from support.web_site import WebSite, web_site

Work = Callable[..., Awaitable[None]]


@pytest.fixture(scope="session")
async def app(clones: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    settings = Settings(
        env="test",
        database_url=await clones.make(),
        data_dir=tmp_path_factory.mktemp("previews"),
        queues={},
        link_preview_allow_networks=("127.0.0.1/32",),
        argon2_time_cost=1,
        argon2_memory_kib=8,
        **RAISED,
    )
    async with application.start(settings) as app:
        yield app


@pytest.fixture
async def site() -> AsyncIterator[WebSite]:
    async with web_site() as site:
        yield site


@pytest.fixture
def work(app: App) -> Work:
    """`await work()`: every page that is to be read has been; with `later`, what waits for its turn, too."""

    async def work(*, later: bool = False) -> None:
        workers = [previews.read_link]
        await testing.drain(app.db, app, workers, queue="previews", scheduled=later)

    return work

"""An application to which files are brought."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from cgraph import application
from cgraph.application import App
from cgraph.settings import Settings
from support.limits import RAISED

Upload = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
async def app(clones: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    settings = Settings(
        env="test",
        database_url=await clones.make(),
        data_dir=tmp_path_factory.mktemp("files"),
        queues={},
        file_max=8 * 1024 * 1024,
        file_quota=40 * 1024 * 1024,
        media_wait_seconds=60,
        argon2_time_cost=1,
        argon2_memory_kib=8,
        **RAISED,
    )
    async with application.start(settings) as app:
        yield app


@pytest.fixture
def upload(ada: Any) -> Upload:
    """`await upload(content, name)`: what Ann is answered."""

    async def send(content: bytes, name: str = "a.bin", **headers: str) -> Any:
        sent = {"content-type": "application/x-anything", "x-file-name": name} | headers
        return await ada.send("POST", "/api/v1/files", body=content, headers=sent)

    return send

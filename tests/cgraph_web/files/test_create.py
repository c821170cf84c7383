"""Files over HTTP, as a browser and an app would bring and fetch them."""

import hashlib
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cgraph import application
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_web.app import create_app
from support.limits import RAISED
from support.people import Person, register

PATH = "/api/v1/files"


def png(width: int = 3, height: int = 2) -> bytes:
    """A small picture."""
    rows = b"".join(b"\0" + bytes([200, 30, 60] * width) for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )


@pytest.fixture(scope="module")
async def app(clones: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    settings = Settings(
        env="test",
        database_url=await clones.make(),
        data_dir=tmp_path_factory.mktemp("files"),
        queues={},
        argon2_time_cost=1,
        argon2_memory_kib=8,
        **RAISED,
    )
    async with application.start(settings) as app:
        yield app


@pytest.fixture
def site(app: App, web: Any) -> Any:
    """Nobody; `site.as_(token)` is somebody."""
    caller = web().as_(None)
    caller.asgi = create_app(app)
    return caller


@pytest.fixture
async def ann(app: App) -> Person:
    return await register(app)


class TestCreate:
    async def test_a_picture_comes_back(self, site: Any, ann: Person) -> None:
        ada = site.as_(ann.token)
        made = await ada.send(
            "POST", PATH, body=png(), headers={"content-type": "image/png", "x-file-name": "a.png"}
        )
        assert made.status == 201, made.body
        file = made.json["data"]
        assert (file["state"], file["content_type"], file["width"]) == ("ready", "image/png", 3)
        got = await ada.get(f"{PATH}/{file['id']}")
        assert got.status == 200
        assert got.headers["content-type"] == "image/png"
        assert got.headers["etag"] == f'"{hashlib.sha256(got.body).hexdigest()}"'
        assert len(got.body) == file["size"]

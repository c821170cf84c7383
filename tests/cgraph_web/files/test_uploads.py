"""Uploading in pieces."""

import asyncio
import hashlib
from typing import Any

import pytest

from support.pictures import png

PATH = "/api/v1/uploads"


@pytest.fixture
def begin(ada: Any) -> Any:
    """`await begin(size)`: the address of a new upload."""

    async def send(size: int, **given: Any) -> str:
        begun = await ada.post(PATH, {"name": "a.txt", "size": size} | given)
        assert begun.status == 201, begun.body
        return f"{PATH}/{begun.json['data']['id']}"

    return send


async def add(ada: Any, path: str, offset: int | str, *pieces: bytes) -> Any:
    headers = {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
    return await ada.send("PATCH", path, chunks=pieces, headers=headers)


class TestAppend:
    async def test_goes_on_where_it_was_interrupted(self, ada: Any, begin: Any) -> None:
        path = await begin(11)
        assert (await add(ada, path, 0, b"hello", b" ")).headers["upload-offset"] == "6"
        cut = await ada.send(
            "PATCH",
            path,
            chunks=[b"wo", None],
            headers={"upload-offset": "6", "content-length": "5"},
        )
        assert cut.status == 0
        head = await ada.send("HEAD", path)
        assert (head.status, head.headers["upload-offset"], head.body) == (200, "6", b"")
        assert (await add(ada, path, 6, b"world")).json["data"]["offset"] == 11
        made = await ada.post(f"{path}/finish")
        assert made.status == 201, made.body
        got = await ada.get(f"/api/v1/files/{made.json['data']['id']}")
        assert got.body == b"hello world"

    async def test_the_same_piece_again_is_well(self, ada: Any, begin: Any) -> None:
        path = await begin(6)
        await add(ada, path, 0, b"abc")
        again = await add(ada, path, 0, b"ab", b"c")
        assert (again.status, again.json["data"]["offset"]) == (200, 3)
        assert (await add(ada, path, 3, b"")).json["data"]["offset"] == 3

    @pytest.mark.parametrize(
        ("offset", "piece"),
        [(0, b"abd"), (0, b"ab"), (0, b"abcd"), (1, b"bc"), (4, b"d"), (9, b"")],
    )
    async def test_another_piece_there_is_told_where_it_goes_on(
        self, ada: Any, begin: Any, offset: int, piece: bytes
    ) -> None:
        path = await begin(9)
        await add(ada, path, 0, b"abc")
        answer = await add(ada, path, offset, piece)
        assert (answer.status, answer.code) == (409, "upload_offset_mismatch")
        assert answer.error["offset"] == 3

    @pytest.mark.parametrize("offset", ["", "-1", "x", "9" * 19, "1.0"])
    async def test_an_offset_that_is_none(self, ada: Any, begin: Any, offset: str) -> None:
        answer = await add(ada, await begin(9), offset, b"a")
        assert (answer.status, list(answer.error["fields"])) == (422, ["Upload-Offset"])

    async def test_more_than_was_declared(self, ada: Any, begin: Any) -> None:
        path = await begin(4)
        answer = await add(ada, path, 0, b"abc", b"de")
        assert (answer.status, answer.code) == (413, "file_too_large")
        assert (await ada.get(path)).json["data"]["offset"] == 0

    async def test_of_many_writers_one_wins_each_round(self, ada: Any, begin: Any) -> None:
        path = await begin(6)
        for offset, piece in ((0, b"abc"), (3, b"def")):
            same = [add(ada, path, offset, piece) for _ in range(3)]
            other = [add(ada, path, offset, b"xyz")]
            answers = await asyncio.gather(*same, *other)
            assert {answer.status for answer in answers} <= {200, 409}
        made = await ada.post(f"{path}/finish")
        got = await ada.get(f"/api/v1/files/{made.json['data']['id']}")
        assert got.body[:3] in {b"abc", b"xyz"}
        assert got.body[3:] in {b"def", b"xyz"}


class TestFinish:
    async def test_not_before_everything_is_there(self, ada: Any, begin: Any) -> None:
        path = await begin(4)
        assert (await ada.post(f"{path}/finish")).code == "file_empty"
        await add(ada, path, 0, b"abc")
        answer = await ada.post(f"{path}/finish")
        assert (answer.status, answer.code, answer.error["offset"]) == (409, "upload_incomplete", 3)

    async def test_again_is_well(self, ada: Any, begin: Any) -> None:
        content = png(5, 5)
        path = await begin(len(content))
        await add(ada, path, 0, content)
        one, two = await asyncio.gather(ada.post(f"{path}/finish"), ada.post(f"{path}/finish"))
        three = await ada.post(f"{path}/finish")
        assert one.json == two.json == three.json
        assert one.json["data"]["content_type"] == "image/png"
        assert (await ada.get(path)).code == "upload_not_found"
        assert (await add(ada, path, 0, b"x")).code == "upload_not_found"
        assert (await ada.send("DELETE", path)).code == "upload_not_found"

    async def test_the_declared_checksum_must_be_that_of_the_bytes(
        self, ada: Any, begin: Any
    ) -> None:
        for content, status in ((b"abc", 201), (b"abd", 422)):
            path = await begin(3, sha256=hashlib.sha256(b"abc").hexdigest().upper())
            await add(ada, path, 0, content)
            answer = await ada.post(f"{path}/finish")
            assert answer.status == status
        assert answer.code == "file_checksum_mismatch"


class TestAbandon:
    async def test_gives_back_what_it_took(self, ada: Any, begin: Any) -> None:
        path = await begin(1000)
        await add(ada, path, 0, b"abc")
        assert (await ada.get("/api/v1/me/storage")).json["data"]["used"] == 1000
        assert (await ada.send("DELETE", path)).status == 204
        assert (await ada.get("/api/v1/me/storage")).json["data"]["used"] == 0
        assert (await ada.get(path)).status == 404


class TestCreate:
    @pytest.mark.parametrize(
        ("given", "status"),
        [({"size": 0}, 422), ({"size": 9 * 1024 * 1024}, 413), ({"sha256": "x"}, 422)],
    )
    async def test_what_cannot_be(self, ada: Any, given: dict[str, Any], status: int) -> None:
        assert (await ada.post(PATH, {"name": "a", "size": 1} | given)).status == status

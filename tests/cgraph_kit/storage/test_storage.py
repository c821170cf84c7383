"""The same behaviour from a directory and from a bucket."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from cgraph_kit.storage import AlreadyStored, NotStored, Storage, StorageError
from cgraph_kit.storage.objects import PART

MIB = 1024 * 1024


async def keys(storage: Storage, folder: str) -> set[str]:
    return {found.key async for found in storage.list(folder)}


async def joined(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def pieces(size: int, *, broken: bool = False) -> AsyncIterator[bytes]:
    block = bytes(range(256)) * 4096
    for start in range(0, size, len(block)):
        yield block[: size - start]
    if broken:
        raise ArithmeticError("the writer broke")


class TestPut:
    async def test_what_is_put_is_got(self, storage: Storage) -> None:
        await storage.put("a/b.txt", b"hello")
        assert await storage.get("a/b.txt") == b"hello"

    async def test_replaces(self, storage: Storage) -> None:
        await storage.put("a", b"old")
        await storage.put("a", b"new")
        assert await storage.get("a") == b"new"

    async def test_takes_nothing_for_an_object_too(self, storage: Storage) -> None:
        await storage.put("a", b"")
        assert await storage.get("a") == b""
        assert await joined(storage.stream("a")) == b""

    async def test_a_stream_of_several_parts(self, storage: Storage) -> None:
        size = 2 * PART + 5
        await storage.put("big", pieces(size))
        found = await storage.head("big")
        assert found is not None
        assert found.size == size
        digest = hashlib.sha256(await joined(storage.stream("big"))).digest()
        assert digest == hashlib.sha256(await joined(pieces(size))).digest()

    async def test_smaller_parts_for_who_has_little_room(self, storage: Storage) -> None:
        size = 11 * MIB + 5
        await storage.put("big", pieces(size), part=5 * MIB)
        read = [piece async for piece in storage.stream("big", start=3, part=4 * MIB)]
        assert [len(piece) for piece in read] == [4 * MIB, 4 * MIB, 3 * MIB + 2]
        assert b"".join(read) == (await joined(pieces(size)))[3:]

    async def test_of_many_at_once_one_is_there_whole(self, storage: Storage) -> None:
        async def filled(byte: int) -> AsyncIterator[bytes]:
            for _ in range(3):
                yield bytes([byte]) * (2 * MIB)

        await asyncio.gather(*(storage.put("a", filled(n), part=5 * MIB) for n in range(4)))
        got = await storage.get("a")
        assert (len(got), len(set(got))) == (6 * MIB, 1)

    async def test_a_stream_that_breaks_stores_nothing(self, storage: Storage) -> None:
        with pytest.raises(ArithmeticError):
            await storage.put("a/b", pieces(PART + 1, broken=True))
        assert await storage.head("a/b") is None
        assert await keys(storage, "a") == set()

    async def test_a_stream_that_breaks_leaves_what_was_there(self, storage: Storage) -> None:
        await storage.put("a", b"old")
        with pytest.raises(ArithmeticError):
            await storage.put("a", pieces(10, broken=True))
        assert await storage.get("a") == b"old"

    @pytest.mark.parametrize(
        "key",
        ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a b", "a\n", "ä", "a#1", "a" * 513],
    )
    async def test_what_is_no_key_is_refused(self, storage: Storage, key: str) -> None:
        with pytest.raises(ValueError, match="not a key"):
            await storage.put(key, b"")


class TestCreate:
    async def test_stores_what_is_new(self, storage: Storage) -> None:
        await storage.create("a", b"1")
        assert await storage.get("a") == b"1"

    async def test_refuses_what_is_there(self, storage: Storage) -> None:
        await storage.create("a", b"1")
        with pytest.raises(AlreadyStored):
            await storage.create("a", b"2")
        assert await storage.get("a") == b"1"

    async def test_of_many_at_once_one_wins(self, storage: Storage) -> None:
        tries = [storage.create("a", b"%d" % number) for number in range(8)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(result) for result in results].count(AlreadyStored) == 7
        assert await storage.get("a") == b"%d" % results.index(None)


class TestGet:
    async def test_what_is_not_there(self, storage: Storage) -> None:
        with pytest.raises(NotStored, match="has no a/b"):
            await storage.get("a/b")


class TestStream:
    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            (0, None, b"0123456789"),
            (3, None, b"3456789"),
            (3, 5, b"34"),
            (8, 99, b"89"),
            (10, None, b""),
            (5, 5, b""),
        ],
    )
    async def test_a_range(
        self, storage: Storage, start: int, end: int | None, expected: bytes
    ) -> None:
        await storage.put("a", b"0123456789")
        assert await joined(storage.stream("a", start=start, end=end)) == expected

    async def test_what_is_not_there(self, storage: Storage) -> None:
        with pytest.raises(NotStored):
            await joined(storage.stream("a"))

    async def test_what_is_replaced_meanwhile_is_not_mixed(self, storage: Storage) -> None:
        await storage.put("a", pieces(PART + 1))
        stream = storage.stream("a")
        await anext(stream)
        await storage.put("a", pieces(PART + 2))
        with pytest.raises(StorageError):
            await anext(stream)


class TestHead:
    async def test_tells_size_and_changes_its_tag(self, storage: Storage) -> None:
        await storage.put("a", b"123")
        first = await storage.head("a")
        await storage.put("a", b"12345")
        second = await storage.head("a")
        assert first is not None
        assert second is not None
        assert (first.size, second.size) == (3, 5)
        assert first.tag != second.tag
        assert first.modified <= second.modified

    async def test_none_of_what_is_not_there(self, storage: Storage) -> None:
        assert await storage.head("a") is None


class TestList:
    async def test_everything_below_a_folder_only(self, storage: Storage) -> None:
        for key in ("a/1", "a/b/2", "ab/3", "c"):
            await storage.put(key, b"")
        assert await keys(storage, "a") == {"a/1", "a/b/2"}

    async def test_a_folder_that_is_not_there_is_empty(self, storage: Storage) -> None:
        assert await keys(storage, "none") == set()


class TestDelete:
    async def test_removes_these_only(self, storage: Storage) -> None:
        for key in ("a/1", "a/2", "a/3"):
            await storage.put(key, b"")
        await storage.delete("a/1", "a/3")
        assert await keys(storage, "a") == {"a/2"}

    async def test_what_is_not_there_is_well(self, storage: Storage) -> None:
        await storage.delete("a/1")

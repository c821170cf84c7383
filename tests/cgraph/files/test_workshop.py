"""From quarantine to what is kept, or not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import files
from cgraph.files import FileNotFound, Limits, NewUpload, Workshop
from cgraph_kit import clock
from cgraph_kit.media import ScannerAway
from cgraph_kit.storage import Storage, StorageError

from .conftest import Desk


class Virus:
    """A scanner that finds what it is told to; away until it is told anything."""

    def __init__(self) -> None:
        self.finds: str | None = ""

    async def scan(self, _path: Path) -> str | None:
        if self.finds == "":
            raise ScannerAway("clamd: away")
        return self.finds


async def used(desk: Desk) -> int:
    return (await files.get_usage(desk.db, desk.owner)).used


async def later(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    then = clock.now() + timedelta(hours=hours)
    monkeypatch.setattr(clock, "now", lambda: then)


class TestProcess:
    async def test_nothing_is_kept_unscanned(self, desk: Desk) -> None:
        virus = Virus()
        workshop = Workshop(
            desk.db,
            desk.storage,
            limits=desk.workshop.limits,
            scanner=virus,  # type: ignore[arg-type]
        )
        id: Any = await desk.bring(b"plain")
        await workshop.process(id)
        assert (await files.get_file(desk.db, desk.owner, id)).state == "processing"
        with pytest.raises(FileNotFound):
            await files.get_content(desk.db, {}, desk.owner, id)
        with pytest.raises(ScannerAway):
            await workshop.finish(id)
        virus.finds = None
        await workshop.finish(id)
        assert (await files.get_file(desk.db, desk.owner, id)).state == "ready"
        virus.finds = "Eicar"
        other: Any = await desk.bring(b"bad")
        await workshop.finish(other)
        assert (await files.get_file(desk.db, desk.owner, other)).refusal == "file_infected"
        await files.collect(desk.db, desk.storage)
        assert await desk.keys("files/incoming") == []

    @pytest.mark.parametrize("blocked", ["text/plain", "text/*"])
    async def test_blocked_types_are_refused(self, desk: Desk, blocked: str) -> None:
        workshop = Workshop(desk.db, desk.storage, limits=Limits(file_blocked_types=(blocked,)))
        id: Any = await desk.bring(b"words")
        await workshop.finish(id)
        file = await files.get_file(desk.db, desk.owner, id)
        assert (file.state, file.refusal) == ("refused", "file_type_blocked")
        assert await used(desk) == 0

    async def test_two_at_once_decide_it_once(self, desk: Desk) -> None:
        id: Any = await desk.bring(b"twice " + uuid4().bytes.hex().encode())
        other = Workshop(desk.db, desk.storage)
        await asyncio.gather(desk.workshop.finish(id), other.finish(id))
        refs = "SELECT b.refs FROM file_blobs b JOIN files f ON f.blob_id = b.id WHERE f.id = $1"
        assert await desk.db.value(refs, id) == 1
        await files.collect(desk.db, desk.storage)
        assert len(await desk.keys()) == 1

    async def test_the_same_content_at_once_is_kept_once(self, desk: Desk) -> None:
        content = b"same " + uuid4().bytes.hex().encode()
        ids: list[Any] = [await desk.bring(content) for _ in range(3)]
        await asyncio.gather(*(desk.workshop.finish(id) for id in ids))
        refs = "SELECT b.refs FROM file_blobs b JOIN files f ON f.blob_id = b.id WHERE f.id = $1"
        assert await desk.db.value(refs, ids[0]) == 3
        await files.collect(desk.db, desk.storage)
        assert len(await desk.keys("files/blobs")) == 1
        assert await used(desk) == 3 * len(content)
        for id in ids:
            await files.delete_file(desk.db, desk.owner, id)
        await files.collect(desk.db, desk.storage)
        assert await desk.keys() == []
        assert await used(desk) == 0


class TestForgetUnused:
    async def test_what_nobody_attached_goes_after_a_day(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept, lost = [await self._ready(desk) for _ in range(2)]
        begun = await files.begin_upload(desk.db, desk.owner, NewUpload("a", 9))
        async with desk.db.transaction() as tx:
            await files.claim(tx, desk.owner, [kept], kind="message", item_id=uuid4())
        await later(monkeypatch, 23)
        await files.forget_unused(desk.db)
        assert await files.get_upload(desk.db, desk.owner, begun.id)
        await later(monkeypatch, 2)
        await files.forget_unused(desk.db)
        await files.collect(desk.db, desk.storage)
        assert (await files.get_file(desk.db, desk.owner, kept)).state == "ready"
        for id in (lost, begun.id):
            with pytest.raises(FileNotFound):
                await files.get_file(desk.db, desk.owner, id)
        assert len(await desk.keys()) == 1

    async def test_what_could_not_be_looked_at_is_refused(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        id: Any = await desk.bring(b"waits")
        await later(monkeypatch, 25)
        await files.forget_unused(desk.db)
        file = await files.get_file(desk.db, desk.owner, id)
        assert (file.refusal, await used(desk)) == ("file_not_looked_at", 0)

    async def test_a_claim_wins_or_finds_nothing(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = [await self._ready(desk) for _ in range(8)]
        await later(monkeypatch, 25)

        async def hang(id: UUID) -> bool:
            async with desk.db.transaction() as tx:
                await files.claim(tx, desk.owner, [id], kind="message", item_id=uuid4())
            return True

        claims = [hang(id) for id in ids]
        collecting = [files.forget_unused(desk.db) for _ in range(2)]
        results = await asyncio.gather(
            *claims[:4], *collecting, *claims[4:], return_exceptions=True
        )
        won = [
            id for id, result in zip(ids, results[:4] + results[6:], strict=True) if result is True
        ]
        there = "SELECT id FROM files WHERE id = ANY($1)"
        assert set(await desk.db.values(there, ids)) == set(won)
        rest = [result for result in results if not isinstance(result, int)]
        assert all(isinstance(result, FileNotFound) for result in rest)

    async def _ready(self, desk: Desk) -> Any:
        id: Any = await desk.bring(uuid4().bytes.hex().encode())
        await desk.workshop.finish(id)
        return id


class TestCollect:
    async def test_a_writer_taken_for_dead_makes_nothing_its_own(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = await files.begin_upload(desk.db, desk.owner, NewUpload("a", 3))

        async def slow() -> Any:
            yield b"abc"
            await later(monkeypatch, 3)
            await files.collect(desk.db, desk.storage)

        with pytest.raises(Exception, match="took too long"):
            await files.write_piece(desk.db, desk.storage, desk.owner, begun.id, slow(), offset=0)
        assert (await files.get_upload(desk.db, desk.owner, begun.id)).offset == 0

    async def test_what_the_store_refuses_waits_and_the_rest_goes(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys = [f"files/incoming/{uuid4()}" for _ in range(6)]
        for key in keys:
            await desk.storage.put(key, _pieces(b"x"))
        await files.doom(desk.db, keys)
        stubborn = Stubborn(desk.storage, {keys[0], keys[3]})
        assert await files.collect(desk.db, stubborn) >= 4  # type: ignore[arg-type]
        assert sorted(await desk.keys("files/incoming")) == sorted([keys[0], keys[3]])
        assert await files.collect(desk.db, desk.storage) == 0
        await later(monkeypatch, 2)
        await files.collect(desk.db, desk.storage)
        assert await desk.keys("files/incoming") == []

    async def test_a_store_that_is_away_is_told_of(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await files.collect(desk.db, desk.storage)
        keys = [f"files/incoming/{uuid4()}" for _ in range(9)]
        await files.doom(desk.db, keys)
        away = Stubborn(desk.storage, set(keys))
        with pytest.raises(StorageError):
            await files.collect(desk.db, away)  # type: ignore[arg-type]
        assert away.asked == 3
        await later(monkeypatch, 2)
        assert await files.collect(desk.db, desk.storage) == 9


class Stubborn:
    """A store that will not remove some objects."""

    def __init__(self, storage: Storage, keeps: set[str]) -> None:
        self._storage = storage
        self._keeps = keeps
        self.asked = 0

    async def delete(self, *keys: str) -> None:
        for key in keys:
            self.asked += 1
            if key in self._keeps:
                raise StorageError(f"{key}: it is locked")
            await self._storage.delete(key)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content

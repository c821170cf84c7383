"""Nobody's many files hold up somebody's one, and what is kept is what there is room for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cgraph import files
from cgraph.application import App
from cgraph.files import Limits, Workshop
from cgraph.files import workshop as module
from cgraph_kit.jobs import testing
from cgraph_kit.media import Bounds, Looked
from support.people import register
from support.pictures import image, png

from .conftest import Desk


def is_png(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG")


async def arriving(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


class Slow:
    """A worker that is never done with images until it is told so."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.images = 0

    async def look(self, source: Path, _folder: Path, _bounds: Bounds) -> Looked:
        if is_png(source):
            self.images += 1
            await self.go_on.wait()
        return Looked("application/x-thing")


class Away:
    """A scanner that does not answer until it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.asked = 0

    async def scan(self, path: Path) -> str | None:
        self.asked += 1
        if is_png(path):
            await self.go_on.wait()
        return None


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr(module, "look", made.look)
    return made


def limited(desk: Desk, limits: Limits, **options: Any) -> Desk:
    """The same desk with other numbers."""
    workshop = Workshop(desk.db, desk.storage, limits=limits, **options)
    return Desk(desk.db, workshop, desk.owner)


class TestProcess:
    async def test_what_needs_no_decoder_does_not_wait_for_images(
        self, desk: Desk, slow: Slow, app: App
    ) -> None:
        ids: list[Any] = [await desk.bring(png(9 + n, 9)) for n in range(4)]
        at_work = [asyncio.create_task(desk.workshop.finish(id)) for id in ids]
        bob = Desk(app.db, desk.workshop, (await register(app)).actor)
        for one in (desk, bob):
            text: Any = await one.bring(b"hello " + one.owner.id.bytes.hex().encode())
            async with asyncio.timeout(20):
                await one.workshop.finish(text)
            assert (await files.get_file(one.db, one.owner, text)).state == "ready"
        assert not any(task.done() for task in at_work)
        slow.go_on.set()
        await asyncio.gather(*at_work)

    async def test_an_image_in_tiny_pieces_waits_for_images(self, desk: Desk, slow: Slow) -> None:
        one = limited(desk, Limits(media_workers=1))
        ids: list[Any] = []
        for _ in range(2):
            begun = await files.begin_upload(desk.db, desk.owner, files.NewUpload("a", 64))
            for offset, piece in ((0, b"\x89P"), (2, b"NG\r\n\x1a\n" + bytes(56))):
                await files.write_piece(
                    desk.db, desk.storage, desk.owner, begun.id, arriving(piece), offset=offset
                )
            ids.append(await files.finish_upload(desk.db, desk.owner, begun.id))
        at_work = [asyncio.create_task(one.workshop.finish(id)) for id in ids]
        async with asyncio.timeout(20):
            while not slow.images:  # noqa: ASYNC110 (a bounded poll)
                await asyncio.sleep(0.01)
            text: Any = await one.bring(b"words in between")
            await one.workshop.finish(text)
        assert slow.images == 1
        slow.go_on.set()
        await asyncio.gather(*at_work)

    async def test_a_scanner_that_is_slow_holds_no_place_of_images(
        self, desk: Desk, app: App
    ) -> None:
        scanner = Away()
        slow_desk = limited(desk, Limits(media_workers=1), scanner=scanner)
        ids: list[Any] = [await slow_desk.bring(png(7, 20 + n)) for n in range(3)]
        at_work = [asyncio.create_task(slow_desk.workshop.finish(id)) for id in ids]
        async with asyncio.timeout(20):
            while scanner.asked < len(ids):  # noqa: ASYNC110 (a bounded poll)
                await asyncio.sleep(0.01)
        scanner.go_on.set()
        await asyncio.gather(*at_work)
        shown = [await files.get_file(desk.db, desk.owner, id) for id in ids]
        assert {file.state for file in shown} == {"ready"}

    async def test_what_was_sent_is_blocked_though_another_type_is_made_of_it(
        self, desk: Desk
    ) -> None:
        avif = bytes(image(40, 30).heifsave_buffer(compression="av1"))
        blocking = limited(desk, Limits(file_blocked_types=("image/avif",)))
        id: Any = await blocking.bring(avif)
        await blocking.workshop.finish(id)
        assert (await files.get_file(desk.db, desk.owner, id)).refusal == "file_type_blocked"

    async def test_what_has_grown_needs_room(self, desk: Desk) -> None:
        small = png(64, 64)
        full = limited(desk, Limits(file_quota=len(small)))
        id: Any = await full.bring(small)
        grown = b"\x89PNG" + bytes(len(small))

        async def look(_source: Path, folder: Path, _bounds: Bounds) -> Looked:
            (folder / "content").write_bytes(grown)
            return Looked("image/png", rewritten=True)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "look", look)
            await full.workshop.finish(id)
        assert (await files.get_file(desk.db, desk.owner, id)).refusal == "file_quota_exceeded"
        assert (await files.get_usage(desk.db, desk.owner)).used == 0

    async def test_nothing_grows_without_end(self, desk: Desk) -> None:
        small = png(3, 3)
        most = limited(desk, Limits(file_max=len(small)))
        id: Any = await most.bring(small)

        async def look(_source: Path, folder: Path, _bounds: Bounds) -> Looked:
            (folder / "content").write_bytes(bytes(2 * len(small) + 1))
            return Looked("image/png", rewritten=True)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "look", look)
            await most.workshop.finish(id)
        assert (await files.get_file(desk.db, desk.owner, id)).refusal == "file_too_large"


class Taking:
    """A workshop that notes whose turn it was."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    async def finish(self, file_id: Any) -> None:
        self.taken.append(file_id)


class TestLookAtFile:
    async def test_what_a_process_left_behind_is_taken_in_turn(self, desk: Desk, app: App) -> None:
        await app.db.value("DELETE FROM jobs WHERE queue = 'media'")
        bob = Desk(app.db, desk.workshop, (await register(app)).actor)
        many = [await desk.bring(b"one of many") for _ in range(20)]
        few = [await bob.bring(b"one of few") for _ in range(3)]
        taking: Any = SimpleNamespace(workshop=Taking())
        await testing.drain(app.db, taking, [files.look_at_file], queue="media", scheduled=True)
        taken = taking.workshop.taken
        assert sorted(taken) == sorted([*many, *few])
        assert [taken.index(id) for id in few] == [1, 3, 6]
        assert [id for id in taken if id in many] == many


class TestFinishUpload:
    async def test_only_so_many_wait_to_be_looked_at(self, desk: Desk) -> None:
        few = limited(desk, Limits(files_waiting_max=2))
        begun = await files.begin_upload(desk.db, desk.owner, files.NewUpload("a", 3))
        ids: list[Any] = [await few.bring(b"one"), await few.bring(b"two")]
        with pytest.raises(files.TooManyWaiting):
            await few.bring(b"three")
        await files.write_piece(
            desk.db, desk.storage, desk.owner, begun.id, arriving(b"abc"), offset=0
        )
        limits = few.workshop.limits
        with pytest.raises(files.TooManyWaiting):
            await files.finish_upload(desk.db, desk.owner, begun.id, limits=limits)
        await few.workshop.finish(ids[0])
        await files.finish_upload(desk.db, desk.owner, begun.id, limits=limits)

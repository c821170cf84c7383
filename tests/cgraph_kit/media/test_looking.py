"""A worker that does not come to an end by itself."""

import asyncio
import signal
import subprocess
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cgraph_kit.media import Bounds, WorkerFailed, images, look, looking, trial, try_out
from cgraph_kit.media.samples import SAMPLES
from cgraph_kit.media.task import Task
from support.pictures import gif, jpeg, png

BOUNDS = Bounds(pixels_max=50_000_000, memory_mib=1024, seconds=20)


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def read(path: Path) -> str:
    return path.read_text("latin-1")


class TestLook:
    async def test_too_little_memory_is_its_own_end(self, source: Path, tmp_path: Path) -> None:
        write(source, png(7000, 7000, rows=bytes(7000 * 21_001)))
        try:
            looked = await look(source, tmp_path, Bounds(50_000_000, 64, 20))
        except WorkerFailed:
            return
        assert looked.fault is not None

    async def test_a_picture_as_large_as_it_may_be_fits(self, source: Path, tmp_path: Path) -> None:
        write(source, png(7000, 7000, rows=bytes(7000 * 21_001)))
        looked = await look(source, tmp_path, BOUNDS)
        assert (looked.fault, looked.width) == (None, 7000)
        assert 0 < looked.rss_mib < 512

    async def test_one_that_hangs_is_ended(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(source, b"x")
        monkeypatch.setattr(looking, "WORKER", ("/bin/sh", "-c", "exec sleep 100"))
        with pytest.raises(WorkerFailed, match="too long"):
            await look(source, tmp_path, Bounds(1, 128, -6))

    @pytest.mark.parametrize("command", [("/bin/false",), ("/bin/echo", "nonsense")])
    async def test_one_that_answers_nothing(
        self,
        source: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        command: Any,
    ) -> None:
        write(source, b"x")
        monkeypatch.setattr(looking, "WORKER", command)
        with pytest.raises(WorkerFailed):
            await look(source, tmp_path, BOUNDS)

    async def test_one_that_answers_without_end_is_not_heard(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(source, b"x")
        monkeypatch.setattr(looking, "WORKER", ("/bin/sh", "-c", "head -c 40000000 /dev/zero"))
        tracemalloc.start()
        try:
            with pytest.raises(WorkerFailed):
                await look(source, tmp_path, BOUNDS)
            assert tracemalloc.get_traced_memory()[1] < 4 * looking.ANSWER_MAX
        finally:
            tracemalloc.stop()

    async def test_one_that_nobody_waits_for_is_ended(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(source, b"x")
        monkeypatch.setattr(looking, "WORKER", ("/bin/sh", "-c", "exec sleep 100"))
        started: list[Any] = []
        begin, going, ended = threading.Event(), threading.Event(), threading.Event()

        class Late(subprocess.Popen[bytes]):
            def __init__(self, *args: Any, **options: Any) -> None:
                going.set()
                begin.wait(20)
                super().__init__(*args, **options)
                started.append(self)

            def wait(self, timeout: float | None = None) -> int:
                code = super().wait(timeout)
                ended.set()
                return code

        monkeypatch.setattr(looking.subprocess, "Popen", Late)
        waiting = asyncio.create_task(look(source, tmp_path, BOUNDS))
        await asyncio.to_thread(going.wait, 20)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        begin.set()
        assert await asyncio.to_thread(ended.wait, 20)
        assert started[0].returncode == -signal.SIGKILL

    async def test_it_is_told_none_of_our_secrets(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(source, b"x")
        monkeypatch.setenv("JWT_SECRET", "hush")
        monkeypatch.setattr(looking, "WORKER", ("/bin/sh", "-c", f"env > {tmp_path}/env; false"))
        with pytest.raises(WorkerFailed):
            await look(source, tmp_path, BOUNDS)
        assert "hush" not in read(tmp_path / "env")

    async def test_moving_pictures_keep_moving(self, source: Path, tmp_path: Path) -> None:
        write(source, gif(40, 30, frames=3))
        looked = await look(source, tmp_path, BOUNDS)
        assert (looked.content_type, looked.frames) == ("image/gif", 3)
        assert (looked.width, looked.height) == (40, 30)
        assert [one.name for one in looked.thumbnails] == ["320"]

    async def test_the_same_bytes_become_the_same(self, source: Path, tmp_path: Path) -> None:
        write(source, jpeg(50, 50))
        made: set[str] = set()
        for _ in range(2):
            await look(source, tmp_path, BOUNDS)
            made.add(read(tmp_path / "content"))
        assert len(made) == 1


class TestTryOut:
    async def test_this_machine_makes_every_kind_anew_and_holds_the_bound(self) -> None:
        tried = await try_out(BOUNDS)
        assert (tried.failed, tried.held) == ([], True)
        assert tried.version.count(".") == 2

    async def test_says_why_it_cannot(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for command, reason in {
            "echo warning >&2; echo 'no libvips' >&2; exit 1": "^no libvips$",
            "exit 3": "ended with 3",
        }.items():
            monkeypatch.setattr(looking, "TRIAL", ("/bin/sh", "-c", command))
            with pytest.raises(WorkerFailed, match=reason):
                await try_out(BOUNDS)

    async def test_waits_no_longer_than_for_a_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(looking, "TRIAL", ("/bin/sh", "-c", "exec sleep 100"))
        with pytest.raises(WorkerFailed, match="timed out"):
            await try_out(Bounds(1, 128, -6))

    def test_notices_what_cannot_be_made_anew(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = Task("", str(tmp_path), 50_000_000, 1024, 20)
        write(tmp_path / "png", b"no picture")
        assert not trial._can_remake(task, "image/png")
        write(tmp_path / "png", SAMPLES["image/png"])
        assert trial._can_remake(task, "image/png")
        monkeypatch.setitem(images.LOADERS, "image/png", ("VipsForeignLoadPng", "nosuchload"))
        assert not trial._can_remake(task, "image/png")

    def test_notices_that_nothing_holds_it(self, tmp_path: Path) -> None:
        assert not trial._is_held(Task("", str(tmp_path), 1, 1, 1))

"""Having a file looked at: a process for each, with an end to its time and memory whatever it does."""

import asyncio
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import msgspec

from .task import Looked, Picture, Task, Trial

__all__ = ["Bounds", "Looked", "Picture", "Trial", "WorkerFailed", "look", "try_out"]

ANSWER_MAX = 256 * 1024
WORKER = (sys.executable, "-I", "-m", "cgraph_kit.media.worker")
TRIAL = (sys.executable, "-I", "-m", "cgraph_kit.media.trial")
ENVIRONMENT = {"LANG": "C.UTF-8", "VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "2"}
"""All of it: secrets of this process are none of the worker's business."""
_THREADS = ThreadPoolExecutor(64, "media")
"""Made as they are needed; how many files are looked at at a time is the caller's business."""


class WorkerFailed(Exception):
    """It ended without an answer: out of memory, out of time, or killed by what it read."""


class Bounds(msgspec.Struct, frozen=True):
    """What looking at one file may take."""

    pixels_max: int
    """Width times height times frames."""
    memory_mib: int
    seconds: int
    """Of processor time, and half as many again on the clock, and ten."""

    @property
    def patience(self) -> float:
        return self.seconds * 1.5 + 10


async def look(source: Path, folder: Path, bounds: Bounds, *, edge: int | None = None) -> Looked:
    """What a file is. What is to be kept of an image is written to the folder. Raises `WorkerFailed`.

    `edge`: only a picture of it is wanted, as WebP, with edges of so many pixels at most.

    The process is started and awaited by threads: a loop that forks by itself stands still while its memory is mapped anew.
    """
    task = Task(
        str(source),
        str(folder),
        bounds.pixels_max,
        bounds.memory_mib,
        max(1, bounds.seconds),
        edge,
    )
    run = _Run(msgspec.json.encode(task), folder, bounds.patience)
    try:
        answer = await asyncio.get_running_loop().run_in_executor(_THREADS, run.wait)
    except asyncio.CancelledError:
        run.stop()
        raise
    try:
        return msgspec.json.decode(answer, type=Looked)
    except msgspec.MsgspecError as error:
        raise WorkerFailed(f"it answered nonsense: {error}") from None


async def try_out(bounds: Bounds) -> Trial:
    """What would become of images on this machine. Raises `WorkerFailed`, with the last it said."""
    return await asyncio.to_thread(_try, bounds)


def _try(bounds: Bounds) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        task = Task("", folder, bounds.pixels_max, bounds.memory_mib, max(1, bounds.seconds))
        try:
            ended = subprocess.run(  # noqa: S603 (our own interpreter and module)
                [*TRIAL, msgspec.json.encode(task)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=ENVIRONMENT,
                timeout=bounds.patience,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise WorkerFailed(str(error)) from None
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise WorkerFailed(said[-1] if said else f"it ended with {ended.returncode}")
    return msgspec.json.decode(ended.stdout, type=Trial)


class _Run:
    """One process, from its start to its end, by a thread."""

    def __init__(self, task: bytes, folder: Path, patience: float) -> None:
        self._command: list[str | bytes] = [*WORKER, task]
        self._folder = folder
        self._patience = patience
        self._stopped = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """End it, also where it is being started just now."""
        self._stopped.set()
        if self._process is not None:
            self._process.kill()

    def wait(self) -> bytes:
        """What it answered, which lies in a file until it has ended: however much that is, nobody holds it."""
        with tempfile.TemporaryFile() as answer:
            self._process = process = self._start(answer)
            if self._stopped.is_set():
                process.kill()
            try:
                process.wait(self._patience)
            except subprocess.TimeoutExpired:
                raise WorkerFailed("it took too long") from None
            finally:
                process.kill()
                process.wait()
            answer.seek(0)
            said = answer.read(ANSWER_MAX + 1)
        if process.returncode or len(said) > ANSWER_MAX:
            raise WorkerFailed(f"it ended with {process.returncode}")
        return said

    def _start(self, answer: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd=self._folder,
        )

"""Having a file looked at: a process for each, with an end to its time and memory whatever it does."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from .task import Looked, Picture, Task

__all__ = ["Bounds", "Looked", "Picture", "WorkerFailed", "look"]

ANSWER_MAX = 256 * 1024
WORKER = (sys.executable, "-I", "-m", "cgraph_kit.media.worker")
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
    loop = asyncio.get_running_loop()
    process = await loop.run_in_executor(_THREADS, _start, msgspec.json.encode(task), folder)
    try:
        communicate = partial(process.communicate, timeout=bounds.patience)
        answer, _ = await loop.run_in_executor(_THREADS, communicate)
    except subprocess.TimeoutExpired:
        process.kill()
        await loop.run_in_executor(_THREADS, process.communicate)
        raise WorkerFailed("it took too long") from None
    except asyncio.CancelledError:
        process.kill()  # its thread sees it end
        raise
    if process.returncode or len(answer) > ANSWER_MAX:
        raise WorkerFailed(f"it ended with {process.returncode}")
    try:
        return msgspec.json.decode(answer, type=Looked)
    except msgspec.MsgspecError as error:
        raise WorkerFailed(f"it answered nonsense: {error}") from None


def _start(task: bytes, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [*WORKER, task],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd=folder,
    )

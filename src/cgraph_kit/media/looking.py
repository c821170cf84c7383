"""Having a file looked at: a process for each, with an end to its time and memory whatever it does."""

import asyncio
import sys
from pathlib import Path

import msgspec

from .task import Looked, Picture, Task

__all__ = ["Bounds", "Looked", "Picture", "WorkerFailed", "look"]

ANSWER_MAX = 256 * 1024
WORKER = (sys.executable, "-I", "-m", "cgraph_kit.media.worker")
ENVIRONMENT = {"LANG": "C.UTF-8", "VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "2"}
"""All of it: secrets of this process are none of the worker's business."""


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


async def look(source: Path, folder: Path, bounds: Bounds) -> Looked:
    """What a file is. What is to be kept of an image is written to the folder. Raises `WorkerFailed`."""
    task = Task(
        str(source), str(folder), bounds.pixels_max, bounds.memory_mib, max(1, bounds.seconds)
    )
    process = await asyncio.create_subprocess_exec(
        *WORKER,
        msgspec.json.encode(task),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd=folder,
    )
    try:
        async with asyncio.timeout(bounds.patience):
            answer, _ = await process.communicate()
    except TimeoutError:
        raise WorkerFailed("it took too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or len(answer) > ANSWER_MAX:
        raise WorkerFailed(f"it ended with {process.returncode}")
    try:
        return msgspec.json.decode(answer, type=Looked)
    except msgspec.MsgspecError as error:
        raise WorkerFailed(f"it answered nonsense: {error}") from None

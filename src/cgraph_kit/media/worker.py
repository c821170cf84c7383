"""`python -m cgraph_kit.media.worker '{…}'`: looks at one file and ends.

It bounds itself before it reads a byte of the file. Whatever kills it, kills nobody else.
"""

import os
import resource
import sys
from pathlib import Path

import msgspec
from msgspec.structs import replace

from . import images
from .containers import inspect
from .sniffing import sniff
from .task import MIB, Looked, Task

OUTPUT_FACTOR = 8
"""A PNG may be so much larger made anew (than 25 MiB at least), for it may have been made with more patience."""
LEAST_OUTPUT = 64 * MIB


def main() -> None:
    """One task in, one answer out."""
    task = msgspec.json.decode(sys.argv[1], type=Task)
    bound(task)
    looked = _look(task)
    sys.stdout.buffer.write(msgspec.json.encode(replace(looked, rss_mib=_peak())))


def bound(task: Task) -> None:
    """From here on this process has no more than it may."""
    memory = task.memory_mib * MIB
    output = max(LEAST_OUTPUT, OUTPUT_FACTOR * Path(task.source).stat().st_size)
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, task.seconds),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(10)


def _peak() -> int:
    """MiB of memory at most, as Linux has it; getrusage would count what the parent had."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else ()
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def _look(task: Task) -> Looked:
    path = Path(task.source)
    content_type = sniff(path)
    if content_type.startswith("image/"):
        return replace(_image(task, content_type), sent_as=content_type)
    return inspect(path, Path(task.folder), content_type)


def _image(task: Task, content_type: str) -> Looked:
    """What is no image we know is kept as what it is, and shown nowhere."""
    if content_type not in images.LOADERS:
        return Looked(content_type)
    images.prepare()
    try:
        return images.remake(task, content_type)
    except images.Undecodable as error:
        hard = "out of memory" in str(error)
        return Looked(content_type, fault="too_hard" if hard else "broken")
    except MemoryError:
        return Looked(content_type, fault="too_hard")


if __name__ == "__main__":
    main()

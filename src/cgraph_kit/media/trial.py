"""`python -m cgraph_kit.media.trial '{…}'`: whether what looks at files can do so on this machine, and is held within its bounds."""

import sys
from pathlib import Path

import msgspec
import pyvips  # type: ignore[import-untyped]
from msgspec.structs import replace

from . import images
from .samples import SAMPLES
from .task import MIB, Task, Trial
from .worker import bound


def main() -> None:
    """As the worker does it, with pictures of ours."""
    task = msgspec.json.decode(sys.argv[1], type=Task)
    for content_type, sample in SAMPLES.items():
        _path(task, content_type).write_bytes(sample)
    bound(replace(task, source=str(_path(task, "image/jpeg"))))
    images.prepare()
    failed = [content_type for content_type in SAMPLES if not _can_remake(task, content_type)]
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    sys.stdout.buffer.write(msgspec.json.encode(Trial(version, failed, _is_held(task))))


def _path(task: Task, content_type: str) -> Path:
    return Path(task.folder) / content_type.rpartition("/")[2]


def _can_remake(task: Task, content_type: str) -> bool:
    try:
        looked = images.remake(replace(task, source=str(_path(task, content_type))), content_type)
    except (images.Undecodable, AttributeError):  # no such loader was built in
        return False
    return looked.rewritten


def _is_held(task: Task) -> bool:
    """Not given as much memory as it may have in all. Were it given, none of it would be touched."""
    try:
        bytearray(task.memory_mib * MIB)
    except MemoryError:
        return True
    return False


if __name__ == "__main__":
    main()

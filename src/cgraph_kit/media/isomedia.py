"""MP4 and its kin (ISO/IEC 14496-12): length, tracks, and where it says who made it, and where."""

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

BOXES_MAX = 10_000
DEPTH_MAX = 8
WITHIN = frozenset({b"moov", b"trak", b"mdia", b"moof", b"traf", b"mvex"})
PRIVATE = frozenset({b"udta", b"meta", b"uuid"})
"""Where cameras write positions, names and serial numbers; nothing that is needed to play."""
HEADER = 8
PIECE = 65_536


class Found(msgspec.Struct):
    """What the boxes told."""

    duration: float | None = None
    video: bool = False
    private: list[tuple[int, int, int]] = []
    """Where each box that says more than is needed begins, and the body of it, and where it ends."""


class _Box(msgspec.Struct, frozen=True):
    name: bytes
    start: int
    body: int
    end: int


def read(path: Path) -> Found:
    """What there is up to the first thing that is wrong."""
    found = Found()
    with path.open("rb") as file:
        for seen, box in enumerate(_walk(file, 0, path.stat().st_size, 0)):
            if seen >= BOXES_MAX:
                break
            if box.name in PRIVATE:
                found.private.append((box.start, box.body, box.end))
            elif box.name == b"mvhd":
                found.duration = _duration(file, box) or found.duration
            elif box.name == b"hdlr" and _at(file, box.body + 8, 4) == b"vide":
                found.video = True
    return found


def blank(source: Path, target: Path, places: list[tuple[int, int, int]]) -> None:
    """A copy in which these boxes are free space of the same size, so that nothing after them moves."""
    shutil.copyfile(source, target)
    with target.open("r+b") as file:
        for start, body, end in places:
            file.seek(start + 4)
            file.write(b"free")
            file.seek(body)  # past a wide size
            for at in range(body, end, PIECE):
                file.write(bytes(min(PIECE, end - at)))


def _walk(file: BinaryIO, start: int, end: int, depth: int) -> Iterator[_Box]:
    while start + HEADER <= end:
        box = _box(file, start, end)
        if box is None:
            return
        yield box
        if box.name in WITHIN and depth < DEPTH_MAX:
            yield from _walk(file, box.body, box.end, depth + 1)
        start = box.end


def _box(file: BinaryIO, start: int, end: int) -> _Box | None:
    """None for one that reaches beyond what it lies in, or is smaller than its own head."""
    size, name = struct.unpack(">I4s", _at(file, start, HEADER))
    body = start + HEADER
    if size == 1:
        wide = _at(file, body, 8)
        if len(wide) < HEADER:
            return None
        size, body = int.from_bytes(wide, "big"), body + 8
    elif size == 0:
        size = end - start
    if start + size > end or start + size < body:
        return None
    return _Box(name, start, body, start + size)


def _duration(file: BinaryIO, box: _Box) -> float | None:
    """Of `mvhd`: units by units a second."""
    body = _at(file, box.body, 32)
    try:
        if body[0] == 1:
            scale, length = struct.unpack(">IQ", body[20:32])
        else:
            scale, length = struct.unpack(">II", body[12:20])
    except (struct.error, IndexError):
        return None
    return length / scale if scale else None


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)

"""WebM (RFC 9559): length and tracks."""

import struct
from pathlib import Path
from typing import BinaryIO

import msgspec

ELEMENTS_MAX = 200_000
SEGMENT, INFO, TRACKS, TRACK, CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
BLOCK_GROUP = 0xA0
WITHIN = frozenset({SEGMENT, INFO, TRACKS, TRACK, CLUSTER, BLOCK_GROUP})
VIDEO = 1
SMALL = 16
"""Bytes of the longest value that is read."""


class Found(msgspec.Struct):
    """What the elements told."""

    video: bool = False
    scale: int = 1_000_000
    """Nanoseconds of a unit."""
    declared: float | None = None
    cluster: int = 0
    last: int = 0
    """The latest moment of a block; recorders in browsers declare no duration."""

    @property
    def duration(self) -> float | None:
        units = self.declared if self.declared is not None else self.last
        return units * self.scale / 1e9


def read(path: Path) -> Found:
    """What there is up to the first thing that is wrong.

    What holds others is simply entered, so that sizes nobody knew when they were written do not matter.
    """
    found = Found()
    with path.open("rb") as file:
        for _ in range(ELEMENTS_MAX):
            id, size = _number(file, keep_marker=True), _number(file)
            if id is None or size is None:
                break
            if id in WITHIN:
                continue
            _note(found, id, file, size)
    return found


def _note(found: Found, id: int, file: BinaryIO, size: int) -> None:
    """Take what is wanted of an element, and go to its end."""
    end = file.tell() + size
    value = file.read(min(size, SMALL))
    match id:
        case 0x2AD7B1:  # TimestampScale
            found.scale = int.from_bytes(value, "big")
        case 0x4489 if len(value) in {4, 8}:  # Duration
            found.declared = struct.unpack(">f" if len(value) == 4 else ">d", value)[0]  # noqa: PLR2004
        case 0x83:  # TrackType
            found.video = found.video or int.from_bytes(value, "big") == VIDEO
        case 0xE7:  # Timestamp
            found.cluster = int.from_bytes(value, "big")
        case 0xA3 | 0xA1 if len(value) > 3:  # noqa: PLR2004 (SimpleBlock, Block)
            # A track's number, of one byte for the first 127, then the time from the cluster's.
            found.last = max(found.last, found.cluster + struct.unpack(">h", value[1:3])[0])
    file.seek(end)


def _number(file: BinaryIO, *, keep_marker: bool = False) -> int | None:
    """A number of 1 to 8 bytes (RFC 8794 §4); None at the end, or where there is none."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        return None
    head = first[0] if keep_marker else first[0] & (1 << 8 - length) - 1
    return int.from_bytes(bytes([head]) + rest, "big")

"""What a WebP says of its pictures (RFC 9649), chunk by chunk: what lies in a profile or a comment says nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

CHUNKS_MAX = 100
"""Before the first picture; there are five kinds, once each."""
HEAD = 12
FRAME = 16
"""Bytes of an `ANMF` chunk before its own chunks."""


def count_pixels(path: Path) -> int:
    """Of one frame, as the head says (RFC 9649 §2.5 to 2.7), for libvips makes room for it before it is asked to."""
    with path.open("rb") as file:
        head = file.read(30)
    match head[12:16]:
        case b"VP8X":
            width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case _:
            width, height = (
                int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28)
            )
    return width * height


def is_lossless(path: Path) -> bool:
    """Whether its first picture is."""
    with path.open("rb") as file:
        pictures = (name for name in _chunks(file) if name in {b"VP8 ", b"VP8L"})
        return next(pictures, None) == b"VP8L"


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Names, those within the first frame included."""
    at = HEAD
    for _ in range(CHUNKS_MAX):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:  # noqa: PLR2004
            return
        name, size = head[:4], int.from_bytes(head[4:], "little")
        yield name
        at += 8 + (FRAME if name == b"ANMF" else size + size % 2)

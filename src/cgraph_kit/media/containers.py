"""Audio and video by their containers: how long they are, and whether there is anything to see.

Only headers are read, each bounded in number, depth and size. What they do not say is not known; nothing is decoded.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from . import isomedia, matroska
from .task import Looked

TAIL = 64 * 1024
LONGEST = 10 * 24 * 3600.0
"""Seconds; what says it is longer is not believed."""


def inspect(path: Path, folder: Path, content_type: str) -> Looked:
    """What is told by a file of this type that is no image. What it says of its maker goes, where that is sure not to harm."""
    if content_type in {"video/mp4", "video/quicktime"}:
        return _iso(path, folder, content_type)
    if content_type == "video/webm":
        found = matroska.read(path)
        kind = "video/webm" if found.video else "audio/webm"
        return Looked(kind, duration=_believed(found.duration))
    reader = _DURATIONS.get(content_type)
    if reader is None:
        return Looked(content_type)
    with path.open("rb") as file:
        try:
            duration = reader(file, path.stat().st_size)
        except (struct.error, IndexError, ZeroDivisionError):
            duration = None
    return Looked(content_type, duration=_believed(duration))


def _iso(path: Path, folder: Path, content_type: str) -> Looked:
    found = isomedia.read(path)
    if content_type == "video/mp4" and not found.video:
        content_type = "audio/mp4"
    if found.private:
        isomedia.blank(path, folder / "content", found.private)
    return Looked(content_type, duration=_believed(found.duration), rewritten=bool(found.private))


def _believed(duration: float | None) -> float | None:
    return round(duration, 3) if duration is not None and 0 < duration < LONGEST else None


def _wav(file: BinaryIO, size: int) -> float | None:
    """RIFF chunks: bytes of `data` by bytes a second in `fmt `."""
    rate, at = 0, 12
    for _ in range(100):
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"fmt ":
            rate = struct.unpack("<I", file.read(12)[8:])[0]
        elif name == b"data":
            return float(min(length, size - at - 8) / rate)
        at += 8 + length + length % 2
    return None


def _flac(file: BinaryIO, _size: int) -> float | None:
    """STREAMINFO (RFC 9639 §8.2): 20 bits of rate, 36 of samples."""
    head = file.read(26)
    rate = int.from_bytes(head[18:21], "big") >> 4
    samples = int.from_bytes(head[21:26], "big") & (1 << 36) - 1
    return samples / rate


def _ogg(file: BinaryIO, size: int) -> float | None:
    """The last page's position (RFC 3533 §6) by the codec's rate; Opus always counts at 48 kHz (RFC 7845 §4)."""
    head = file.read(256)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    last = tail.rfind(b"OggS")
    position = struct.unpack("<q", tail[last + 6 : last + 14])[0]
    if (at := head.find(b"OpusHead")) >= 0:
        skipped = struct.unpack("<H", head[at + 10 : at + 12])[0]
        return float((position - skipped) / 48_000)
    if (at := head.find(b"\x01vorbis")) >= 0:
        return float(position / struct.unpack("<I", head[at + 12 : at + 16])[0])
    return None


_MPEG_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _mp3(file: BinaryIO, size: int) -> float | None:
    """Frames as the first one counts them (Xing, Info), else the size by the first one's bit rate. Layer III only."""
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3":
        start = 10 + sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(head[6:10]))
    file.seek(start)
    frame = file.read(4096)
    # Eleven bits of sync, layer III; past the end where there is none.
    starts = (n for n in range(len(frame)) if frame[n] == 0xFF and frame[n + 1] & 0xE6 == 0xE2)  # noqa: PLR2004
    at = next(starts, len(frame))
    version = frame[at + 1] >> 3 & 3
    rate = _MPEG_RATES[version][frame[at + 2] >> 2 & 3]
    samples = 1152 if version == 3 else 576  # noqa: PLR2004
    for mark in (b"Xing", b"Info"):
        if (tag := frame.find(mark, at, at + 64)) >= 0 and frame[tag + 7] & 1:
            return float(int.from_bytes(frame[tag + 8 : tag + 12], "big") * samples / rate)
    kbits = (_KBITS if version == 3 else _KBITS_LOW)[frame[at + 2] >> 4]  # noqa: PLR2004
    return (size - start - at) * 8 / (kbits * 1000)


_DURATIONS: dict[str, Callable[[BinaryIO, int], float | None]] = {
    "audio/wav": _wav,
    "audio/flac": _flac,
    "audio/ogg": _ogg,
    "audio/mpeg": _mp3,
}

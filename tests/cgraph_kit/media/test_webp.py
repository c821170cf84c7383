"""Which of its two kinds a WebP is, and how large."""

import struct
from pathlib import Path

import pytest

from cgraph_kit.media.webp import count_pixels, is_lossless
from support.pictures import gif, webp


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WEBP" + b"".join(chunks)


LOSSY, LOSSLESS = chunk(b"VP8 ", bytes(9)), chunk(b"VP8L", bytes(10))
LONG = chunk(b"EXIF", b"VP8L" + bytes(9001))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (webp(9, 9), False),
        (webp(9, 9, lossless=True), True),
        (riff(chunk(b"ICCP", b"VP8L" * 9), LOSSY), False),
        (riff(chunk(b"ICCP", b"VP8 " * 9), LOSSLESS), True),
        (riff(LONG, LOSSLESS), True),
        (riff(chunk(b"ANIM", bytes(6)), chunk(b"ANMF", bytes(16) + LOSSLESS)), True),
        (riff(chunk(b"ANIM", bytes(6)), chunk(b"ANMF", bytes(16) + LOSSY)), False),
        (riff(*[chunk(b"EXIF", b"")] * 200, LOSSLESS), False),
        (b"RIFF", False),
        (gif(), False),
    ],
)
def test_is_lossless(tmp_path: Path, content: bytes, expected: bool) -> None:
    (tmp_path / "a").write_bytes(content)
    assert is_lossless(tmp_path / "a") is expected


@pytest.mark.parametrize("lossless", [False, True])
def test_count_pixels(tmp_path: Path, lossless: bool) -> None:
    (tmp_path / "a").write_bytes(webp(12, 5, lossless=lossless))
    assert count_pixels(tmp_path / "a") == 60

"""What a file is, whatever it is called."""

from pathlib import Path

import pytest

from cgraph_kit.media.sniffing import sniff
from support.pictures import box, gif, jpeg, mp4, png, wav, webp

HEAD = bytes(8)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "text/plain"),
        (b"plain words\r\n\tand \x1b[31mcolours\x1b[0m", "text/plain"),
        ("Wörter 🐝".encode(), "text/plain"),
        ("Wörter".encode("latin-1"), "application/octet-stream"),
        (b"a" * 100_000 + b"\xff", "application/octet-stream"),
        (b"a" * 100_000 + b"\0", "application/octet-stream"),
        (b"1 < 2", "text/plain"),
        (b"< not markup", "text/plain"),
        (b"\n\t <svg/>", "application/octet-stream"),
        (b"\xef\xbb\xbf<?xml?>", "application/octet-stream"),
        (png(), "image/png"),
        (jpeg(), "image/jpeg"),
        (gif(), "image/gif"),
        (webp(), "image/webp"),
        (wav(), "audio/wav"),
        (mp4(), "video/mp4"),
        (box(b"ftyp", b"qt  " + HEAD), "video/quicktime"),
        (box(b"ftyp", b"M4A " + HEAD), "video/mp4"),
        (box(b"ftyp", b"heic" + HEAD), "image/heic"),
        (box(b"ftyp", b"mif1\0\0\0\0avif"), "image/avif"),
        (b"OggS" + HEAD * 9, "audio/ogg"),
        (b"fLaC" + HEAD, "audio/flac"),
        (b"%PDF-1.7", "application/pdf"),
        (b"MZ" + HEAD, "application/x-msdownload"),
    ],
)
def test_sniff(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.html").write_bytes(content)
    assert sniff(tmp_path / "a.html") == expected

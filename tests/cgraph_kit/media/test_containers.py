"""Sounds and films by their headers."""

import struct
from pathlib import Path

import pytest

from cgraph_kit.media.containers import inspect
from cgraph_kit.media.task import Looked
from support.pictures import SECRET, box, mp4, wav


def look(tmp_path: Path, content: bytes, content_type: str) -> Looked:
    (tmp_path / "source").write_bytes(content)
    return inspect(tmp_path / "source", tmp_path, content_type)


def ogg(body: bytes, position: int) -> bytes:
    def page(granule: int, payload: bytes) -> bytes:
        return b"OggS\0\0" + struct.pack("<q", granule) + bytes(12) + b"\x01" + payload

    return page(0, body) + page(position, bytes(40))


def element(id: str, body: bytes) -> bytes:
    return bytes.fromhex(id) + struct.pack(">I", len(body) | 0x10000000) + body


def webm(*, duration: float | None, track: int) -> bytes:
    info = element("2AD7B1", (1_000_000).to_bytes(3, "big"))
    if duration is not None:
        info += element("4489", struct.pack(">d", duration * 1000))
    cluster = element("E7", (2000).to_bytes(2, "big")) + element(
        "A3", b"\x81" + struct.pack(">hB", 250, 0)
    )
    return element("1A45DFA3", b"") + element(
        "18538067",
        element("1549A966", info)
        + element("1654AE6B", element("AE", element("83", bytes([track]))))
        + element("1F43B675", cluster),
    )


class TestInspect:
    @pytest.mark.parametrize(
        ("content", "content_type", "expected"),
        [
            (wav(1.5), "audio/wav", 1.5),
            (wav(1.5)[:20], "audio/wav", None),
            (b"fLaC" + bytes(14) + struct.pack(">Q", 8000 << 44 | 12_000), "audio/flac", 1.5),
            (ogg(b"OpusHead\x01\x01" + struct.pack("<H", 480), 48_480), "audio/ogg", 1.0),
            (ogg(b"\x01vorbis" + bytes(5) + struct.pack("<I", 8000), 4000), "audio/ogg", 0.5),
            (ogg(b"else", 4000), "audio/ogg", None),
            (b"\xff\xfb\x90\x00" + bytes(16_000), "audio/mpeg", 1.0),
            (
                b"\xff\xfb\x90\x00" + bytes(32) + b"Xing\0\0\0\1" + struct.pack(">I", 100),
                "audio/mpeg",
                2.612,
            ),
            (
                b"ID3\4\0\0\0\0\0\5" + bytes(5) + b"\xff\xfb\x90\x00" + bytes(16_000),
                "audio/mpeg",
                1.0,
            ),
            (bytes(5000), "audio/mpeg", None),
            (b"anything", "application/zip", None),
        ],
    )
    def test_length(
        self, tmp_path: Path, content: bytes, content_type: str, expected: float | None
    ) -> None:
        looked = look(tmp_path, content, content_type)
        assert looked.content_type == content_type
        assert looked.duration == pytest.approx(expected, abs=0.01)

    @pytest.mark.parametrize(
        ("handler", "expected"), [(b"vide", "video/mp4"), (b"soun", "audio/mp4")]
    )
    def test_mp4_by_its_tracks(self, tmp_path: Path, handler: bytes, expected: str) -> None:
        looked = look(tmp_path, mp4(2.5, handler=handler), "video/mp4")
        assert (looked.content_type, looked.duration) == (expected, 2.5)

    def test_mp4_tells_no_longer_where_it_was_made(self, tmp_path: Path) -> None:
        sent = mp4() + box(b"uuid", SECRET)
        assert look(tmp_path, sent, "video/mp4").rewritten
        kept = (tmp_path / "content").read_bytes()
        assert SECRET not in kept
        assert len(kept) == len(sent)
        assert kept.index(b"mdat") == sent.index(b"mdat")
        assert not look(tmp_path, mp4(private=b""), "video/mp4").rewritten

    @pytest.mark.parametrize(
        "told",
        [
            box(b"udta", box(b"\xa9xyz", SECRET)),  # Android's recorders and cameras
            box(b"udta", box(b"loci", SECRET)),  # 3GPP
            box(b"meta", box(b"keys", b"com.apple.quicktime.location.ISO6709") + SECRET),  # Apple's
            box(b"trak", box(b"meta", SECRET) + box(b"udta", SECRET)),
        ],
    )
    @pytest.mark.parametrize("content_type", ["video/mp4", "video/quicktime"])
    def test_recordings_tell_no_longer_where_they_were_made(
        self, tmp_path: Path, told: bytes, content_type: str
    ) -> None:
        sound = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + b"soun" + bytes(13))))
        sent = box(b"ftyp", b"M4A " + bytes(4)) + box(b"moov", sound + told) + box(b"mdat", b"la")
        assert look(tmp_path, sent, content_type).rewritten
        kept = (tmp_path / "content").read_bytes()
        assert SECRET not in kept
        assert (len(kept), kept[-10:]) == (len(sent), sent[-10:])

    def test_mp4_with_wide_boxes_keeps_its_order(self, tmp_path: Path) -> None:
        wide = struct.pack(">I4sQ", 1, b"uuid", 16 + len(SECRET)) + SECRET
        sent = mp4(private=b"") + wide + box(b"free", b"after")
        assert look(tmp_path, sent, "video/mp4").rewritten
        kept = (tmp_path / "content").read_bytes()
        blank = struct.pack(">I4sQ", 1, b"free", 16 + len(SECRET)) + bytes(len(SECRET))
        assert kept == sent.replace(wide, blank)

    @pytest.mark.parametrize(
        ("duration", "track", "expected"),
        [(3.5, 1, ("video/webm", 3.5)), (None, 2, ("audio/webm", 2.25))],
    )
    def test_webm(
        self, tmp_path: Path, duration: float | None, track: int, expected: tuple[str, float]
    ) -> None:
        looked = look(tmp_path, webm(duration=duration, track=track), "video/webm")
        assert (looked.content_type, looked.duration) == expected

"""Pictures and sounds, made as they are needed."""

import struct
import zlib
from typing import Any

import pyvips  # type: ignore[import-untyped]

SECRET = b"N52.5163 E13.3777"
"""What no picture may tell once it is kept."""


def image(width: int = 3, height: int = 2, bands: int = 3) -> Any:
    """Colours that run from corner to corner, so that it shows which way it lies."""
    xy = pyvips.Image.xyz(width, height)
    colours = [
        (xy[0] * 255 / max(1, width - 1)),
        (xy[1] * 255 / max(1, height - 1)),
        xy[0] * 0 + 60,
        xy[0] * 0 + 128,
    ]
    joined = colours[0].bandjoin(colours[1:bands]) if bands > 1 else colours[0]
    return joined.cast("uchar").copy(interpretation="srgb" if bands > 2 else "b-w")


def jpeg(width: int = 3, height: int = 2) -> bytes:
    return bytes(image(width, height).jpegsave_buffer(keep="none"))


def webp(width: int = 3, height: int = 2, **options: Any) -> bytes:
    return bytes(image(width, height).webpsave_buffer(keep="none", **options))


def gif(width: int = 3, height: int = 2, frames: int = 2) -> bytes:
    """One that moves."""
    pages = [image(width, height).linear(1, number).cast("uchar") for number in range(frames)]
    joined = pyvips.Image.arrayjoin(pages, across=1).copy()
    joined.set_type(pyvips.GValue.gint_type, "page-height", height)
    joined.set_type(pyvips.GValue.array_int_type, "delay", [100] * frames)
    return bytes(joined.gifsave_buffer(keep_duplicate_frames=True))


def png(width: int = 3, height: int = 2, *extra: tuple[bytes, bytes], rows: bytes = b"") -> bytes:
    """Written by hand, with whatever chunks. `rows`: of its pixels, filters included."""
    rows = rows or b"".join(b"\0" + bytes([200, 30, 60] * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def apng() -> bytes:
    """One that moves: its still, and a second frame, which says something."""
    control = struct.pack(">IIIIHHBB", 3, 2, 0, 0, 1, 10, 0, 0)
    frame = struct.pack(">I", 2) + zlib.compress(b"\0" + bytes(9) + b"\0" + bytes(9)) + SECRET
    moving = png(3, 2, (b"acTL", struct.pack(">II", 2, 0)), (b"fcTL", bytes(4) + control))
    end = _chunk(b"IEND", b"")
    later = _chunk(b"fcTL", struct.pack(">I", 1) + control) + _chunk(b"fdAT", frame)
    return moving.removesuffix(end) + later + end


def photo(width: int = 60, height: int = 40, *, turned: int = 6) -> bytes:
    """A JPEG as a phone makes it: lying on its side, and telling where it was taken, in three ways."""
    tiff = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 2)
    tiff += struct.pack("<HHII", 0x0112, 3, 1, turned)
    tiff += struct.pack("<HHII", 0x010E, 2, len(SECRET) + 1, 38) + bytes(4) + SECRET + b"\0"
    told = (
        _segment(0xE1, b"Exif\0\0" + tiff)
        + _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + SECRET + b"</x:xmpmeta>")
        + _segment(0xFE, SECRET)
    )
    plain = jpeg(width, height)
    return plain[:2] + told + plain[2:] + SECRET


def wav(seconds: float = 1.5, rate: int = 8000) -> bytes:
    """Silence."""
    data = bytes(int(seconds * rate))
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def box(name: bytes, body: bytes) -> bytes:
    """Of ISO base media."""
    return struct.pack(">I4s", len(body) + 8, name) + body


def mp4(seconds: float = 2.5, *, handler: bytes = b"vide", private: bytes = SECRET) -> bytes:
    """Boxes without a picture in them, and where it was taken."""
    mvhd = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, int(seconds * 1000)) + bytes(80))
    hdlr = box(b"hdlr", bytes(8) + handler + bytes(13))
    trak = box(b"trak", box(b"mdia", hdlr))
    udta = box(b"udta", box(b"\xa9xyz", private)) if private else b""
    moov = box(b"moov", mvhd + trak + udta)
    return box(b"ftyp", b"isom" + bytes(4) + b"isommp42") + moov + box(b"mdat", b"pictures" * 9)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

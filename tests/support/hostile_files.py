"""Files that somebody would send to do harm, each with the answer that is documented for it."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import msgspec

from .pictures import box, gif, jpeg, mp4, png, webp

SCRIPT = b"<script>alert(document.domain)</script>"
PHP = b"<?php system($_GET['c']); ?>"
DOWNLOAD = "application/octet-stream"


class Hostile(msgspec.Struct, frozen=True):
    """A file, and what becomes of it."""

    name: str
    make: Callable[[], bytes]
    refused: str | None = None
    """The error's code; None: it is kept."""
    served_as: str = DOWNLOAD
    without: bytes = b""
    """What is not in what is kept."""


def svg(body: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{body}</svg>'.encode()


def _zip(content: bytes, name: str = "a.txt") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def _gif_with_comment() -> bytes:
    made = gif()
    comment = b"\x21\xfe" + bytes([len(SCRIPT)]) + SCRIPT + b"\0"
    first = made.index(b"\x21\xf9")
    return made[:first] + comment + made[first:] + SCRIPT


def _jpeg_with_comment() -> bytes:
    made = jpeg()
    return made[:2] + struct.pack(">BBH", 0xFF, 0xFE, len(SCRIPT) + 2) + SCRIPT + made[2:] + SCRIPT


def _jpeg_of(width: int, height: int) -> bytes:
    """Says it is so large, and has the data of a small one."""
    made = bytearray(jpeg(16, 16))
    at = made.index(b"\xff\xc0") + 5
    made[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(made)


def _webp_of(width: int, height: int) -> bytes:
    made = bytearray(webp(16, 16, lossless=True))
    at = made.index(b"VP8L") + 9
    made[at : at + 4] = struct.pack("<I", width - 1 | height - 1 << 14)
    return bytes(made)


def _gif_of(width: int, height: int) -> bytes:
    made = bytearray(gif(frames=1))
    made[6:10] = struct.pack("<HH", width, height)
    at = made.index(b"\x2c") + 5
    made[at : at + 4] = struct.pack("<HH", width, height)
    return bytes(made)


def _long_gif(frames: int) -> bytes:
    """Frames of one pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    frame = (
        b"\x21\xf9\x04\0\x01\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0"
    )
    return head + frame * frames + b"\x3b"


def _huge_profile() -> bytes:
    profile = b"sRGB\0\0" + zlib.compress(bytes(4 * 1024 * 1024))
    return png(3, 2, (b"iCCP", profile))


def _lossy_that_says_lossless() -> bytes:
    """A WebP that loses something, with a chunk before its picture in which the mark of the other kind stands."""
    picture = webp(640, 480)[12:]
    profile = b"ICCP" + struct.pack("<I", 40) + b"VP8L" * 10
    flags = struct.pack("<I", 0x20) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + flags + profile + picture
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _texts(count: int) -> bytes:
    return png(3, 2, *[(b"tEXt", b"Comment\0" + PHP) for _ in range(count)])


def _nested_boxes(depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = box(b"moov", made)
    return box(b"ftyp", b"isom" + bytes(4)) + made


def _circular_tiff() -> bytes:
    return struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 0) + struct.pack("<I", 8) * 200


def _avif(body: bytes) -> bytes:
    return box(b"ftyp", b"avif" + bytes(4) + b"avifmif1") + body


COLLECTION = (
    # two things at once
    Hostile("gif-js.gif", lambda: b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)//", "file_broken"),
    Hostile("comment.gif", _gif_with_comment, None, "image/gif", SCRIPT),
    Hostile("pdf-zip.pdf", lambda: b"%PDF-1.7\n%\xe2\xe3\n" + _zip(b"x" * 99)),
    Hostile("shell.php.png", lambda: _texts(3) + PHP, None, "image/png", PHP),
    Hostile("page.jpg", _jpeg_with_comment, None, "image/jpeg", SCRIPT),
    Hostile("zip.jpg", lambda: jpeg() + _zip(b"x" * 99), None, "image/jpeg", b"PK\x03\x04"),
    # markup that is no picture for us
    Hostile("script.svg", lambda: svg(SCRIPT.decode())),
    Hostile("bom.svg", lambda: b"\xef\xbb\xbf" + svg(SCRIPT.decode())),
    Hostile(
        "foreign.svg", lambda: svg("<foreignObject><iframe src='javascript:1'/></foreignObject>")
    ),
    Hostile(
        "entity.svg",
        lambda: (
            b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + svg("&x;")
        ),
    ),
    Hostile("html.jpg", lambda: b"\n <html>" + SCRIPT),
    Hostile("doctype.png", lambda: b"<!DOCTYPE html>" + SCRIPT),
    # bombs
    Hostile("bomb.png", lambda: png(30_000, 30_000, rows=bytes(30_001)), "file_too_many_pixels"),
    Hostile("bomb.jpg", lambda: _jpeg_of(30_000, 30_000), "file_too_many_pixels"),
    Hostile("bomb.gif", lambda: _gif_of(30_000, 30_000), "file_too_many_pixels"),
    Hostile("bomb.webp", lambda: _webp_of(16_383, 16_383), "file_too_many_pixels"),
    Hostile("wide.png", lambda: png(2_000_000_000, 1, rows=bytes(99)), "file_broken"),
    Hostile("frames.gif", lambda: _long_gif(100_000), "file_too_many_pixels"),
    Hostile("bomb.zip", lambda: _zip(bytes(50 * 1024 * 1024))),
    Hostile("gzip.svgz", lambda: b"\x1f\x8b\x08\0" + bytes(6) + zlib.compress(bytes(99_999))),
    # damaged
    Hostile("half.jpg", lambda: jpeg(400, 400)[:900], "file_broken"),
    Hostile("half.png", lambda: png(400, 400)[:-40], "file_broken"),
    Hostile("half.gif", lambda: gif(40, 40)[:60], "file_broken"),
    Hostile("half.webp", lambda: webp(400, 400)[:200], "file_broken"),
    Hostile("magic.jpg", lambda: b"\xff\xd8\xff\xe0" + bytes(200), "file_broken"),
    Hostile("magic.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(200), "file_broken"),
    Hostile("broken.avif", lambda: _avif(box(b"meta", bytes(64))), "file_broken"),
    Hostile("deep.avif", lambda: _avif(box(b"meta", bytes(4) + _nested_boxes(500))), "file_broken"),
    Hostile("circular.tif", _circular_tiff),
    Hostile("deep.mp4", lambda: _nested_boxes(2_000), None, "audio/mp4"),
    Hostile("boxes.mp4", lambda: mp4() + box(b"free", b"") * 50_000, None, "video/mp4"),
    Hostile(
        "liar.mp4", lambda: mp4() + struct.pack(">I4s", 0xFFFFFFFF, b"moov"), None, "video/mp4"
    ),
    Hostile(
        "loop.webm",
        lambda: (
            b"\x1aE\xdf\xa3\x87\x42\x82\x84webm\x18S\x80g\x01" + b"\xff" * 7 + b"\xae\x80" * 9_999
        ),
        None,
        "audio/webm",
    ),
    Hostile("endless.mp3", lambda: b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(99), None, "audio/mpeg"),
    # more than is needed
    Hostile("profile.png", _huge_profile, None, "image/png"),
    Hostile("profile.webp", _lossy_that_says_lossless, None, "image/webp", b"VP8L"),
    Hostile("texts.png", lambda: _texts(900), None, "image/png", PHP),
    Hostile("picture.png", jpeg, None, "image/jpeg"),
    Hostile("picture.exe", png, None, "image/png"),
    Hostile("nul.txt", lambda: b"plain\0text"),
    Hostile("page.txt", lambda: b"say " + SCRIPT, None, "text/plain; charset=utf-8"),
)

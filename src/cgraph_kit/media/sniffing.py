"""What a file is, by its content alone.

`filetype` knows the signatures and is asked here only, since it is no longer kept up. What has the signature of nothing is
text if all of it is, and is not the beginning of markup, which no browser shall ever take for a page of ours.
"""

import codecs
import re
from pathlib import Path

import filetype  # type: ignore[import-untyped]

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"

HEAD = 8192
"""Bytes at the beginning that say what a file is."""
PIECE = 1024 * 1024
_MARKUP = re.compile(rb"\s*<[!?/a-zA-Z]")
_CONTROLS = bytes({*range(32)} - {8, 9, 10, 12, 13, 27}) + b"\x7f"
"""Of which text has none; terminals' colours and backspaces it may."""

ALIASES = {
    "image/apng": "image/png",
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/m4a": "audio/mp4",
    "video/x-m4v": "video/mp4",
    "video/x-matroska": "video/webm",
}


def sniff(path: Path) -> str:
    """A content type. `audio/…` and `video/…` are told apart by the tracks, not here."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head[:3] == b"\xef\xbb\xbf" or not (found := _signature(head)):
        return TEXT if _is_text(path, head) else UNKNOWN
    return ALIASES.get(found, found)


def looks_like_image(head: bytes) -> bool:
    """Whether a file that begins so is an image, perhaps one nobody decodes here."""
    return (_signature(head) or "").startswith("image/")


def _signature(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _brand(head)
    return filetype.guess_mime(head) if head else None


def _brand(head: bytes) -> str:
    """ISO base media by its brands (ISO/IEC 14496-12 §4.3): stills, QuickTime, or MP4."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "image/avif"
    if brands & {b"heic", b"heix", b"hevc", b"mif1", b"msf1"}:
        return "image/heic"
    return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"


def _is_text(path: Path, head: bytes) -> bool:
    if _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while piece := file.read(PIECE):
                if len(piece.translate(None, _CONTROLS)) < len(piece):
                    return False
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True

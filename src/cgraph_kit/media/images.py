"""Images made anew: decoded, turned upright and encoded again, with nothing that was beside the picture.

For the worker only: what is decoded here is whatever somebody sent.
"""

import base64
from pathlib import Path
from typing import Any

import pyvips  # type: ignore[import-untyped]

from .colours import canonical
from .task import THUMBNAILS, Looked, Picture, Task
from .webp import count_pixels, is_lossless

LOADERS = {
    "image/jpeg": ("VipsForeignLoadJpeg", "jpegload"),
    "image/png": ("VipsForeignLoadPng", "pngload"),
    "image/gif": ("VipsForeignLoadNsgif", "gifload"),
    "image/webp": ("VipsForeignLoadWebp", "webpload"),
    "image/avif": ("VipsForeignLoadHeif", "heifload"),
}
MOVING = frozenset({"image/gif", "image/webp"})
COORDINATE_MAX = 10_000_000
"""Rows an image may have in libvips, where frames lie below each other."""
LEAST_FRAME = 10_000
"""What a frame counts as at least, in pixels: each costs time, however small."""
TINY = 16
"""Longest edge of a placeholder."""

Undecodable = pyvips.Error


def prepare() -> None:
    """Nothing is loaded but what is listed here, and nothing is kept."""
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for name, _ in LOADERS.values():
        pyvips.operation_block_set(name, False)
    pyvips.cache_set_max(0)


def remake(task: Task, content_type: str) -> Looked:
    """The image in the folder as `content`, with its thumbnails. Raises `Undecodable`."""
    if content_type == "image/webp" and count_pixels(Path(task.source)) > task.pixels_max:
        return Looked(content_type, fault="too_many_pixels")
    _, loader = LOADERS[content_type]
    load = getattr(pyvips.Image, loader)
    header = load(task.source, access="sequential")
    frames = header.get("n-pages") if header.get_typeof("n-pages") else 1
    pixels = max(header.width * header.height, LEAST_FRAME) * frames
    if pixels > task.pixels_max or header.height * frames > COORDINATE_MAX:
        return Looked(content_type, fault="too_many_pixels")
    if task.edge is not None:
        return _depict(load, task, task.edge)
    options: dict[str, Any] = {"n": -1} if content_type in MOVING else {}
    image = load(task.source, access="sequential", fail_on="error", **options)
    if content_type not in MOVING:
        frames = 1
    image = canonical(_upright(image, frames))
    kept = _save(image, Path(task.source), Path(task.folder) / "content", content_type)
    return _describe(Path(task.folder), kept, frames)


def _depict(load: Any, task: Task, edge: int) -> Looked:
    """A small still of it, and nothing else."""
    image = canonical(_upright(load(task.source, access="sequential", fail_on="error"), 1))
    still = image.thumbnail_image(edge, height=edge, size="down")
    still.webpsave(str(Path(task.folder) / "content"), Q=80, effort=2, keep="none")
    return Looked("image/webp", rewritten=True, width=still.width, height=still.height)


def _upright(image: Any, frames: int) -> Any:
    """Turned as its header says; frames that lie below each other cannot be."""
    turned = image.get("orientation") if image.get_typeof("orientation") else 1
    if turned == 1 or frames > 1:
        return image
    return image.copy_memory().autorot()


def _save(image: Any, source: Path, target: Path, content_type: str) -> str:
    """Write it. The type it has now: what few browsers show becomes WebP."""
    match content_type:
        case "image/jpeg":
            image.jpegsave(str(target), Q=90, optimize_coding=True, keep="icc")
        case "image/png":
            image.pngsave(str(target), compression=6, keep="icc")
        case "image/gif":
            image.gifsave(str(target), effort=3, keep="none")
        case _:
            # Where nothing is lost, quality is patience: least of both for a photo, which takes eight times as long otherwise.
            if content_type == "image/webp" and is_lossless(source):
                image.webpsave(str(target), Q=0, lossless=True, effort=0, keep="icc")
            else:
                image.webpsave(str(target), Q=85, effort=2, keep="icc")
            return "image/webp"
    return content_type


def _describe(folder: Path, content_type: str, frames: int) -> Looked:
    """What was made, read back."""
    made = pyvips.Image.new_from_file(str(folder / "content"), access="sequential")
    width, height = made.width, made.height
    pictures = []
    smallest = None
    for edge in sorted(THUMBNAILS, reverse=True):
        if max(width, height) > edge or (frames > 1 and edge == min(THUMBNAILS)):
            smallest = _shrink(smallest, folder, edge)
            pictures.append(_picture(smallest, folder, edge))
    tiny = _shrink(smallest, folder, TINY)
    placeholder = base64.b64encode(tiny.webpsave_buffer(Q=20, effort=4, keep="none")).decode()
    return Looked(
        content_type,
        rewritten=True,
        width=width,
        height=height,
        frames=frames,
        placeholder=f"data:image/webp;base64,{placeholder}",
        thumbnails=pictures[::-1],
    )


def _shrink(larger: Any, folder: Path, edge: int) -> Any:
    """In memory, for it is read more than once."""
    if larger is None:
        path = str(folder / "content")
        return pyvips.Image.thumbnail(path, edge, height=edge, size="down").copy_memory()
    return larger.thumbnail_image(edge, height=edge, size="down").copy_memory()


def _picture(image: Any, folder: Path, edge: int) -> Picture:
    path = folder / f"thumbnail.{edge}"
    image.webpsave(str(path), Q=75, effort=2, keep="none")
    return Picture(str(edge), image.width, image.height, path.stat().st_size)

"""What the worker is asked, and what it answers: JSON, as its argument and on its standard output."""

from collections.abc import Sequence
from typing import Literal

import msgspec

MIB = 1024 * 1024
THUMBNAILS = (320, 1280)
"""Longest edges of thumbnails, in pixels."""

Fault = Literal["broken", "too_many_pixels", "too_hard"]


class Task(msgspec.Struct, frozen=True):
    """A file to look at."""

    source: str
    folder: str
    """Where the worker may write."""
    pixels_max: int
    """Width times height times frames."""
    memory_mib: int
    seconds: int
    """Of processor time."""
    edge: int | None = None
    """Only a picture of its first frame is wanted, with edges of so many pixels at most, as WebP without a profile."""


class Picture(msgspec.Struct, frozen=True):
    """A thumbnail in the folder: `thumbnail.<name>`."""

    name: str
    width: int
    height: int
    size: int
    """In bytes."""


class Looked(msgspec.Struct, frozen=True):
    """What the worker found."""

    content_type: str = "application/octet-stream"
    sent_as: str | None = None
    """Of images: what it was before it was made anew."""
    fault: Fault | None = None
    """Why there is nothing to be kept."""
    rewritten: bool = False
    """What is to be kept lies in the folder as `content`; else it is the source, as it is."""
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration: float | None = None
    """In seconds."""
    placeholder: str | None = None
    thumbnails: Sequence[Picture] = ()
    rss_mib: int = 0
    """The most memory the worker had."""


class Trial(msgspec.Struct, frozen=True):
    """What came of trying the machine."""

    version: str
    """Of libvips."""
    failed: Sequence[str]
    """Content types of images that it cannot make anew."""
    held: bool
    """Whether the bound on memory holds."""

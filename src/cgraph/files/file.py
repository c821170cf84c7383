"""A file: what its uploader sees of it, and what others see where it hangs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph_kit.validation import Input, Text

State = Literal["uploading", "processing", "ready", "refused"]
Kind = str
"""What a file may hang on: `message`, `post`, `comment`, `avatar`, `icon` … Each has a reader (see `reading`)."""

NAME_MAX = 255
ALT_MAX = 1500
AltText = Annotated[Text, msgspec.Meta(min_length=1, max_length=ALT_MAX)]


class Thumbnail(msgspec.Struct, frozen=True):
    """A smaller picture of an image, always WebP."""

    name: str
    """Its last path segment, `…/thumbnails/{name}`: the longest edge it was made for, in pixels."""
    width: int
    height: int
    size: int
    """In bytes."""


class Attachment(msgspec.Struct, frozen=True):
    """A file as whoever sees what it hangs on sees it. Its content is at `/api/v1/files/{id}`."""

    id: UUID
    name: str
    """Made harmless: no path, no control characters; at most 255 bytes."""
    content_type: str
    """As found in the content. What is not shown in place is `application/octet-stream`."""
    size: int
    """In bytes, as it is kept."""
    width: int | None
    """Of images, in pixels, as it is to be shown."""
    height: int | None
    frames: int | None
    """Of images; more than 1: it moves."""
    duration: float | None
    """Of audio and video, in seconds, where its header says it."""
    placeholder: str | None
    """Of images: a `data:` address of some 100 bytes to show until the thumbnail is there."""
    thumbnails: Sequence[Thumbnail]
    """From small to large; none larger than the image itself."""
    alt_text: str | None
    """What is to be seen or heard, in the uploader's words."""
    spoiler: bool = False
    """To be shown only when it is asked for."""


class File(msgspec.Struct, frozen=True):
    """A file as its uploader sees it."""

    id: UUID
    name: str
    content_type: str | None
    """As found in the content; null until it has been looked at."""
    size: int
    """In bytes, as it is kept; before that, as declared."""
    width: int | None
    height: int | None
    frames: int | None
    duration: float | None
    placeholder: str | None
    thumbnails: Sequence[Thumbnail]
    alt_text: str | None
    state: State
    """`ready`: it can be attached and read."""
    refusal: str | None
    """Why it was refused: an error's code."""
    inserted_at: datetime
    attached: bool
    """Whether it hangs on anything; what does not within a day is removed."""


class FileChange(Input, frozen=True):
    """What shall be different about a file."""

    name: Annotated[Text, msgspec.Meta(min_length=1, max_length=NAME_MAX)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    alt_text: AltText | msgspec.UnsetType | None = msgspec.UNSET


class FileRow(msgspec.Struct, frozen=True):
    """A row of `files` with its blob's, thumbnails as they are stored."""

    id: UUID
    name: str
    content_type: str | None
    size: int
    width: int | None
    height: int | None
    frames: int | None
    duration: float | None
    placeholder: str | None
    thumbnails: list[dict[str, str | int]] | None
    alt_text: str | None
    state: State
    refusal: str | None
    inserted_at: datetime
    attached: bool

    def file(self) -> File:
        values = msgspec.structs.asdict(self)
        return File(**values | {"thumbnails": thumbnails_of(self.thumbnails)})


def thumbnails_of(stored: list[dict[str, str | int]] | None) -> list[Thumbnail]:
    """As they stand in the database."""
    return msgspec.convert(stored or [], list[Thumbnail])


OF_BLOB = "b.width, b.height, b.frames, b.duration, b.placeholder, b.thumbnails"
FILE = f"""
f.id, f.name, b.content_type, coalesce(b.size, f.charged), {OF_BLOB}, f.alt_text, f.state, f.refusal, f.inserted_at,
EXISTS (SELECT FROM file_attachments a WHERE a.file_id = f.id)
"""
"""The columns of `FileRow`."""
FROM_FILES = "files f LEFT JOIN file_blobs b ON b.id = f.blob_id"

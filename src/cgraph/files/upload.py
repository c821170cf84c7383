"""An upload: bytes on their way into quarantine."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph_kit.validation import Input, Text

from .file import AltText

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{64}$", examples=["2cf24dba" * 8])]
LONGEST_NAME = 10_000
"""Code points; what is kept of them is shorter."""


class NewUpload(Input, frozen=True):
    """A file to come in pieces."""

    name: Annotated[Text, msgspec.Meta(max_length=LONGEST_NAME)]
    size: Annotated[int, msgspec.Meta(ge=1)]
    """In bytes."""
    sha256: Sha256 | None = None
    """Of the whole, in hexadecimal: what arrives otherwise is refused."""
    alt_text: AltText | None = None


class Upload(msgspec.Struct, frozen=True):
    """How far an upload has come."""

    id: UUID
    """Of the file, too."""
    name: str
    size: int
    """As declared, in bytes."""
    offset: int
    """Bytes that have arrived: where it goes on."""
    expires_at: datetime
    """When it is given up."""


class UploadRow(msgspec.Struct, frozen=True):
    """A row of `file_uploads`, with its file's."""

    id: UUID
    name: str
    size: int | None
    received: int
    expires_at: datetime
    state: str

    def upload(self) -> Upload:
        return Upload(self.id, self.name, self.size or 0, self.received, self.expires_at)


UPLOAD = "f.id, f.name, u.size, u.received, u.expires_at, f.state"
FROM_UPLOADS = "file_uploads u JOIN files f ON f.id = u.file_id"

"""What a reported thing said, and what was said around it, as the reporter saw it. Later edits and deletions change none of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph.files import Attachment


class Said(msgspec.Struct, frozen=True):
    """One thing somebody said, or what their profile shows."""

    id: UUID
    author: Person | None
    content: str
    inserted_at: datetime
    edited_at: datetime | None = None
    title: str | None = None
    """Of a post; of a profile the display name."""
    url: str | None = None
    """Of a post that is a link; of a profile the picture."""
    attachments: Sequence[Attachment] = ()
    """What came with it: names, sizes, a small picture; not the files, which go with it."""


class Snapshot(msgspec.Struct, frozen=True):
    """What stood there."""

    item: Said
    around: Sequence[Said] = ()
    """In order: messages next to a message; what a comment answers, the post first."""


class Evidence(msgspec.Struct, frozen=True):
    """A thing that may be reported, and whose moderators would decide."""

    author_id: UUID | None
    snapshot: Snapshot
    place_kind: str = "site"
    place_id: UUID | None = None
    channel_id: UUID | None = None
    container_id: UUID | None = None

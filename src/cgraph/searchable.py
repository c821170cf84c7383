"""What contexts give to be found: the words of a thing, whose it is and where it lies."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

Kind = Literal["message", "post", "comment", "file", "user", "group", "channel", "forum"]


class Searchable(msgspec.Struct, frozen=True, kw_only=True):
    """One thing as it is now. Who may read it is asked when somebody searches, not here."""

    kind: Kind
    id: UUID
    container_id: UUID
    """Whoever may read this may read the thing: a conversation, channel, thread or forum; else the thing itself."""
    channel_id: UUID | None = None
    """The channel a public thread hangs on: whoever may not read that reads nothing of the thread."""
    community_id: UUID | None = None
    """The group the container lies in, for whom seeing all of it is enough; none for private threads."""
    item_id: UUID | None = None
    """What a file hangs on, or the post of a comment."""
    author_id: UUID | None = None
    inserted_at: datetime
    seq: int | None = None
    """Its number in the container's stream: a reader's time there begins and ends at one."""
    title: str = ""
    text: str = ""
    """What people read, without markup that is not shown."""
    language: str | None = None
    """ISO 639-1, where somebody has said it."""
    features: Sequence[str] = ()
    """What `has:` and `is:` ask of the thing alone: `link`, `image`, `poll`, `pinned`, `edited` …"""
    attachments: Sequence[Mapping[str, Any]] = ()
    """Its files as they are shown with it, under the names and with the descriptions they had then."""


class Reached(msgspec.Struct, frozen=True):
    """How far a scan over everything has got; what a container's number means is its context's business."""

    id: UUID = UUID(int=0)
    seq: int = 0


class Scanned(msgspec.Struct, frozen=True):
    """Some of everything there is."""

    things: Sequence[Searchable]
    """Those that can be found; what else was looked at is left out."""
    reached: Reached | None
    """Where to go on; None: that was the last."""


def has_link(text: str) -> bool:
    """Whether it leads anywhere."""
    return "://" in text and ("http://" in text or "https://" in text)


def mention_of(id: UUID) -> str:
    """The feature of what mentions a person, or calls those of a role or a group."""
    return f"mention:{id}"

"""What contexts give to be found: the words of a thing, whose it is and where it lies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Kind = Literal["message", "post", "comment", "file", "user", "group", "channel", "forum"]


class Searchable(msgspec.Struct, frozen=True, kw_only=True):
    """One thing as it is now. Who may read it is asked when somebody searches, not here."""

    kind: Kind
    id: UUID
    container_id: UUID
    """Whoever may read this may read the thing: a conversation, channel, thread or forum; else the thing itself."""
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

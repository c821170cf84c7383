"""What a reader hands to the loader; as JSON objects with a `kind`, these are also our open format.

Ids are the other system's own: any text that is unique in its kind (a message's: in its conversation).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Protocol

import msgspec

from cgraph_kit.validation import NO_NUL

FORMAT = "cgraph-jsonl"
VERSION = 1

ExternalId = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=NO_NUL)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time; one without an offset from UTC is refused."""


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of what is told apart by its `kind`."""


class Header(_Record, frozen=True, tag="header"):
    """The first line of a file in our format. `source` names the system the ids come from."""

    format: Literal["cgraph-jsonl"]
    version: int
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class User(_Record, frozen=True, tag="user"):
    """Somebody who wrote or took part. `username` may be anything; it is fitted to our rules."""

    id: ExternalId
    username: str
    display_name: str | None = None
    email: str | None = None
    avatar_url: str | None = None
    inserted_at: Instant | None = None
    active: bool = True


class Conversation(_Record, frozen=True, tag="conversation"):
    """A place to talk. `participants` None: everybody who wrote in it."""

    id: ExternalId
    type: Literal["group", "direct", "self"] = "group"
    name: str | None = None
    owner: ExternalId | None = None
    participants: tuple[ExternalId, ...] | None = None
    inserted_at: Instant | None = None


class Reaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One emoji and who gave it."""

    emoji: str
    users: tuple[ExternalId, ...]


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a message is pinned, by whom and since when, where known."""

    user: ExternalId | None = None
    at: Instant | None = None


class Message(_Record, frozen=True, tag="message"):
    """What somebody said, whole: the message is the unit of an import, so all that hangs on it comes with it.

    `mentions` says which words of the content mean whom; they become `@` and the person's name here.
    """

    id: ExternalId
    conversation: ExternalId
    author: ExternalId
    content: str
    inserted_at: Instant
    edited_at: Instant | None = None
    reply_to: ExternalId | None = None
    mentions: dict[str, ExternalId] = {}
    reactions: tuple[Reaction, ...] = ()
    pinned: Pin | None = None


Record = User | Conversation | Message


class Problem(msgspec.Struct, frozen=True):
    """Something that was not taken as it is.

    `outcome`: `lost`, nothing of it was taken; `changed`, taken but for what is named; `left out`, never meant to be.
    """

    where: str
    reason: str
    detail: str = ""
    outcome: Literal["lost", "changed", "left out"] = "lost"


class Item(msgspec.Struct, frozen=True):
    """One record and where it was found: "line 12", "general/2024-05-01.json, message 3"."""

    where: str
    record: Record


class Reader(Protocol):
    """An export being read: records and problems in an order in which they can be taken."""

    @property
    def source(self) -> str:
        """Names the system the ids come from; with an id of it, who or what is meant for ever."""
        ...

    @property
    def total(self) -> int | None:
        """Bytes to read in all, where known."""
        ...

    @property
    def done(self) -> int:
        """Bytes read so far."""
        ...

    def __iter__(self) -> Iterator[Item | Problem]: ...


class Unreadable(Exception):
    """The export cannot be read at all; the message says why."""

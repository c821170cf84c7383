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


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role of a group. `permissions`: the bits, as a decimal number in text."""

    id: ExternalId
    name: str
    permissions: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}$")] = "0"
    color: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFF)] = 0
    mentionable: bool = False


class Group(_Record, frozen=True, tag="group"):
    """A community with channels. `roles`: the highest last."""

    id: ExternalId
    name: str
    owner: ExternalId
    description: str | None = None
    inserted_at: Instant | None = None
    roles: tuple[Role, ...] = ()


class Member(_Record, frozen=True, tag="member"):
    """Somebody who is in a group."""

    group: ExternalId
    user: ExternalId
    nickname: str | None = None
    roles: tuple[ExternalId, ...] = ()
    joined_at: Instant | None = None


class Channel(_Record, frozen=True, tag="channel"):
    """A place in a group. Messages name it as their conversation, so its id is none of a conversation's.

    `members`: who alone sees it; None: all members of the group.
    """

    id: ExternalId
    group: ExternalId
    name: str
    type: Literal["text", "announcement", "category"] = "text"
    category: ExternalId | None = None
    topic: str | None = None
    members: tuple[ExternalId, ...] | None = None
    archived_at: Instant | None = None
    inserted_at: Instant | None = None


class Forum(_Record, frozen=True, tag="forum"):
    """A forum; what it lies in comes before it. `slug` may be anything; it is fitted to our rules."""

    id: ExternalId
    title: str
    slug: str | None = None
    parent: ExternalId | None = None
    description: str | None = None
    sidebar: str | None = None
    visibility: Literal["public", "unlisted", "private"] = "public"
    posting: Literal["anyone", "subscribers", "moderators"] = "anyone"
    nsfw: bool = False
    creator: ExternalId | None = None
    moderators: tuple[ExternalId, ...] = ()
    inserted_at: Instant | None = None
    deleted_at: Instant | None = None


class Subscription(_Record, frozen=True, tag="subscription"):
    """Somebody who follows a forum."""

    forum: ExternalId
    user: ExternalId
    level: Literal["watching", "first_posts", "tracking", "normal", "muted"] = "normal"
    inserted_at: Instant | None = None


class Voted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vote that comes with what it is for."""

    user: ExternalId
    value: Literal[-1, 1]
    at: Instant | None = None


class Post(_Record, frozen=True, tag="post"):
    """What began a discussion; without an author, nobody knows who."""

    id: ExternalId
    forum: ExternalId
    title: str
    inserted_at: Instant
    author: ExternalId | None = None
    content: str = ""
    url: str | None = None
    nsfw: bool = False
    edited_at: Instant | None = None
    deleted_at: Instant | None = None
    removed_at: Instant | None = None
    locked_at: Instant | None = None
    pinned_at: Instant | None = None
    mentions: dict[str, ExternalId] = {}
    votes: tuple[Voted, ...] = ()


class Comment(_Record, frozen=True, tag="comment"):
    """What somebody said about a post. `reply_to`: a comment of the same post that came before."""

    id: ExternalId
    post: ExternalId
    content: str
    inserted_at: Instant
    author: ExternalId | None = None
    reply_to: ExternalId | None = None
    edited_at: Instant | None = None
    deleted_at: Instant | None = None
    removed_at: Instant | None = None
    mentions: dict[str, ExternalId] = {}
    votes: tuple[Voted, ...] = ()


class Vote(_Record, frozen=True, tag="vote"):
    """A vote that comes by itself, after what it is for."""

    user: ExternalId
    value: Literal[-1, 1]
    post: ExternalId | None = None
    comment: ExternalId | None = None
    """Of these two one."""
    inserted_at: Instant | None = None

    def __post_init__(self) -> None:
        if (self.post is None) == (self.comment is None):
            raise ValueError("a vote is for a post or for a comment")


Said = Post | Comment | Vote
Record = User | Conversation | Message | Group | Member | Channel | Forum | Subscription | Said


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

"""A forum: as it is asked for, and as a reader sees it."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph.accounts import Guess
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input

from .access import Level, Posting, Visibility

Sort = Literal[
    "hot",
    "new",
    "old",
    "top",
    "best",
    "active",
    "controversial",
    "rising",
    "scaled",
    "most_comments",
    "new_comments",
]

Slug = Annotated[
    str,
    msgspec.Meta(
        min_length=2, max_length=32, pattern="^[a-z0-9](-?[a-z0-9])+$", examples=["cooking"]
    ),
]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]
Description = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=NO_NUL)]
Sidebar = Annotated[str, msgspec.Meta(max_length=10_000, pattern=NO_NUL)]
ForumRule = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=NO_NUL)]
Rules = Annotated[list[ForumRule], msgspec.Meta(max_length=50)]
Language = Annotated[
    str, msgspec.Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["en"])
]
"""As in BCP 47."""
Languages = Annotated[list[Language], msgspec.Meta(max_length=20)]
IconUrl = Annotated[
    str, msgspec.Meta(max_length=2048, pattern=r"^https://[^\s\x00]+$", examples=["https://x.org/"])
]

_RESERVED = (
    "about admin all api comments draft drafts feed feeds forum forums help hidden home hot log me mod moderated "
    "moderation moderators new popular posts private saved search settings site subscribed subscriptions system tree "
    "unread users"
)
RESERVED = frozenset(_RESERVED.split())
"""Slugs that are words of addresses, now or some day."""


class NewForum(Input, frozen=True):
    """A forum to be made."""

    slug: Slug
    """What addresses call it; never changes."""
    title: Title
    parent_id: UUID | None = None
    """The forum it lies in, which one must moderate."""
    description: Description | None = None
    sidebar: Sidebar | None = None
    """Markdown."""
    rules: Rules = msgspec.field(default_factory=list)
    icon_url: IconUrl | None = None
    visibility: Visibility = "public"
    """`unlisted`: for whoever knows the name; `private`: for those moderators let in."""
    posting: Posting = "anyone"
    """Who may begin posts; with `subscribers` only they may comment, too."""
    downvotes: bool = True
    nsfw: bool = False
    languages: Languages = msgspec.field(default_factory=list)
    default_sort: Sort = "hot"

    def __post_init__(self) -> None:
        if self.slug in RESERVED:
            raise Invalid.field("slug", "is a reserved word")
        check_visible("title", self.title)


class ForumChange(Input, frozen=True):
    """What shall be different; what is left out stays."""

    title: Title | UnsetType = UNSET
    parent_id: UUID | UnsetType | None = UNSET
    """Where it lies: both forums must be one's to moderate. Null: in none."""
    description: Description | UnsetType | None = UNSET
    sidebar: Sidebar | UnsetType | None = UNSET
    rules: Rules | UnsetType = UNSET
    icon_url: IconUrl | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    posting: Posting | UnsetType = UNSET
    downvotes: bool | UnsetType = UNSET
    nsfw: bool | UnsetType = UNSET
    languages: Languages | UnsetType = UNSET
    default_sort: Sort | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    """Read-only for everybody, until it is not."""

    def __post_init__(self) -> None:
        if isinstance(self.title, str):
            check_visible("title", self.title)

    def given(self) -> dict[str, Any]:
        """The fields that are to change."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not UNSET}


class DeleteForum(Input, frozen=True):
    """One's password, once more."""

    password: Guess

    def __repr__(self) -> str:
        return "DeleteForum(…)"


class TransferForum(Input, frozen=True):
    """To which moderator a forum shall belong, and one's password, once more."""

    user_id: UUID
    password: Guess

    def __repr__(self) -> str:
        return "TransferForum(…)"


class ForumName(msgspec.Struct, frozen=True):
    """A forum, where it is only named."""

    id: UUID
    slug: str
    title: str


class ForumSummary(msgspec.Struct, frozen=True):
    """A forum in a list."""

    id: UUID
    slug: str
    parent_id: UUID | None
    title: str
    description: str | None
    icon_url: str | None
    visibility: Visibility
    nsfw: bool
    languages: Sequence[str]
    subscriber_count: int
    post_count: int
    comment_count: int
    subscription: Literal["active", "pending"] | None
    level: Level | None
    """How much the reader hears of it; null: they have not subscribed."""
    archived_at: datetime | None
    inserted_at: datetime


class Forum(msgspec.Struct, frozen=True):
    """A forum as a reader sees it."""

    id: UUID
    slug: str
    parent_id: UUID | None
    ancestors: Sequence[ForumName]
    """From the top of the tree down; those the reader may not read are left out."""
    title: str
    description: str | None
    sidebar: str | None
    """Markdown."""
    sidebar_html: str
    rules: Sequence[str]
    icon_url: str | None
    visibility: Visibility
    posting: Posting
    downvotes: bool
    nsfw: bool
    languages: Sequence[str]
    default_sort: str
    creator_id: UUID | None
    subscriber_count: int
    post_count: int
    comment_count: int
    subscription: Literal["active", "pending"] | None
    level: Level | None
    """How much the reader hears of it; null: they have not subscribed."""
    moderator: bool
    """Whether the reader moderates it."""
    banned: bool
    """Whether the reader may only read."""
    seq: int
    """Last number of its stream."""
    archived_at: datetime | None
    inserted_at: datetime
    updated_at: datetime


def check_visible(field: str, text: str) -> None:
    """Raise `Invalid` for a text that shows nothing: only spaces, controls and formatting characters."""
    if all(unicodedata.category(char)[0] in "ZC" for char in text):
        raise Invalid.field(field, "can't be blank")

"""A comment: as it is given, and as a reader sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph.accounts import Person
from cgraph.files import Attachment, NewAttachment
from cgraph.previews import Preview
from cgraph_kit.validation import Input, Text

CommentSort = Literal["best", "top", "hot", "new", "old", "controversial", "qa"]
"""How those who answer the same stand among each other."""
COMMENT_SORTS = get_args(CommentSort)

MAX_DEPTH = 50
"""What answers a comment there stands beside it."""
SHOWN_DEPTH = 10
"""Levels in one answer."""
ANSWERS = 3
"""Answers shown of each comment below the first level."""
MOST = 500
"""Comments in one answer."""


class NewComment(Input, frozen=True):
    """Something to say about a post."""

    content: Text
    """Markdown. `![](attachment:<file_id>)` shows an image that comes with it."""
    parent_id: UUID | None = None
    """The comment of the same post that it answers; null: the post itself."""
    attachments: list[NewAttachment] = msgspec.field(default_factory=list)
    """Files that come with it, in this order."""
    suppress_previews: bool = False
    """Show no previews of its links."""


class CommentEdit(Input, frozen=True):
    """What a comment shall say instead; what is left out stays."""

    content: Text | UnsetType = UNSET
    """Markdown."""
    attachments: list[NewAttachment] | UnsetType = UNSET
    """All that shall come with it, in this order: what did before and is not among them is taken away."""
    suppress_previews: bool | UnsetType = UNSET
    """Show no previews of its links, or have them looked at anew."""


class WhichComments(Input, frozen=True):
    """Which comments of a post."""

    sort: CommentSort = "best"
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50
    """Of the first level."""
    depth: Annotated[int, msgspec.Meta(ge=1, le=SHOWN_DEPTH)] = SHOWN_DEPTH
    """Levels."""
    cursor: Text | None = None
    """Where a `more` of an earlier answer goes on; it knows its order."""
    focus: UUID | None = None
    """One comment and what is below it, instead of all."""
    context: Annotated[int, msgspec.Meta(ge=0, le=MAX_DEPTH)] = 0
    """How many of those above the focus are shown with it."""


class More(msgspec.Struct, frozen=True):
    """Answers that are not shown."""

    parent_id: UUID | None
    """What they answer; null: the post."""
    remaining: int
    """How many, those below them left out; exact."""
    cursor: str


class Comment(msgspec.Struct, frozen=True):
    """A comment as a reader sees it."""

    id: UUID
    post_id: UUID
    parent_id: UUID | None
    reply_to_id: UUID | None
    """What it answers where that is as deep as comments go: then the two stand beside each other."""
    depth: int
    """1: it answers the post."""
    author: Person | None
    """Null: the account is gone, or this is a stub."""
    content: str
    """Markdown; empty for a stub."""
    html: str
    """The same as HTML that may stand in any page."""
    upvotes: int
    downvotes: int
    score: int
    my_vote: int
    child_count: int
    """Answers to it."""
    descendant_count: int
    """All that is below it."""
    blocked: bool
    """The reader has blocked its author, or the reverse: to be shown folded."""
    host: bool
    """Its author began the post, or moderated the forum then."""
    distinguished: bool
    """Said in the name of the forum."""
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    """By its author. It is shown as a stub, because something is below it."""
    removed_at: datetime | None
    """By a moderator: a stub but for moderators and its author."""
    locked_at: datetime | None
    attachments: Sequence[Attachment] = ()
    """Files that came with it."""
    previews: Sequence[Preview] = ()
    """What the pages behind its links say of themselves; they come some moments later."""
    more: More | None = None
    """Answers to it that are not shown here."""


class CommentPage(msgspec.Struct, frozen=True):
    """Part of the comments of a post, in the order in which they are to be shown: each before those that answer it."""

    post_id: UUID
    sort: CommentSort
    comments: list[Comment]
    more: More | None
    """The rest of the first level."""

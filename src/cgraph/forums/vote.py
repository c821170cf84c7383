"""A vote: as it is given, and what comes of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph_kit.validation import Input

VotedKind = Literal["post", "comment"]
Value = Literal[-1, 0, 1]


class SetVote(Input, frozen=True):
    """What one thinks of a post or comment."""

    value: Annotated[int, msgspec.Meta(ge=-1, le=1)]
    """1: up; -1: down; 0: neither, also to take a vote back."""


class Vote(msgspec.Struct, frozen=True):
    """What a post or comment has after a vote."""

    id: UUID
    """Of the post or comment."""
    upvotes: int
    downvotes: int
    score: int
    """Up less down."""
    my_vote: int


class GivenVote(msgspec.Struct, frozen=True):
    """Somebody's vote, as moderators see it."""

    user: Person | None
    value: int
    revoked: bool
    """It does not count: whoever gave it is banned."""
    inserted_at: datetime
    updated_at: datetime


class VotesCounted(msgspec.Struct, frozen=True):
    """What a post or comment has after a vote; only the newest matters. Who voted is nobody's business."""

    kind: VotedKind
    id: UUID
    post_id: UUID
    """Itself, or the post a comment is on."""
    forum_id: UUID
    upvotes: int
    downvotes: int
    score: int

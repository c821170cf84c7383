"""A ban: somebody who may read a forum, if it is public, and take no part in it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph_kit.validation import Input

from .log import Reason


class NewForumBan(Input, frozen=True):
    """For how long, and what of theirs goes with it."""

    reason: Reason | None = None
    """Everybody who may read the forum may read it."""
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """Null: for good."""
    remove_content: bool = False
    """What they have written in the forum is removed, a little later."""
    revoke_votes: bool = False
    """Their votes in the forum count no longer, a little later."""


class ForumBan(msgspec.Struct, frozen=True):
    """Somebody who may take no part."""

    user: Person
    banned_by: UUID | None
    reason: str | None
    expires_at: datetime | None
    """Null: for good."""
    inserted_at: datetime


class BanRow(msgspec.Struct, frozen=True):
    """A row of `forum_bans`, as the log keeps it to restore it."""

    banned_by: UUID | None
    reason: str | None
    expires_at: datetime | None
    inserted_at: datetime

    def facts(self) -> dict[str, Any]:
        """As JSON can say it."""
        facts: dict[str, Any] = msgspec.to_builtins(self)
        return facts

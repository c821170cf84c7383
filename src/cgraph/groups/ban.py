"""A ban: somebody who may not come in."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph_kit.validation import NO_NUL, Input

REASON_LENGTH = 512
PURGE_MAX = 604_800
AT_ONCE = 200
LONGEST = timedelta(days=3653)

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LENGTH, pattern=NO_NUL)]
Until = Annotated[datetime, msgspec.Meta(tz=True)]
Purge = Annotated[int, msgspec.Meta(ge=0, le=PURGE_MAX)]


class NewBan(Input, frozen=True):
    """For how long, and what of theirs goes."""

    reason: Reason | None = None
    """Shown to whoever may see the bans, and kept in the audit log."""
    expires_at: Until | None = None
    """At most ten years from now; null: for good."""
    delete_message_seconds: Purge = 0
    """What they said in the group in so many seconds before now is deleted, a week at most."""


class NewBans(NewBan, frozen=True, kw_only=True):
    """Several people at once."""

    user_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=AT_ONCE)]


class Ban(msgspec.Struct, frozen=True):
    """Somebody who may not come in."""

    user: Person
    banned_by: UUID | None
    reason: str | None
    expires_at: datetime | None
    """Null: for good."""
    inserted_at: datetime


class NewlyBanned(msgspec.Struct, frozen=True):
    """What has become of banning several."""

    banned: list[UUID]
    refused: list[UUID]
    """Those who are nobody, or stand as high as oneself."""


BAN = """
jsonb_build_object('id', u.id, 'user_id', u.user_id, 'username', u.username, 'display_name', u.display_name,
    'avatar_url', u.avatar_url), b.banned_by, b.reason, b.expires_at, b.inserted_at
FROM group_bans b JOIN users u ON u.id = b.user_id
"""
"""Columns of `Ban`, and where they are from; see `typed`."""
HOLDS = "(b.expires_at IS NULL OR b.expires_at > now())"
"""It still keeps them out."""


def typed(row: Ban) -> Ban:
    """A row as the driver has it, with its JSON column as what it says."""
    return msgspec.convert(msgspec.structs.asdict(row), Ban)

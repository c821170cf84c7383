"""An invite: a code by which people come into a group."""

import secrets
import string
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph_kit.validation import Input

from .member import Member

WEEK = 604_800
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 12
"""Of 62 letters: 71 bits, which nobody guesses."""


class NewInvite(Input, frozen=True):
    """An invite to be made."""

    channel_id: UUID | None = None
    """Where it leads; null: the group's first channel."""
    max_age: Annotated[int, msgspec.Meta(ge=0, le=WEEK)] = 86_400
    """Seconds it is good for; 0: without end."""
    max_uses: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """How many may come by it; 0: any number."""
    temporary: bool = False
    """Who comes by it leaves when they go offline without a role."""
    role_ids: Annotated[Sequence[UUID], msgspec.Meta(max_length=50)] = ()
    """Given to whoever comes by it."""
    unique: bool = False
    """A new one, even if one has one of the same kind that is still good."""


class Invite(msgspec.Struct, frozen=True):
    """An invite, as the people of its group see it."""

    code: str
    group_id: UUID
    channel_id: UUID | None
    inviter: Person | None
    max_uses: int
    uses: int
    expires_at: datetime | None
    """Null: never."""
    temporary: bool
    role_ids: Sequence[UUID]
    inserted_at: datetime


INVITE = """
i.code, i.group_id, i.channel_id, CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('id', u.id, 'user_id', u.user_id,
    'username', u.username, 'display_name', u.display_name, 'avatar_url', u.avatar_url) END,
i.max_uses, i.uses, i.expires_at, i.temporary, i.role_ids, i.inserted_at
FROM group_invites i LEFT JOIN users u ON u.id = i.inviter_id
"""
"""Columns of `Invite`, and where they are from; see `typed`."""
GOOD = "(i.expires_at IS NULL OR i.expires_at > now()) AND (i.max_uses = 0 OR i.uses < i.max_uses)"
"""Somebody may still come by it."""


class Invitation(msgspec.Struct, frozen=True):
    """What an invite shows to whoever has its code."""

    code: str
    group_id: UUID
    name: str
    description: str | None
    icon_url: str | None
    member_count: int
    channel_id: UUID | None
    inviter: Person | None
    expires_at: datetime | None
    temporary: bool
    rules: Sequence[str]
    """What is to be accepted before one may do more than look."""


class Accepted(msgspec.Struct, frozen=True):
    """Where an invite has led."""

    group_id: UUID
    channel_id: UUID | None
    joined: bool
    """False: they were in already, and the invite is not used up by that."""
    member: Member


def new_code() -> str:
    """A code nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def typed(row: Invite) -> Invite:
    """A row as the driver has it, with its JSON column as what it says."""
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    return msgspec.convert(fields, Invite)

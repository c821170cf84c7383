"""A member: as others see them, and what may be changed about one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph_kit.validation import NO_NUL, Input

NICKNAME_LENGTH = 32
ROLES_AT_ONCE = 250

Nickname = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]
"""Trimmed it has at most `NICKNAME_LENGTH` code points."""


class Member(msgspec.Struct, frozen=True):
    """Somebody who is in a group."""

    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None
    nickname: str | None
    """What they are called here, in place of their display name."""
    role_ids: Sequence[UUID]
    """Their roles, the highest first; without @everyone's."""
    owner: bool
    pending: bool
    """They have not accepted the rules yet, and only look."""
    timed_out_until: datetime | None
    temporary: bool
    """They came for a while: they leave when they go offline without a role."""
    joined_at: datetime


MEMBER = """
u.id, u.user_id, u.username, u.display_name, u.avatar_url, m.nickname, ARRAY(
    SELECT r.id FROM group_member_roles mr JOIN group_roles r ON r.id = mr.role_id
    WHERE mr.group_id = m.group_id AND mr.user_id = m.user_id ORDER BY r.position DESC
), g.owner_id = m.user_id, m.pending, CASE WHEN m.timed_out_until > now() THEN m.timed_out_until END, m.temporary, m.joined_at
"""
"""Columns of `Member`; over members `m`, their group `g` and their account `u`."""
MEMBERS = "FROM group_members m JOIN groups g ON g.id = m.group_id JOIN users u ON u.id = m.user_id"


class MemberChange(Input, frozen=True):
    """What shall be different about a member; each needs its own permission."""

    nickname: Nickname | UnsetType | None = UNSET
    """Null: their own name again."""
    role_ids: Annotated[list[UUID], msgspec.Meta(max_length=ROLES_AT_ONCE)] | UnsetType = UNSET
    """All their roles from now on."""
    timed_out_until: Annotated[datetime, msgspec.Meta(tz=True)] | UnsetType | None = UNSET
    """Until then they only look, at most 28 days from now; null, or what has passed: not any more."""

"""A person as others see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import Limit, Page, decode_cursor, forward_page
from cgraph_kit.validation import Input, Text

from .errors import UserNotFound
from .user import Actor, State

MOST_IDS = 100


class Profile(msgspec.Struct, frozen=True):
    """What everybody who is logged in may see of somebody.

    The status is the one chosen, not presence: `offline` for who is invisible or has blocked the viewer. Of a deactivated
    account only id, number, name and state are shown.
    """

    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None
    status: Literal["online", "idle", "dnd", "offline"]
    status_text: str | None
    state: State
    inserted_at: datetime


class FindProfiles(Input, frozen=True):
    """Which people: by exactly one of `ids`, `username`, `user_id` and `q`."""

    ids: Text | None = None
    """At most 100, separated by commas."""
    username: Text | None = None
    user_id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    q: Annotated[Text, msgspec.Meta(min_length=2, max_length=32)] | None = None
    """The beginning of a username."""
    limit: Limit = 20
    after: Text | None = None

    def __post_init__(self) -> None:
        given = (self.ids, self.username, self.user_id, self.q)
        if sum(value is not None for value in given) != 1:
            raise Invalid.field("q", "is required, or one of ids, username and user_id instead")


async def get_profile(db: Repo, actor: Actor, id: UUID) -> Profile:
    """One person. Raises `UserNotFound`."""
    found = await _list(db, actor, "u.id = $2", id)
    if not found:
        raise UserNotFound
    return found[0]


async def find_profiles(db: Repo, actor: Actor, find: FindProfiles) -> Page[Profile]:
    """The people asked for who exist, by name; a prefix finds active ones only, page by page."""
    if find.ids is not None:
        return Page(await _list(db, actor, "u.id = ANY($2)", _ids(find.ids)))
    if find.username is not None:
        return Page(await _list(db, actor, "u.username = $2", find.username.strip().lower()))
    if find.user_id is not None:
        return Page(await _list(db, actor, "u.user_id = $2", find.user_id))
    prefix = (find.q or "").lower()
    start = decode_cursor(find.after, str, "after") if find.after else ""
    rows = await db.all(
        Profile, _SEARCH, actor.id, prefix, prefix + AFTER_ALL, start, find.limit + 1
    )
    return forward_page(rows, find.limit, lambda row: row.username)


def _ids(text: str) -> Sequence[UUID]:
    try:
        ids = [UUID(part) for part in text.split(",")]
    except ValueError:
        raise Invalid.field("ids", "must be UUIDs separated by commas") from None
    if len(ids) > MOST_IDS:
        raise Invalid.field("ids", f"must be at most {MOST_IDS}")
    return ids


async def _list(db: Repo, actor: Actor, where: str, value: object) -> list[Profile]:
    return await db.all(
        Profile, f"{_PROFILE} WHERE {where} ORDER BY u.username LIMIT {MOST_IDS}", actor.id, value
    )


AFTER_ALL = "\x7f"
"""Sorts after every character of a username."""

_PROFILE = """
SELECT u.id, u.user_id, u.username,
       CASE WHEN u.state = 'active' THEN u.display_name END,
       CASE WHEN u.state = 'active' THEN u.avatar_url END,
       CASE WHEN shy.are OR u.status = 'invisible' THEN 'offline' ELSE u.status END,
       CASE WHEN NOT shy.are AND (u.status_expires_at > now() OR u.status_expires_at IS NULL)
            THEN u.status_text END,
       u.state, u.inserted_at
FROM users u
CROSS JOIN LATERAL (
    SELECT u.state <> 'active'
        OR EXISTS (SELECT FROM user_blocks WHERE blocker_id = u.id AND blocked_id = $1) AS are
) shy
"""
_SEARCH = f"""
{_PROFILE} WHERE u.username >= $2 AND u.username < $3 AND u.username > $4 AND u.state = 'active'
ORDER BY u.username LIMIT $5
"""

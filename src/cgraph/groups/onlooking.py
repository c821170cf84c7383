"""Whom of a group's members one may see being here: everybody but those with a block between the two."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, MAX_LIMIT, Limit, decode_cursor
from cgraph_kit.validation import Input, Text

from .standing import get_standing


class Onlooking(Input, frozen=True):
    """Which members are on a screen: these, or a page of the list of members."""

    user_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_LIMIT)] | None = None
    after: Text | None = None
    """A cursor of the list of members; null: its beginning."""
    limit: Limit = DEFAULT_LIMIT

    def __post_init__(self) -> None:
        if self.user_ids is not None and self.after is not None:
            raise Invalid.field("after", "is not for a choice of people")


async def list_onlooked(db: Repo, actor: Actor, group_id: UUID, which: Onlooking) -> list[UUID]:
    """Those of them who are members, and whom the actor may see being here.

    Raises `GroupNotFound`, `Invalid` for a cursor of another list.
    """
    start = decode_cursor(which.after, UUID, "after") if which.after else UUID(int=0)
    await get_standing(db, actor.id, group_id)
    if which.user_ids is not None:
        return await db.values(_CHOICE, group_id, actor.id, which.user_ids)
    return await db.values(_PAGE, group_id, actor.id, start, which.limit)


async def list_small_crowd(
    db: Repo, actor: Actor, group_id: UUID, *, most: int
) -> list[UUID] | None:
    """All members of a group of at most so many whom the actor may see being here; None: it is larger."""
    size = await db.value("SELECT member_count FROM groups WHERE id = $1", group_id)
    if size is None or size > most:
        return None
    return await db.values(_PAGE, group_id, actor.id, UUID(int=0), most)


async def list_blocked_among(db: Repo, user_id: UUID, others: Collection[UUID]) -> set[UUID]:
    """Those of these people between whom and a person there is a block."""
    return set(await db.values(_BLOCKED, user_id, list(others)))


_UNBLOCKED = (
    "NOT EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = $2 AND b.other_id = m.user_id)"
)
_CHOICE = f"""
SELECT m.user_id FROM group_members m WHERE m.group_id = $1 AND m.user_id = ANY($3) AND {_UNBLOCKED}
"""
# The page first: whom one does not see takes a place in the list all the same.
_PAGE = f"""
SELECT m.user_id FROM (
    SELECT user_id FROM group_members WHERE group_id = $1 AND user_id > $3 ORDER BY user_id LIMIT $4
) m WHERE {_UNBLOCKED}
"""
_BLOCKED = "SELECT other_id FROM blocked_pairs WHERE user_id = $1 AND other_id = ANY($2)"

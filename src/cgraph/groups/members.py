"""Who is in a group: looked at page by page, found by any of their names, one at a time."""

from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .errors import MemberNotFound
from .member import MEMBER, MEMBERS, Member
from .standing import get_standing


async def list_members(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Member]:
    """The members of a group, by id: who registered first comes first. Raises `GroupNotFound`, `Invalid`."""
    start = decode_cursor(after, UUID, "after") if after else UUID(int=0)
    await get_standing(db, actor.id, group_id)
    rows = await db.all(Member, _LIST, group_id, start, limit + 1)
    return forward_page(rows, limit, lambda row: row.id)


class _Hit(Member, frozen=True):
    name: str


async def search_members(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    text: str,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Member]:
    """Members whose nickname, display name or username begins so, by that name; case and accents do not matter.

    Raises `GroupNotFound`, `Invalid` for a cursor of another list.
    """
    name, id = decode_cursor(after, tuple[str, UUID], "after") if after else ("", UUID(int=0))
    await get_standing(db, actor.id, group_id)
    rows = await db.all(_Hit, _SEARCH, group_id, text.strip(), name, id, limit + 1)
    page = forward_page(rows, limit, lambda row: (row.name, row.id))
    members = [msgspec.convert(row, Member, from_attributes=True) for row in page.items]
    return Page(members, page.before, page.after)


async def get_member(db: Repo, actor: Actor, group_id: UUID, user_id: UUID) -> Member:
    """One member. Raises `GroupNotFound`, `MemberNotFound`."""
    await get_standing(db, actor.id, group_id)
    return await find_member(db, group_id, user_id)


async def find_member(db: Repo, group_id: UUID, user_id: UUID) -> Member:
    """One member, for who may see them. Raises `MemberNotFound`."""
    member = await db.first(Member, _GET, group_id, user_id)
    if member is None:
        raise MemberNotFound
    return member


_GET = f"SELECT {MEMBER} {MEMBERS} WHERE m.group_id = $1 AND m.user_id = $2"
_LIST = f"SELECT {MEMBER} {MEMBERS} WHERE m.group_id = $1 AND m.user_id > $2 ORDER BY m.user_id LIMIT $3"
# Who is found by several of their names stands at the first of them, once.
_SEARCH = f"""
WITH prefix AS (
    SELECT folded($2) COLLATE "C" AS low, (folded($2) || U&'\\+10FFFF') COLLATE "C" AS high
), found AS (
    SELECT n.user_id, n.name
    FROM prefix p, group_member_names n
    WHERE n.group_id = $1 AND n.name < p.high AND (n.name, n.user_id) > (greatest($3 COLLATE "C", p.low), $4)
        AND NOT EXISTS (
            SELECT FROM group_member_names o
            WHERE o.group_id = n.group_id AND o.user_id = n.user_id AND o.name >= p.low AND o.name < p.high
                AND (o.name, o.kind) < (n.name, n.kind)
        )
    ORDER BY n.name, n.user_id LIMIT $5
)
SELECT {MEMBER}, f.name
{MEMBERS} JOIN found f ON f.user_id = m.user_id
WHERE m.group_id = $1 ORDER BY f.name, f.user_id
"""

"""Groups as one of their members sees them: one statement, however many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from . import permissions
from .errors import GroupNotFound
from .group import Group, GroupFacts
from .standing import MEMBER_FACTS, MEMBERS, FactsRow


class _Row(FactsRow, frozen=True):
    group: dict[str, Any]
    seq: int
    joined_at: datetime


async def get_group(db: Repo, actor: Actor, group_id: UUID) -> Group:
    """One group. Raises `GroupNotFound`."""
    row = await db.first(_Row, f"{_SELECT} AND m.group_id = $2", actor.id, group_id)
    if row is None:
        raise GroupNotFound
    return _group(row)


async def list_groups(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[Group]:
    """The actor's groups, the one they joined first first. Raises `Invalid` for a cursor of another list."""
    at, id = decode_cursor(after, tuple[datetime, UUID], "after") if after else (None, None)
    rows = await db.all(_Row, _LIST, actor.id, limit + 1, at, id)
    return forward_page([_group(row) for row in rows], limit, lambda one: (one.joined_at, one.id))


async def list_these_groups(db: Repo, actor: Actor, ids: Sequence[UUID]) -> list[Group]:
    """Those of these groups the actor is in, in no order."""
    rows = await db.all(_Row, f"{_SELECT} AND m.group_id = ANY ($2)", actor.id, list(ids))
    return [_group(row) for row in rows]


async def get_facts(db: Repo, group_id: UUID) -> GroupFacts:
    """A group that is there, as all its members see it."""
    found = await db.value(f"SELECT {_FACTS} FROM groups g WHERE g.id = $1", group_id)
    return msgspec.convert(found, GroupFacts)


def _group(row: _Row) -> Group:
    bits = permissions.in_group(row.facts(clock.now()))
    facts = msgspec.convert(row.group, GroupFacts)
    return Group(
        **msgspec.structs.asdict(facts),
        seq=row.seq,
        permissions=str(bits),
        joined_at=row.joined_at,
        pending=row.pending,
    )


_FACTS = "jsonb_build_object({})".format(
    ", ".join(f"'{name}', g.{name}" for name in GroupFacts.__struct_fields__)
)
_SELECT = f"""
SELECT {MEMBER_FACTS}, {_FACTS}, s.last_seq, m.joined_at
{MEMBERS} JOIN streams s ON s.id = g.id WHERE m.user_id = $1
"""
_LIST = f"""
{_SELECT} AND ($3::timestamptz IS NULL OR (m.joined_at, m.group_id) > ($3, $4::uuid))
ORDER BY m.joined_at, m.group_id LIMIT $2
"""

"""Groups for tests: who is in them, with which roles."""

from collections.abc import Sequence
from uuid import UUID

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import NewGroup
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id


async def found(db: Repo, owner: Actor, name: str = "Allotments") -> UUID:
    """A group somebody has just made."""
    return (await groups.create_group(db, owner, NewGroup(name=name))).id


async def enter(db: Repo, group_id: UUID, *people: Actor, role_ids: Sequence[UUID] = ()) -> None:
    """They are in it now, with these roles."""
    for person in people:
        async with db.transaction() as tx:
            await tx.value("SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE", group_id)
            await tx.value(_ENTER, group_id, person.id)
            await give(tx, group_id, person, *role_ids)


async def give(db: Repo, group_id: UUID, person: Actor, *role_ids: UUID) -> None:
    """They have these roles, too."""
    await db.value(_GIVE, group_id, person.id, list(role_ids))


async def make_role(db: Repo, group_id: UUID, permissions: int = 0, *, name: str = "role") -> UUID:
    """A role, above all that are there."""
    id = new_id()
    await db.value(_ROLE, id, group_id, name, permissions)
    return id


async def first_channel(db: Repo, group_id: UUID) -> UUID:
    """The channel a group begins with."""
    sql = "SELECT id FROM group_channels WHERE group_id = $1 ORDER BY id LIMIT 1"
    id: UUID = await db.value(sql, group_id)
    return id


async def overwrite(
    db: Repo, channel_id: UUID, target_id: UUID, *, allow: int = 0, deny: int = 0
) -> None:
    """What a channel allows and denies a role, or a member, from now on."""
    await db.value(_OVERWRITE, channel_id, target_id, allow, deny)


_GIVE = """
INSERT INTO group_member_roles (group_id, user_id, role_id) SELECT $1, $2, unnest($3::uuid[]) ON CONFLICT DO NOTHING
"""
_ENTER = """
WITH member AS (INSERT INTO group_members (group_id, user_id) VALUES ($1, $2))
UPDATE groups SET member_count = member_count + 1 WHERE id = $1
"""
_ROLE = """
INSERT INTO group_roles (id, group_id, name, permissions, position)
SELECT $1, $2, $3, $4, max(position) + 1 FROM group_roles WHERE group_id = $2
"""
_OVERWRITE = """
INSERT INTO group_overwrites (channel_id, target_id, target_kind, allow, deny)
SELECT $1, $2, CASE WHEN EXISTS (SELECT FROM group_roles WHERE id = $2) THEN 'role' ELSE 'member' END, $3, $4
ON CONFLICT (channel_id, target_id) DO UPDATE SET allow = excluded.allow, deny = excluded.deny
"""

"""Members without a role who have not been here since an instant: found some at a time, and let go one by one."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from cgraph import accounts
from cgraph_kit.db import Repo

from .membership import dismiss

AT_ONCE = 1_000
"""Members looked at in one statement."""


async def list_absent(db: Repo, user_ids: Collection[UUID], since: datetime) -> list[UUID]:
    """Those of these people who have not been here since, in the same order."""
    seen = await accounts.list_seen_ids(db, user_ids, since)
    return [id for id in user_ids if id not in seen]


async def dismiss_absent(db: Repo, group_id: UUID, user_id: UUID, since: datetime) -> bool:
    """Let a member go, in a transaction of their own. False: they have a role, own the group, or have come back."""
    async with db.transaction() as tx:
        await tx.value("SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE", group_id)
        if not await tx.value(f"SELECT EXISTS ({_STILL})", group_id, user_id, since):
            return False
        if not await list_absent(tx, [user_id], since):
            return False
        return bool(await dismiss(tx, group_id, [user_id]))


# Who has just come is not absent.
ROLELESS = """
m.joined_at < {since} AND g.owner_id <> m.user_id AND NOT EXISTS (
    SELECT FROM group_member_roles r WHERE r.group_id = m.group_id AND r.user_id = m.user_id
)
"""
"""Over members `m` and their group `g`."""
_STILL = f"""
SELECT FROM group_members m JOIN groups g ON g.id = m.group_id
WHERE m.group_id = $1 AND m.user_id = $2 AND {ROLELESS.format(since="$3")}
"""

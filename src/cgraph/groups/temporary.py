"""Members who came for a while: they leave when they go offline and nobody has given them a role."""

from datetime import timedelta
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo

from .absence import AT_ONCE, ROLELESS, dismiss_absent, list_absent

AWAY = timedelta(minutes=5)
"""Whoever comes back within this time was not offline."""


class _Member(msgspec.Struct, frozen=True):
    group_id: UUID
    user_id: UUID


async def let_temporary_members_go(db: Repo) -> int:
    """Let those go who are offline, and return how many were. Twice is harmless: who is gone is found no more."""
    gone = 0
    since = clock.now() - AWAY
    group_id = user_id = UUID(int=0)
    while rows := await db.all(_Member, _SOME, since, group_id, user_id, AT_ONCE):
        absent = await list_absent(db, [row.user_id for row in rows], since)
        for row in rows:
            if row.user_id in absent:
                await dismiss_absent(db, row.group_id, row.user_id, since)
                gone += 1
        group_id, user_id = rows[-1].group_id, rows[-1].user_id
    return gone


_SOME = f"""
SELECT m.group_id, m.user_id FROM group_members m JOIN groups g ON g.id = m.group_id
WHERE m.temporary AND (m.group_id, m.user_id) > ($2, $3) AND {ROLELESS.format(since="$1")}
ORDER BY m.group_id, m.user_id LIMIT $4
"""

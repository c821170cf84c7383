"""The audit log, written: who did what, to what, and what was different before."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id

from .permissions import Permission


async def record(
    tx: Transaction,
    group_id: UUID,
    actor_id: UUID | None,
    action: str,
    target_id: UUID | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    place_id: UUID | None = None,
) -> None:
    """Note something in the transaction that does it.

    `before` and `after`: fields by name, as JSON can say them (bits as decimal strings); those that are alike are left out,
    and a field only one of them has was, or is, null. `actor_id` None: nobody in particular, a time has come.
    `place_id`: the channel, category or thread it is about where that is not `target_id`; it must still be there, so that
    whether everybody sees it is kept, too.
    """
    changes = changed(before or {}, after or {})
    place_id = place_id or target_id
    await tx.value(
        _RECORD, new_id(), group_id, actor_id, action, target_id, changes, reason, place_id
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What differs, by field: `{"name": {"before": …, "after": …}}`."""
    names = dict.fromkeys((*before, *after))
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


_RECORD = f"""
INSERT INTO group_audit_log (id, group_id, actor_id, action, target_id, changes, reason, place_id, in_the_open)
SELECT $1, $2, $3, $4, $5, $6, $7, p.id, coalesce(p.open, false) FROM (SELECT) one LEFT JOIN (
    SELECT place.id, NOT place.private
        AND ((e.permissions & ~coalesce(o.deny, 0) | coalesce(o.allow, 0)) & {int(Permission.VIEW_CHANNEL)} <> 0
            OR e.permissions & {int(Permission.ADMINISTRATOR)} <> 0) AS open
    FROM (
        SELECT id, id AS channel_id, false AS private FROM group_channels WHERE id = $8
        UNION ALL SELECT id, channel_id, private FROM group_threads WHERE id = $8
    ) place JOIN group_roles e ON e.id = $2
    LEFT JOIN group_overwrites o ON o.channel_id = place.channel_id AND o.target_id = $2
) p ON true
"""

"""The audit log, written: who did what, to what, and what was different before."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id


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
) -> None:
    """Note something in the transaction that does it.

    `before` and `after`: fields by name, as JSON can say them (bits as decimal strings); those that are alike are left out,
    and a field only one of them has was, or is, null. `actor_id` None: nobody in particular, a time has come.
    """
    changes = changed(before or {}, after or {})
    await tx.value(_RECORD, new_id(), group_id, actor_id, action, target_id, changes, reason)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What differs, by field: `{"name": {"before": …, "after": …}}`."""
    names = dict.fromkeys((*before, *after))
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


_RECORD = """
INSERT INTO group_audit_log (id, group_id, actor_id, action, target_id, changes, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

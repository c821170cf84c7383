"""What channels allow and deny, as far as it decides anything; one statement, however many."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo

from .permissions import Overwrite
from .standing import overwrites_of


class _Overwrites(msgspec.Struct, frozen=True):
    channel_id: UUID
    overwrites: list[dict[str, Any]]


async def read_overwrite_facts(
    db: Repo, channel_ids: Sequence[UUID]
) -> dict[UUID, dict[UUID, Overwrite]]:
    """By channel and target."""
    rows = await db.all(_Overwrites, _OVERWRITES, list(channel_ids))
    return {
        row.channel_id: {one.target_id: one for one in overwrites_of(row.overwrites)}
        for row in rows
    }


_OVERWRITES = """
SELECT o.channel_id, jsonb_agg(jsonb_build_object('target_id', o.target_id, 'allow', o.allow, 'deny', o.deny))
FROM group_overwrites o WHERE o.channel_id = ANY($1) GROUP BY o.channel_id
"""

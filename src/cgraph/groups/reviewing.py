"""Who looks at what was reported in a group: members who manage messages, or moderate members, where it was said."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from . import permissions
from .audit import record
from .permissions import Permission
from .standing import MEMBER_FACTS, MEMBERS, OVERWRITES, FactsRow, overwrites_of

REVIEWING = int(Permission.MANAGE_MESSAGES | Permission.MODERATE_MEMBERS)
"""Either will do."""


class _Row(FactsRow, frozen=True):
    channel_id: UUID
    overwrites: list[dict[str, Any]] | None


async def list_group_ids(db: Repo, user_id: UUID) -> list[UUID]:
    """The groups a person is a member of, in no order."""
    return await db.values("SELECT group_id FROM group_members WHERE user_id = $1", user_id)


async def list_reviewed_channels(
    db: Repo, user_id: UUID, channel_ids: Collection[UUID]
) -> set[UUID]:
    """Those of these channels whose reports a person may look at; one statement for all."""
    if not channel_ids:
        return set()
    rows = await db.all(_Row, _CHANNELS, list(channel_ids), user_id)
    now = clock.now()
    return {
        row.channel_id
        for row in rows
        if permissions.in_channel(row.facts(now), overwrites_of(row.overwrites)) & REVIEWING
    }


async def note_removed_message(
    tx: Transaction,
    actor: Actor,
    group_id: UUID,
    place_id: UUID,
    author_id: UUID | None,
    *,
    reason: str | None,
) -> None:
    """Keep in the audit log that a reported message was taken away, whose, and where."""
    where = {"channel_id": str(place_id), "author_id": author_id and str(author_id)}
    await record(
        tx, group_id, actor.id, "reported_message_removed", author_id,
        after=where, reason=reason, place_id=place_id,
    )  # fmt: skip


_CHANNELS = f"""
SELECT {MEMBER_FACTS}, c.id, {OVERWRITES}
{MEMBERS} JOIN group_channels c ON c.group_id = m.group_id WHERE c.id = ANY($1) AND m.user_id = $2
"""

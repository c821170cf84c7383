"""The audit log of a group."""

from uuid import UUID

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import AuditEntry, WhichEntries
from cgraph_kit.db import Repo
from cgraph_web.action import Query, action
from cgraph_web.views.base import Many, many


@action(errors=(groups.GroupNotFound, groups.MissingPermission))
async def index(
    db: Repo, actor: Actor, group_id: UUID, query: Query[WhichEntries]
) -> Many[AuditEntry]:
    """Who did what, to what, and why, the newest first, with VIEW_AUDIT_LOG."""
    return many(await groups.list_audit_entries(db, actor, group_id, query))

"""The audit log, read: by who may, filtered, the newest first; and what of it has become too old."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor, Person
from cgraph_kit.db import Repo
from cgraph_kit.paging import Page, WhichPage, decode_cursor, forward_page
from cgraph_kit.validation import NO_NUL

from .audit_sight import Sight, look_at
from .permissions import Permission
from .standing import get_standing


class WhichEntries(WhichPage, frozen=True):
    """Which page of an audit log, and of which entries."""

    actor_id: UUID | None = None
    """Only what this person did."""
    target_id: UUID | None = None
    """Only what was done to this member, role, channel, …"""
    action: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_NUL)] | None = None
    """Only what was done so."""


class Change(msgspec.Struct, frozen=True):
    """What a field was, and what it is from then on."""

    before: Any = None
    after: Any = None


class AuditEntry(msgspec.Struct, frozen=True):
    """Who did what, to what, and why."""

    id: UUID
    actor: Person | None
    """Null: nobody in particular, a time had come; or somebody who is no more."""
    action: str
    """`member_banned`, `channel_updated` and so on."""
    target_id: UUID | None
    changes: dict[str, Change]
    """By field; bits as decimal strings."""
    reason: str | None
    inserted_at: datetime
    withheld: bool = False
    """It is about a channel or thread the reader does not see: changes and reason are left out."""


class _Row(AuditEntry, frozen=True):
    place_id: UUID | None = None
    in_the_open: bool = False


async def list_audit_entries(
    db: Repo, actor: Actor, group_id: UUID, which: WhichEntries
) -> Page[AuditEntry]:
    """What was done in a group, the newest first; the codes of invites only with MANAGE_GROUP.

    Of what was done to channels and threads the actor does not see, changes and reason are withheld; of those that are
    gone, unless everybody saw them when it was done.

    Raises `GroupNotFound`, `MissingPermission`, `Invalid`.
    """
    standing = await get_standing(db, actor.id, group_id)
    standing.demand(Permission.VIEW_AUDIT_LOG)
    start = decode_cursor(which.after, UUID, "after") if which.after else None
    rows = await db.all(
        _Row,
        _LIST,
        group_id,
        which.actor_id,
        which.target_id,
        which.action,
        start,
        which.limit + 1,
    )
    sight = await look_at(db, actor, standing, {row.place_id for row in rows if row.place_id})
    entries = [_shown(row, sight) for row in rows]
    if not standing.may(Permission.MANAGE_GROUP):
        entries = [_without_code(entry) for entry in entries]
    return forward_page(entries, which.limit, lambda entry: entry.id)


def _shown(row: _Row, sight: Sight) -> AuditEntry:
    fields = {name: getattr(row, name) for name in AuditEntry.__struct_fields__}
    if not sight.shows(row.place_id, in_the_open=row.in_the_open):
        fields |= {"changes": {}, "reason": None, "withheld": True}
    return msgspec.convert(fields, AuditEntry)


def _without_code(entry: AuditEntry) -> AuditEntry:
    """A code lets in whoever knows it."""
    if not entry.action.startswith("invite_"):
        return entry
    changes = {name: change for name, change in entry.changes.items() if name != "code"}
    return msgspec.structs.replace(entry, changes=changes)


async def forget_audit_entries(db: Repo, before: datetime) -> None:
    """Drop those from before an instant, in statements of bounded size. Twice is harmless."""
    while await db.value(_FORGET, before, AT_ONCE) == AT_ONCE:
        pass


AT_ONCE = 5_000
"""Rows one statement removes."""

_LIST = """
SELECT a.id, CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('id', u.id, 'user_id', u.user_id,
    'username', u.username, 'display_name', u.display_name, 'avatar_url', u.avatar_url) END,
    a.action, a.target_id, a.changes, a.reason, a.inserted_at, false, a.place_id, a.in_the_open
FROM group_audit_log a LEFT JOIN users u ON u.id = a.actor_id
WHERE a.group_id = $1 AND ($2::uuid IS NULL OR a.actor_id = $2) AND ($3::uuid IS NULL OR a.target_id = $3)
    AND ($4::text IS NULL OR a.action = $4) AND ($5::uuid IS NULL OR a.id < $5)
ORDER BY a.id DESC LIMIT $6
"""
_FORGET = """
WITH old AS (SELECT id FROM group_audit_log WHERE inserted_at < $1 LIMIT $2),
gone AS (DELETE FROM group_audit_log a USING old WHERE a.id = old.id RETURNING 1)
SELECT count(*) FROM gone
"""

"""The log of a forum: what its moderators did, and why. Whoever may read the forum may read it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Person
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.validation import NO_NUL

from .access import get_forum

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=NO_NUL)]
"""Why a moderator did something; everybody who may read the forum may read it."""
Act = Literal[
    "post_removed",
    "post_restored",
    "post_locked",
    "post_unlocked",
    "post_pinned",
    "post_unpinned",
    "post_archived",
    "post_unarchived",
    "post_distinguished",
    "post_undistinguished",
    "post_moved",
    "posts_merged",
    "comment_removed",
    "comment_restored",
    "comment_locked",
    "comment_unlocked",
    "comment_distinguished",
    "comment_undistinguished",
    "comment_split",
    "user_banned",
    "user_unbanned",
]
"""What can be taken back. Other acts, of forums themselves, stand in the log too."""
ACTS: frozenset[str] = frozenset(get_args(Act))


class LogEntry(msgspec.Struct, frozen=True):
    """One act."""

    id: UUID
    forum_id: UUID
    actor: Person | None
    """None: the account is gone, or it was nobody in particular."""
    action: str
    target_id: UUID | None
    """The post, comment or person."""
    changes: dict[str, Any]
    """By field: `{"locked_at": {"before": …, "after": …}}`."""
    reason: str | None
    undoes_id: UUID | None
    """The earlier act that this one takes back."""
    undone_by_id: UUID | None
    """The later act that took it back."""
    inserted_at: datetime


class Entry(msgspec.Struct, frozen=True):
    """A row of the log, and which other takes it back."""

    id: UUID
    forum_id: UUID
    actor_id: UUID | None
    action: str
    target_id: UUID | None
    changes: dict[str, Any]
    reason: str | None
    undoes_id: UUID | None
    inserted_at: datetime
    undone_by_id: UUID | None


async def record(
    tx: Transaction,
    forum_id: UUID,
    actor_id: UUID | None,
    action: str,
    target_id: UUID | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    undoes_id: UUID | None = None,
    id: UUID | None = None,
) -> UUID:
    """Note an act in the transaction that does it; the id of its row.

    `before` and `after`: fields by name, as JSON can say them; those that are alike are left out. Names of people are none
    of its business: who reported something stands nowhere in it.
    """
    id = id or new_id()
    changes = changed(before or {}, after or {})
    await tx.value(
        _RECORD, id, forum_id, actor_id, action, target_id, changes, reason, undoes_id, clock.now()
    )
    return id


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What differs, by field: `{"title": {"before": …, "after": …}}`."""
    names = dict.fromkeys((*before, *after))
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


async def list_log(
    db: Repo,
    actor: Actor | None,
    forum: UUID | str,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
    action: str | None = None,
    target_id: UUID | None = None,
) -> Page[LogEntry]:
    """What was done in a forum, the newest first; of one kind or to one thing or person, if asked.

    Raises `ForumNotFound`, `Invalid` for another list's cursor.
    """
    access = await get_forum(db, actor, forum)
    before = decode_cursor(after, UUID, "after") if after else None
    rows = await db.all(Entry, _LIST, access.forum_id, before, action, target_id, limit + 1)
    page = forward_page(rows, limit, lambda row: row.id)
    people = await accounts.get_people(db, [row.actor_id for row in page.items if row.actor_id])
    return Page([_shown(row, people) for row in page.items], after=page.after)


async def show_entry(db: Repo, id: UUID) -> LogEntry:
    """One act that is known to be there."""
    row = await db.one(Entry, _GET, id)
    people = await accounts.get_people(db, [row.actor_id] if row.actor_id else [])
    return _shown(row, people)


async def find_entry(db: Repo, forum_id: UUID, id: UUID) -> Entry | None:
    """One act of a forum."""
    return await db.first(Entry, f"{_GET} AND l.forum_id = $2", id, forum_id)


def _shown(row: Entry, people: Mapping[UUID, Person]) -> LogEntry:
    return LogEntry(
        row.id,
        row.forum_id,
        people.get(row.actor_id) if row.actor_id else None,
        row.action,
        row.target_id,
        row.changes,
        row.reason,
        row.undoes_id,
        row.undone_by_id,
        row.inserted_at,
    )


_RECORD = """
INSERT INTO forum_log (id, forum_id, actor_id, action, target_id, changes, reason, undoes_id, inserted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ENTRY = """
SELECT l.id, l.forum_id, l.actor_id, l.action, l.target_id, l.changes, l.reason, l.undoes_id, l.inserted_at, u.id
FROM forum_log l LEFT JOIN forum_log u ON u.undoes_id = l.id
"""
_GET = f"{_ENTRY} WHERE l.id = $1"
_LIST = f"""
{_ENTRY} WHERE l.forum_id = $1 AND ($2::uuid IS NULL OR l.id < $2) AND ($3::text IS NULL OR l.action = $3)
    AND ($4::uuid IS NULL OR l.target_id = $4)
ORDER BY l.id DESC LIMIT $5
"""

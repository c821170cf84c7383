"""Messages as a reader sees them: one statement, whatever hangs on them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, encode_cursor

from .access import Access
from .errors import MessageNotFound
from .gates import PARTICIPANTS, Gate
from .message import Message
from .message_row import MessageRow, selecting

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


_COLUMNS = selecting("$2", "p.joined_seq").replace(
    "FROM messages m\n",
    "FROM participants p JOIN messages m ON m.conversation_id = p.conversation_id AND m.seq > p.joined_seq\n",
)
_MINE = "WHERE p.conversation_id = $1 AND p.user_id = $2 AND p.left_seq IS NULL"


class _Statements(NamedTuple):
    """Those of one way in."""

    latest: str
    before: str
    after: str
    get: str
    pinned: str
    position: str


def _statements(gated: str) -> _Statements:
    mine = f"{_MINE} AND {gated}"
    return _Statements(
        latest=_page_sql(gated, "true", "DESC"),
        before=_page_sql(gated, "m.seq < $4", "DESC"),
        after=_page_sql(gated, "m.seq > $4", "ASC"),
        get=f"SELECT {_COLUMNS} {mine} AND m.id = $3",
        pinned=f"""
SELECT {_COLUMNS} {mine} AND m.pinned_at IS NOT NULL AND (m.pinned_at, m.id) < ($4, $5)
ORDER BY m.pinned_at DESC, m.id DESC LIMIT $3
""",
        position=f"""
SELECT m.seq FROM participants p JOIN messages m ON m.conversation_id = $1 AND m.seq > p.joined_seq {mine} AND m.id = $3
""",
    )


def _page_sql(gated: str, where: str, order: str) -> str:
    """The page is cut first, so that joins and counts are made for its messages only."""
    return f"""
WITH p AS MATERIALIZED (
    SELECT conversation_id, joined_seq FROM participants p {_MINE} AND {gated}
), page AS (
    SELECT m.* FROM p JOIN messages m ON m.conversation_id = $1 AND m.seq > p.joined_seq
    WHERE {where} ORDER BY m.seq {order} LIMIT $3
)
SELECT {selecting("$2", "(SELECT joined_seq FROM p)").replace("FROM messages m", "FROM page m")}
ORDER BY m.seq
"""


_OPEN, _GATED = _statements("NOT p.gated"), _statements("p.gated")


def _of(gate: Gate) -> _Statements:
    return _GATED if gate.gated else _OPEN


async def list_messages(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    before: str | None = None,
    after: str | None = None,
    around: str | None = None,
    gate: Gate = PARTICIPANTS,
) -> Page[Message]:
    """Messages in the order they were said: the latest, or those next to a position.

    A position is a cursor of this list or a message's id; at most one may be given. `around` has the position's own
    message in its middle. Deleted messages are there, empty. To who may not read history, nothing is there. Raises
    `ConversationNotFound` (or what the gate does), `MessageNotFound` for an id, `Invalid`.
    """
    given = {"before": before, "after": after, "around": around}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise Invalid.field(named[1], f"cannot be combined with {named[0]}")
    if not await _sees_any(db, actor, conversation_id, gate):
        return Page([])
    place = _Place(db, actor, conversation_id, gate)
    if not named:
        return await place.tail(limit, None)
    seq = await place.position(given[named[0]] or "", named[0])
    if named == ["before"]:
        return await place.tail(limit, seq)
    if named == ["after"]:
        return await place.head(limit, seq)
    half = limit // 2
    older = await place.tail(half, seq) if half else None
    # From the position itself on.
    newer = await place.head(limit - half, seq - 1)
    if older is None:
        return newer
    return Page(
        [*older.items, *newer.items],
        older.before,
        newer.after,
    )


async def _sees_any(db: Repo, actor: Actor, conversation_id: UUID, gate: Gate) -> bool:
    """Where rights are asked each time, whether there is anything to read for them; elsewhere the rows themselves tell."""
    return not gate.gated or (await gate.enter(db, actor, conversation_id)).reads_history


class _Place(NamedTuple):
    """A place and who reads there."""

    db: Repo
    actor: Actor
    conversation_id: UUID
    gate: Gate

    async def tail(self, limit: int, before: int | None) -> Page[Message]:
        """The last ones before a position, or of all."""
        sql = _of(self.gate)
        if before is None:
            rows = await self.read(sql.latest, limit + 1)
        else:
            rows = await self.read(sql.before, limit + 1, before)
        items = rows[-limit:]
        return Page(
            items,
            before=encode_cursor(items[0].seq) if len(rows) > limit else None,
            after=None if before is None or not items else encode_cursor(items[-1].seq),
        )

    async def head(self, limit: int, after: int) -> Page[Message]:
        """The first ones after a position."""
        rows = await self.read(_of(self.gate).after, limit + 1, after)
        items = rows[:limit]
        return Page(
            items,
            before=encode_cursor(items[0].seq) if items else None,
            after=encode_cursor(items[-1].seq) if len(rows) > limit else None,
        )

    async def read(self, sql: str, *args: Any) -> list[Message]:
        rows = await self.db.all(MessageRow, sql, self.conversation_id, self.actor.id, *args)
        if not rows:
            # An empty page, or a stranger?
            await self.gate.enter(self.db, self.actor, self.conversation_id)
        return [row.message() for row in rows]

    async def position(self, given: str, field: str) -> int:
        if not _UUID.fullmatch(given):
            return decode_cursor(given, int, field)
        seq: int | None = await self.db.value(
            _of(self.gate).position, self.conversation_id, self.actor.id, UUID(given)
        )
        if seq is None:
            await self.gate.enter(self.db, self.actor, self.conversation_id)
            raise MessageNotFound
        return seq


async def get_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    *,
    gate: Gate = PARTICIPANTS,
) -> Message:
    """One message, as a permanent link leads to it. Raises `ConversationNotFound` (or what the gate does), `MessageNotFound`."""
    if not await _sees_any(db, actor, conversation_id, gate):
        raise MessageNotFound
    row = await db.first(MessageRow, _of(gate).get, conversation_id, actor.id, message_id)
    if row is None:
        await gate.enter(db, actor, conversation_id)
        raise MessageNotFound
    return row.message()


async def read_message(db: Repo, actor: Actor, access: Access, message_id: UUID) -> Message:
    """One message of a place the actor has just come into, without what it answers for who may not read that.

    Raises `MessageNotFound`.
    """
    sql = _GATED if access.gated else _OPEN
    row = await db.first(MessageRow, sql.get, access.conversation_id, actor.id, message_id)
    if row is None:
        raise MessageNotFound
    message = row.message()
    return message if access.reads_history else msgspec.structs.replace(message, reply_to=None)


async def read_pinned(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    limit: int,
    before: tuple[datetime, UUID],
    *,
    gate: Gate,
) -> Sequence[Message]:
    """Pinned messages, the newest pin first, from a position on."""
    if not await _sees_any(db, actor, conversation_id, gate):
        return []
    place = _Place(db, actor, conversation_id, gate)
    return await place.read(_of(gate).pinned, limit, *before)

"""Messages as a reader sees them: one statement, whatever hangs on them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from cgraph.accounts import Actor, Person
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, encode_cursor

from .access import Access
from .errors import MessageNotFound
from .gates import PARTICIPANTS, Gate
from .message import PREVIEW, Message, Quoted, ReactionCount

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    conversation_id: UUID
    seq: int
    kind: str
    content: str
    sender_id: UUID | None
    sender_number: int | None
    sender_username: str | None
    sender_name: str | None
    sender_avatar: str | None
    reply_to_id: UUID | None
    quoted_seq: int | None
    quoted_kind: str | None
    quoted_content: str | None
    quoted_sender_id: UUID | None
    quoted_number: int | None
    quoted_username: str | None
    quoted_name: str | None
    quoted_avatar: str | None
    mentions: list[UUID]
    data: dict[str, Any] | None
    reactions: list[dict[str, Any]] | None
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    deleted_by: UUID | None
    pinned_at: datetime | None
    pinned_by: UUID | None
    expires_at: datetime | None
    called: list[UUID] | None

    def message(self) -> Message:
        sender = _person(
            self.sender_id,
            self.sender_number,
            self.sender_username,
            self.sender_name,
            self.sender_avatar,
        )
        reactions = [ReactionCount(**each) for each in self.reactions] if self.reactions else []
        return Message(
            self.id,
            self.conversation_id,
            self.seq,
            self.kind,
            self.content,
            self.sender_id,
            sender,
            self.reply_to_id,
            self._quoted() if self.quoted_seq is not None else None,
            self.mentions,
            self.data,
            reactions,
            self.inserted_at,
            self.edited_at,
            self.deleted_at,
            self.deleted_by,
            self.pinned_at,
            self.pinned_by,
            self.expires_at,
            self.called or [],
        )

    def _quoted(self) -> Quoted | None:
        if self.reply_to_id is None or self.quoted_seq is None:
            return None
        sender = _person(
            self.quoted_sender_id,
            self.quoted_number,
            self.quoted_username,
            self.quoted_name,
            self.quoted_avatar,
        )
        return Quoted(
            self.reply_to_id,
            self.quoted_seq,
            self.quoted_sender_id,
            sender,
            self.quoted_kind or "",
            self.quoted_content or "",
        )


def _person(
    id: UUID | None,
    number: int | None,
    username: str | None,
    display_name: str | None,
    avatar_url: str | None,
) -> Person | None:
    if id is None or number is None or username is None:
        return None
    return Person(id, number, username, display_name, avatar_url)


def selecting(reader: str, joined_seq: str) -> str:
    """Columns and joins that make `_Row`s of messages `m`; the arguments are SQL expressions.

    Reactions are only looked for where there have been any, answered messages only where there is one.
    """
    return f"""
    m.id, m.conversation_id, m.seq, m.kind, m.content,
    m.sender_id, u.user_id, u.username, u.display_name, u.avatar_url,
    m.reply_to_id, q.seq, q.kind, left(q.content, {PREVIEW}),
    q.sender_id, v.user_id, v.username, v.display_name, v.avatar_url,
    m.mentions, m.data,
    CASE WHEN m.reacted THEN (
        SELECT jsonb_agg(
            jsonb_build_object('emoji', r.emoji, 'count', r.count, 'me', r.me) ORDER BY r.first, r.emoji
        ) FROM (
            SELECT emoji, count(*), bool_or(user_id = {reader}) AS me, min(inserted_at) AS first
            FROM reactions WHERE conversation_id = m.conversation_id AND message_id = m.id GROUP BY emoji
        ) r
    ) END,
    m.inserted_at, m.edited_at, m.deleted_at, m.deleted_by, m.pinned_at, m.pinned_by, m.expires_at, m.called
FROM messages m
LEFT JOIN users u ON u.id = m.sender_id
LEFT JOIN messages q ON q.conversation_id = m.conversation_id AND q.id = m.reply_to_id
    AND q.deleted_at IS NULL AND q.seq > {joined_seq}
LEFT JOIN users v ON v.id = q.sender_id
"""


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
        rows = await self.db.all(_Row, sql, self.conversation_id, self.actor.id, *args)
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
    row = await db.first(_Row, _of(gate).get, conversation_id, actor.id, message_id)
    if row is None:
        await gate.enter(db, actor, conversation_id)
        raise MessageNotFound
    return row.message()


async def read_message(db: Repo, actor: Actor, access: Access, message_id: UUID) -> Message:
    """One message of a place the actor has just come into. Raises `MessageNotFound`."""
    sql = _GATED if access.gated else _OPEN
    row = await db.first(_Row, sql.get, access.conversation_id, actor.id, message_id)
    if row is None:
        raise MessageNotFound
    return row.message()


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

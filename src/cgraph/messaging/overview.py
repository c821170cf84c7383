"""Conversations as one of their people sees them: one statement, however many."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .attaching import attached_types
from .conversation import SHOWN, Conversation
from .counting import ARCHIVED, HIDDEN, JOINED, MENTIONS, MUTED, UNREAD
from .errors import ConversationNotFound
from .message import PREVIEW


async def get_conversation(db: Repo, actor: Actor, conversation_id: UUID) -> Conversation:
    """One conversation. Raises `ConversationNotFound`."""
    row = await db.first(Conversation, _ONE, actor.id, conversation_id)
    if row is None:
        raise ConversationNotFound
    return _typed(row)


async def list_conversations(
    db: Repo,
    actor: Actor,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
    archived: bool | None = None,
) -> Page[Conversation]:
    """The actor's conversations, the one that was last active first; `archived` keeps only those that are, or are not.

    Raises `Invalid` for a cursor of another list.
    """
    at, id = decode_cursor(after, tuple[datetime, UUID], "after") if after else (None, None)
    rows = await db.all(Conversation, _LIST, actor.id, limit + 1, at, id, archived)
    conversations = [_typed(row) for row in rows]
    return forward_page(conversations, limit, lambda c: (c.active_at, c.id))


def _typed(row: Conversation) -> Conversation:
    """A row as the driver has it, with its JSON columns as what they say."""
    return msgspec.convert(msgspec.structs.asdict(row), Conversation)


_DETAILS = f"""
, {HIDDEN}
SELECT c.id, c.kind, c.name, c.owner_id, t.shown, t.count,
    p.peer_id IS NOT NULL AND EXISTS (
        SELECT FROM blocked_pairs b WHERE b.user_id = p.user_id AND b.other_id = p.peer_id
    ),
    s.last_seq, CASE WHEN m.id IS NOT NULL THEN
        jsonb_build_object('id', m.id, 'seq', m.seq, 'kind', m.kind, 'content', left(m.content, {PREVIEW}),
            'sender_id', m.sender_id, 'sender_name', coalesce(u.display_name, u.username), 'data', m.data,
            'inserted_at', m.inserted_at, 'deleted_at', m.deleted_at,
            'attached', coalesce({attached_types("m")}, '[]'), 'voice', m.voice IS NOT NULL)
    END,
    s.active_at, {UNREAD}, {MENTIONS}, p.read_seq, p.marked_unread,
    {MUTED}, mu.muted_until, p.archived, c.message_ttl, c.inserted_at
FROM p {JOINED}
LEFT JOIN LATERAL (
    SELECT * FROM messages m WHERE m.conversation_id = p.conversation_id AND m.seq > p.joined_seq
    ORDER BY m.seq DESC LIMIT 1
) m ON true
LEFT JOIN users u ON u.id = m.sender_id
CROSS JOIN LATERAL (
    SELECT max(n.total) AS count, jsonb_agg(
        jsonb_build_object('id', v.id, 'user_id', v.user_id, 'username', v.username,
            'display_name', v.display_name, 'avatar_url', v.avatar_url) ORDER BY n.joined_seq, n.user_id
    ) AS shown
    FROM (
        SELECT o.user_id, o.joined_seq, count(*) OVER () AS total FROM participants o
        WHERE o.conversation_id = p.conversation_id AND o.left_seq IS NULL ORDER BY o.joined_seq, o.user_id LIMIT {SHOWN}
    ) n JOIN users v ON v.id = n.user_id
) t
"""
_ONE = f"""
WITH p AS MATERIALIZED (
    SELECT p.*, {ARCHIVED} AS archived FROM participants p
    WHERE p.user_id = $1 AND p.conversation_id = $2 AND p.left_seq IS NULL AND NOT p.gated
)
{_DETAILS}
"""
# The page is cut first; what is expensive is read for its conversations only.
_LIST = f"""
WITH p AS MATERIALIZED (
    SELECT * FROM (
        SELECT p.*, s.active_at, {ARCHIVED} AS archived
        FROM participants p JOIN streams s ON s.id = p.conversation_id
        WHERE p.user_id = $1 AND p.left_seq IS NULL AND NOT p.gated
            AND ($3::timestamptz IS NULL OR (s.active_at, s.id) < ($3, $4::uuid))
    ) p
    WHERE $5::boolean IS NULL OR p.archived = $5
    ORDER BY p.active_at DESC, p.conversation_id DESC LIMIT $2
)
{_DETAILS}
ORDER BY s.active_at DESC, s.id DESC
"""

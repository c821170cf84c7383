"""Every number of conversations counted anew, for all of them at once: slow, and for who has loaded many."""

from collections.abc import Mapping

from cgraph_kit.db import Repo


async def recount(db: Repo) -> Mapping[str, int]:
    """How many rows say something else than what is there, by what they say; all 0, if all is well."""
    return {what: await db.value(f"SELECT count(*) FROM ({sql}) w") for what, sql in _WRONG.items()}


_WRONG = {
    "messages in streams": """
SELECT FROM conversations c JOIN streams s ON s.id = c.id LEFT JOIN (
    SELECT conversation_id, count(*) FILTER (WHERE kind = 'text') AS said, max(seq) AS last
    FROM messages GROUP BY conversation_id
) m ON m.conversation_id = c.id
WHERE s.counted <> coalesce(m.said, 0) OR s.last_seq < coalesce(m.last, 0)
""",
    "numbers of messages": """
SELECT FROM (
    SELECT nth, count(*) FILTER (WHERE kind = 'text') OVER (PARTITION BY conversation_id ORDER BY seq) AS n FROM messages
) m WHERE m.nth <> m.n
""",
    "read marks": """
SELECT FROM participants p JOIN streams s ON s.id = p.conversation_id LEFT JOIN LATERAL (
    SELECT nth FROM messages m WHERE m.conversation_id = p.conversation_id AND m.seq <= p.read_seq ORDER BY seq DESC LIMIT 1
) m ON true
WHERE p.left_seq IS NULL AND (p.read_seq > s.last_seq OR p.read_nth <> coalesce(m.nth, 0))
""",
    "unread messages": """
SELECT FROM participants p JOIN streams s ON s.id = p.conversation_id AND s.counted <> p.read_nth
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted,
        count(*) FILTER (WHERE deleted_at IS NULL AND sender_id = p.user_id) AS own,
        count(*) FILTER (WHERE deleted_at IS NULL AND sender_id IS DISTINCT FROM p.user_id) AS unread
    FROM messages m WHERE m.conversation_id = p.conversation_id AND m.seq > p.read_seq AND m.kind = 'text'
) m
WHERE p.left_seq IS NULL
    AND s.counted - p.read_nth - m.deleted - CASE WHEN p.own_above THEN m.own ELSE 0 END <> m.unread
""",
    "mentions": """
SELECT FROM (
    SELECT conversation_id, seq, unnest(mentions) AS user_id FROM messages WHERE deleted_at IS NULL AND mentions <> '{}'
) m FULL JOIN mentions n USING (conversation_id, seq, user_id)
WHERE m.seq IS NULL OR n.seq IS NULL
""",
}

"""Unread messages by difference: the SQL of it.

`streams.counted` and `messages.nth` number the messages of people in a conversation, deleted ones too. Between the reader's
marker (`read_seq`, `read_nth`) and the end lie `counted - read_nth` of them; not unread of those are the deleted, the
reader's own (which lie there only where `own_above` says so: sending moves the marker), and in groups those of people
the reader blocks. Each of the three is an index range that is mostly empty, so a count costs the same however much is
unread, and a deletion writes nothing but itself.
"""

_COUNTS = "m.kind = 'text' AND m.deleted_at IS NULL"
_ABOVE = "m.conversation_id = p.conversation_id AND m.seq > p.read_seq"


def _heard(sender: str) -> str:
    """Whether the reader hears a sender."""
    return f"""
(c.kind IN ('direct', 'self') OR NOT EXISTS (
    SELECT FROM blocked_pairs b WHERE b.user_id = p.user_id AND b.other_id = {sender} AND b.blocks
))
"""


_HEARD = _heard("m.sender_id")

HIDDEN = f"""
hidden AS MATERIALIZED (
    SELECT p.conversation_id, p.user_id, count(*) AS n
    FROM p
    JOIN blocked_pairs b ON b.user_id = p.user_id AND b.blocks
    JOIN participants o ON o.user_id = b.other_id AND o.conversation_id = p.conversation_id
    JOIN conversations c ON c.id = p.conversation_id AND c.kind NOT IN ('direct', 'self')
    JOIN messages m ON m.sender_id = o.user_id AND {_ABOVE} AND {_COUNTS}
    GROUP BY p.conversation_id, p.user_id
)
"""
"""A CTE, run once, after one `p` of participants: how many unread messages are of people the reader blocks."""

JOINED = """
JOIN conversations c ON c.id = p.conversation_id
JOIN streams s ON s.id = p.conversation_id
LEFT JOIN hidden h ON h.conversation_id = p.conversation_id AND h.user_id = p.user_id
LEFT JOIN muted_scopes mu ON mu.user_id = p.user_id AND mu.scope_id = p.conversation_id
"""
"""What the expressions below stand on, after `FROM p`."""

MUTED = "(mu.user_id IS NOT NULL)"
"""Whether a participant has muted it; then `mu.muted_until` says until when, null: for good."""

UNREAD = f"""
(CASE WHEN s.counted = p.read_nth THEN 0 ELSE
    s.counted - p.read_nth
    - (SELECT count(*) FROM messages m WHERE {_ABOVE} AND m.deleted_at IS NOT NULL AND m.kind = 'text')
    - CASE WHEN p.own_above THEN (
        SELECT count(*) FROM messages m WHERE {_ABOVE} AND m.sender_id = p.user_id AND {_COUNTS}
    ) ELSE 0 END
    - coalesce(h.n, 0)
END)::bigint
"""
"""How much a participant has not read."""

MENTIONS = f"""
(SELECT count(*) FROM mentions n
    WHERE n.user_id = p.user_id AND n.conversation_id = p.conversation_id AND n.seq > p.read_seq
        AND {_heard("n.sender_id")})
"""
"""How many of these mention the participant."""

_CALLS = """
SELECT w.seq, w.sender_id FROM wide_mentions w
WHERE w.conversation_id = p.conversation_id AND w.seq > greatest(p.read_seq, p.entered_seq)
    AND w.audience_id = ANY({audiences}) AND w.sender_id <> p.user_id
"""


def mentions_and_calls(audiences: str) -> str:
    """How many of these mention the participant or call many of whom they are one. `audiences`: an SQL expression.

    A message that does both, or calls several times, is one. Calls from before they came into the group are none to them.
    """
    return f"""
(SELECT count(*) FROM (
    SELECT n.seq, n.sender_id FROM mentions n
    WHERE n.user_id = p.user_id AND n.conversation_id = p.conversation_id AND n.seq > p.read_seq
    UNION {_CALLS.format(audiences=audiences)}
) n WHERE {_heard("n.sender_id")})
"""


def recount_mentions_and_calls(audiences: str) -> str:
    """The same, from the messages themselves; but who was there when @here was said, only `mentions` knows."""
    return f"""
(SELECT count(*) FROM messages m
    WHERE {_ABOVE} AND {_COUNTS} AND m.sender_id IS DISTINCT FROM p.user_id AND {_HEARD} AND (
        p.user_id = ANY(m.mentions)
        OR m.called && {audiences} AND m.seq > p.entered_seq
        OR m.conversation_id = ANY(m.called) AND EXISTS (
            SELECT FROM mentions n
            WHERE n.user_id = p.user_id AND n.conversation_id = p.conversation_id AND n.seq = m.seq
        )
    ))
"""


FIRST_UNREAD = f"""
LEFT JOIN LATERAL (
    SELECT m.seq, m.id FROM messages m
    WHERE {_ABOVE} AND {_COUNTS} AND m.sender_id IS DISTINCT FROM p.user_id AND {_HEARD}
    ORDER BY m.seq LIMIT 1
) f ON s.counted > p.read_nth
"""
"""A join that finds the first of them."""

RECOUNT = f"""
(SELECT count(*) FROM messages m
    WHERE {_ABOVE} AND {_COUNTS} AND m.sender_id IS DISTINCT FROM p.user_id AND {_HEARD})
"""
"""The same as `UNREAD`, one by one: what it is checked against."""

RECOUNT_MENTIONS = f"""
(SELECT count(*) FROM messages m
    WHERE {_ABOVE} AND {_COUNTS} AND p.user_id = ANY(m.mentions) AND m.sender_id IS DISTINCT FROM p.user_id AND {_HEARD})
"""
"""The same as `MENTIONS`, from the messages themselves."""

ARCHIVED = """
(p.archived_seq IS NOT NULL AND NOT EXISTS (
    SELECT FROM mentions n
    WHERE n.user_id = p.user_id AND n.conversation_id = p.conversation_id AND n.seq > p.archived_seq
))
"""
"""Whether it is put away: only a mention since then brings it back."""

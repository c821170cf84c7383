"""Unread messages by difference: the SQL of it.

`streams.counted` and `messages.nth` number the messages of people in a conversation, deleted ones too. Between the reader's
marker (`read_seq`, `read_nth`) and the end lie `counted - read_nth` of them; not unread of those are the deleted, the
reader's own (which lie there only where `own_above` says so: sending moves the marker), and in groups those of people
the reader blocks. Each of the three is an index range that is mostly empty, so a count costs the same however much is
unread, and a deletion writes nothing but itself.
"""

_COUNTS = "m.kind = 'text' AND m.deleted_at IS NULL"
_ABOVE = "m.conversation_id = p.conversation_id AND m.seq > p.read_seq"

BLOCKED = """
    SELECT b.other_id FROM blocked_pairs b WHERE b.user_id = p.user_id AND b.blocks
"""
"""Whom the reader of `p` blocks."""

UNREAD = f"""
(CASE WHEN s.counted = p.read_nth THEN 0 ELSE
    s.counted - p.read_nth
    - (SELECT count(*) FROM messages m WHERE {_ABOVE} AND m.deleted_at IS NOT NULL AND m.kind = 'text')
    - CASE WHEN p.own_above THEN (
        SELECT count(*) FROM messages m WHERE {_ABOVE} AND m.sender_id = p.user_id AND {_COUNTS}
    ) ELSE 0 END
    - CASE WHEN c.kind = 'group' THEN (
        SELECT count(*) FROM ({BLOCKED}) b JOIN messages m ON m.sender_id = b.other_id AND {_ABOVE} AND {_COUNTS}
    ) ELSE 0 END
END)::bigint
"""
"""How much a participant `p` of conversation `c` with stream `s` has not read."""

MENTIONS = f"""
(SELECT count(*) FROM mentions n JOIN messages m ON m.conversation_id = n.conversation_id AND m.seq = n.seq
    WHERE n.user_id = p.user_id AND n.conversation_id = p.conversation_id AND n.seq > p.read_seq
        AND (c.kind <> 'group' OR m.sender_id NOT IN ({BLOCKED})))
"""
"""How many of these mention the participant."""

FIRST_UNREAD = f"""
SELECT m.seq, m.id FROM messages m
WHERE {_ABOVE} AND {_COUNTS} AND m.sender_id IS DISTINCT FROM p.user_id
    AND (c.kind <> 'group' OR m.sender_id NOT IN ({BLOCKED}))
ORDER BY m.seq LIMIT 1
"""
"""The first of them."""

RECOUNT = f"""
(SELECT count(*) FROM messages m WHERE {_ABOVE} AND {_COUNTS} AND m.sender_id IS DISTINCT FROM p.user_id
    AND (c.kind <> 'group' OR m.sender_id NOT IN ({BLOCKED})))
"""
"""The same as `UNREAD`, one by one: what it is checked against."""

RECOUNT_MENTIONS = f"""
(SELECT count(*) FROM messages m WHERE {_ABOVE} AND {_COUNTS} AND p.user_id = ANY(m.mentions)
    AND m.sender_id IS DISTINCT FROM p.user_id
    AND (c.kind <> 'group' OR m.sender_id NOT IN ({BLOCKED})))
"""
"""The same as `MENTIONS`, from the messages themselves."""

ARCHIVED = """
(p.archived_seq IS NOT NULL AND NOT EXISTS (
    SELECT FROM mentions n
    WHERE n.user_id = p.user_id AND n.conversation_id = p.conversation_id AND n.seq > p.archived_seq
))
"""
"""Whether it is put away: only a mention since then brings it back."""

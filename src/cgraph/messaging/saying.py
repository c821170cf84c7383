"""The statement behind `send_message`: writes one message, or those of many senders to as many conversations.

It takes, in this order, the senders' participant rows, the keys of named messages, the streams' numbers, and the jobs
that tell people of it. Whoever removes a person changes their row first, too: so what is said either comes before the
removal or not at all. A key is taken before the number, so a repetition takes none. Rows of each kind are taken in
ascending order, whatever the plan, so that statements of several nodes cannot deadlock.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from cgraph_kit.batching import Batched
from cgraph_kit.streams import splice

from .access import Topic
from .events import MessageSent
from .message import TEXT
from .pending import enqueueing, pending_key
from .stored import TOLD

LOCK_TIMEOUT = "1s"
"""How long messages that share a statement wait for the slowest of their locks before each goes alone."""


class Draft(NamedTuple):
    """A message without a number; the statement's arguments, in order."""

    conversation_id: UUID
    sender_id: UUID
    id: UUID
    content: str
    at: datetime
    reply_to_id: UUID | None
    payload: str
    """The event's payload, without its number."""
    key: str | None
    request_hash: bytes | None
    mentions: Sequence[UUID]
    called: Sequence[UUID] = ()
    """Many at once; see `gates.Called`."""
    slow_mode: int | None = None
    """Seconds until the sender's next one, in a channel or thread; None: it is neither."""
    attachments: str | None = None
    """What came with it, as JSON, and the next too."""
    voice: str | None = None
    place: Topic = "conversation"
    """No argument."""


class Taken(msgspec.Struct, frozen=True):
    """The number a message got."""

    n: int
    """Which of the drafts it is."""
    seq: int
    participant_ids: list[UUID] | None
    """Not looked for in channels and threads."""
    enqueued: bool
    """A job that tells people of it is to be done at once."""


def _happened(draft: Draft, taken: Taken) -> MessageSent:
    ids = taken.participant_ids
    told = ids if ids is not None and len(ids) <= TOLD else None
    payload = splice(draft.payload.encode(), taken.seq)
    return MessageSent(
        draft.conversation_id,
        taken.seq,
        payload,
        draft.id,
        draft.sender_id,
        TEXT,
        told,
        draft.mentions,
        enqueued=taken.enqueued,
        place=draft.place,
    )


def _statement(drafts: Sequence[Draft]) -> tuple[str, Sequence[Any]]:
    *always, keys, hashes, mentions, called, slow, attachments, voices, _ = zip(
        *drafts, strict=True
    )
    args: list[Any] = [range(len(drafts)), *always]
    if named := any(keys):
        args += (keys, hashes)
    if mentioning := any(mentions):
        # An array of arrays would have to be a rectangle; the text of one need not.
        args.append([_text(ids) for ids in mentions])
    if calling := any(called):
        args.append([_text(ids) if ids else None for ids in called])
    if gated := any(seconds is not None for seconds in slow):
        args.append(slow)
    if attaching := any(attachments):
        args += (attachments, voices)
    variant = _Variant(named, mentioning, calling, gated, attaching, shared=len(drafts) > 1)
    return _sql(variant), args


def _text(ids: Sequence[UUID]) -> str:
    return f"{{{','.join(map(str, ids))}}}"


class _Variant(NamedTuple):
    """What a statement has to do beside the rest; most have nothing of it."""

    named: bool
    mentioning: bool
    calling: bool
    gated: bool
    """Some of it is said in channels or threads."""
    attaching: bool
    shared: bool


@cache
def _sql(variant: _Variant) -> str:
    named, mentioning, calling, gated, attaching, shared = variant
    extra = ["key", "request_hash"] * named + ["mentions"] * mentioning
    extra += ["called"] * calling + ["slow"] * gated + ["attachments", "voice"] * attaching
    types = ["text[]", "bytea[]"] * named + ["text[]"] * mentioning
    types += ["text[]"] * calling + ["int[]"] * gated + ["text[]", "text[]"] * attaching
    more = ", mentions" * mentioning + ", called" * calling + ", attachments, voice" * attaching
    converted = ", mentions::uuid[]" * mentioning + ", called::uuid[]" * calling
    converted += ", attachments::jsonb, voice::jsonb" * attaching
    parameters = "".join(f", ${n}::{type}" for n, type in enumerate(types, 9))
    ready = "a.key IS NULL OR a.id IN (SELECT made_id FROM claim)" if named else "true"
    return f"""
WITH input AS (
    SELECT * FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::uuid[],
        $8::text[]{parameters})
        AS i (n, conversation_id, sender_id, id, content, at, reply_to_id, payload{"".join(f", {name}" for name in extra)})
    WHERE {_FEW}{_IMPATIENT if shared else ""}
), allowed AS MATERIALIZED (
    SELECT i.* FROM input i, LATERAL (
        SELECT FROM participants p
        WHERE p.conversation_id = i.conversation_id AND p.user_id = i.sender_id AND p.left_seq IS NULL
            AND {_IN_TIME if gated else "NOT p.gated"}
            AND (p.peer_id IS NULL OR NOT EXISTS (
                SELECT FROM blocked_pairs b WHERE b.user_id = i.sender_id AND b.other_id = p.peer_id
            ))
            AND (i.reply_to_id IS NULL OR EXISTS (
                SELECT FROM messages r
                WHERE r.conversation_id = i.conversation_id AND r.id = i.reply_to_id AND r.seq > p.joined_seq
                    AND r.deleted_at IS NULL
            ))
        FOR NO KEY UPDATE OF p
    ) p
){_CLAIM if named else ""}, ready AS MATERIALIZED (
    SELECT a.*, c.kind, c.message_ttl, c.notified_at FROM allowed a, {_CONVERSATION}{_IN_ORDER if shared else ""}
    WHERE {ready}
), taken AS (
    UPDATE streams s SET last_seq = last_seq + 1, counted = counted + 1, active_at = greatest(active_at, r.at)
    FROM ready r WHERE s.id = r.conversation_id RETURNING r.*, s.last_seq AS seq, s.counted AS nth
), said AS (
    INSERT INTO messages
        (conversation_id, seq, nth, id, sender_id, content, reply_to_id, inserted_at, expires_at{more})
    SELECT conversation_id, seq, nth, id, sender_id, content, reply_to_id, at, at + make_interval(secs => message_ttl){converted}
    FROM taken
), seen AS (
    UPDATE participants p SET read_seq = seq, read_nth = nth, shown_read_seq = seq, delivered_seq = seq,
        marked_unread = false, own_above = false{_SLOWED if gated else ""}
    FROM taken t WHERE p.conversation_id = t.conversation_id AND p.user_id = t.sender_id
), logged AS (
    INSERT INTO events (stream_id, seq, type, payload, inserted_at)
    SELECT conversation_id, seq, 'new_message', payload, at FROM taken
), enqueued AS ({_ENQUEUE} RETURNING pending_key, state){_MENTION if mentioning else ""}{_CALL if calling else ""}
SELECT n, seq, {"CASE WHEN slow IS NULL THEN" if gated else ""} ARRAY(
    SELECT p.user_id FROM participants p WHERE p.conversation_id = t.conversation_id AND p.left_seq IS NULL
    LIMIT {TOLD + 1}
) {"END" if gated else ""}, EXISTS (
    SELECT FROM enqueued e WHERE e.state = 'available' AND e.pending_key = {pending_key("t.conversation_id")}
) FROM taken t
"""


# True, and taken for rare: the planner expects one row, and finds everything by its index even while tables are small
# or have grown since it last looked.
_FEW = "n = abs(n)"
# Looked at once, before the first row is. Local to this statement's own transaction: only a pool's statements are shared.
_IMPATIENT = f" AND (SELECT set_config('lock_timeout', '{LOCK_TIMEOUT}', true)) IS NOT NULL"
_CONVERSATION = """LATERAL (
        SELECT c.kind, c.message_ttl, c.notified_at FROM conversations c WHERE c.id = a.conversation_id
    ) c"""
_ENQUEUE = enqueueing("taken WHERE kind <> 'self'")
_CLAIM = """, claim AS (
    INSERT INTO idempotency_keys (user_id, key, request_hash, stream_id, made_id)
    SELECT sender_id, key, request_hash, conversation_id, id FROM allowed WHERE key IS NOT NULL
    ORDER BY sender_id, key
    ON CONFLICT DO NOTHING RETURNING made_id
)"""
# An UPDATE meets its rows in the order of the plan's choice; this keeps ours.
_IN_ORDER = (
    ", LATERAL (SELECT FROM streams s WHERE s.id = a.conversation_id FOR NO KEY UPDATE OF s) s"
)
# Whoever waited for the row looks at it again: of many at once one gets through.
_IN_TIME = """p.gated = (i.slow IS NOT NULL)
            AND (coalesce(i.slow, 0) = 0 OR p.slow_until IS NULL OR p.slow_until <= i.at)"""
_SLOWED = """,
        slow_until = CASE WHEN t.slow > 0 THEN t.at + make_interval(secs => t.slow) ELSE p.slow_until END"""
_CALL = """, calling AS (
    INSERT INTO wide_mentions (conversation_id, seq, audience_id, sender_id)
    SELECT conversation_id, seq, audience_id, sender_id FROM taken, unnest(called::uuid[]) AS a (audience_id)
    WHERE audience_id <> conversation_id
)"""
_MENTION = """, mentioned AS (
    INSERT INTO mentions (user_id, conversation_id, seq, sender_id)
    SELECT unnest(mentions::uuid[]), conversation_id, seq, sender_id FROM taken
)"""

SENDING = Batched(
    Taken, key=lambda draft: draft.conversation_id, statement=_statement, happened=_happened
)
"""Sends of one conversation keep their order."""

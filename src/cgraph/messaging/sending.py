"""Saying something: the hottest path, one statement.

The statement takes the sender's participant row first and the stream's number last. Whoever removes a person changes
that row first, too: so what is said either comes before the removal or not at all. The key of a named message is taken
before the number, so a repetition takes none.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid, Unavailable
from cgraph_kit.idempotency import KeyReused, request_hash
from cgraph_kit.ids import new_id
from cgraph_kit.streams import splice

from .access import get_access
from .content import check_content
from .errors import CannotSend
from .events import MessageSent
from .limits import DEFAULT_LIMITS, Limits
from .mentions import find_mentioned
from .message import TEXT, MessagePayload, NewMessage, person
from .named import client_key
from .policy import can_speak
from .stored import TOLD

_TRIES = 3

encode = msgspec.json.Encoder().encode


class Sent(msgspec.Struct, frozen=True):
    """A message on its way, or one that had been sent under the same name before (`replayed`)."""

    id: UUID
    conversation_id: UUID
    seq: int
    payload: bytes
    """The message as JSON, the very bytes that everybody gets."""
    replayed: bool = False


class _Taken(msgspec.Struct, frozen=True):
    seq: int
    participant_ids: list[UUID]


async def send_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    new: NewMessage,
    *,
    name: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Sent:
    """Say something. The same `client_id` again returns the first message, whatever has become of it.

    `name`: what the transport calls this write, for clients that give no `client_id`.

    Raises `ConversationNotFound`, `CannotSend`, `KeyReused`, `Invalid` for the content and for a `reply_to_id` that is
    not a message of the conversation.
    """
    check_content(new.content, limits)
    name = new.client_id or name
    key = client_key(name) if name is not None else None
    for _ in range(_TRIES):
        sent = await _send(db, actor, conversation_id, new, key)
        if sent is not None:
            return sent
        earlier = await _explain(db, actor, conversation_id, new, key)
        if earlier is not None:
            return earlier
        # What was in the way is gone by now: a block, or another's try that failed.
    raise Unavailable("the conversation is changing too quickly")


async def _send(
    db: Repo, actor: Actor, conversation_id: UUID, new: NewMessage, key: str | None
) -> Sent | None:
    mentions: Sequence[UUID] = ()
    if "@" in new.content:
        mentions = await find_mentioned(db, conversation_id, actor.id, new.content)
    id, at, body = _draft(actor, conversation_id, new, mentions)
    sql = _STATEMENTS[key is not None, bool(mentions)]
    args = [conversation_id, actor.id, id, new.content, at, new.reply_to_id, body.decode()]
    if key is not None:
        args += (key, _hash(conversation_id, new))
    if mentions:
        args.append(mentions)
    taken = await db.first(_Taken, sql, *args)
    if taken is None:
        return None
    payload = splice(body, taken.seq)
    told = taken.participant_ids if len(taken.participant_ids) <= TOLD else None
    db.publish(MessageSent(conversation_id, taken.seq, payload, id, actor.id, TEXT, told, mentions))
    return Sent(id, conversation_id, taken.seq, payload)


def _draft(
    actor: Actor, conversation_id: UUID, new: NewMessage, mentions: Sequence[UUID]
) -> tuple[UUID, datetime, bytes]:
    """The message's id, its time, and its payload without a number."""
    id, at = new_id(), clock.now()
    payload = MessagePayload(
        id,
        conversation_id,
        TEXT,
        new.content,
        actor.id,
        person(actor),
        new.reply_to_id,
        mentions,
        None,
        at,
        client_id=new.client_id,
    )
    return id, at, encode(payload)


def _hash(conversation_id: UUID, new: NewMessage) -> bytes:
    reply = new.reply_to_id.bytes if new.reply_to_id else b""
    return request_hash(conversation_id.bytes, new.content.encode(), reply)


def _statement(*, named: bool, mentioning: bool) -> str:
    """$1 conversation, $2 sender, $3 id, $4 content, $5 time, $6 reply_to_id, $7 payload[, $8 key, $9 hash][, mentions]."""
    mentions = f"${10 if named else 8}::uuid[]"
    return f"""
WITH me AS (
    SELECT p.conversation_id FROM participants p
    WHERE p.conversation_id = $1 AND p.user_id = $2 AND p.left_seq IS NULL
        AND (p.peer_id IS NULL OR NOT EXISTS (
            SELECT FROM blocked_pairs b WHERE b.user_id = $2 AND b.other_id = p.peer_id
        ))
        AND ($6::uuid IS NULL OR EXISTS (
            SELECT FROM messages r
            WHERE r.conversation_id = $1 AND r.id = $6 AND r.seq > p.joined_seq AND r.deleted_at IS NULL
        ))
    FOR NO KEY UPDATE OF p
){_CLAIM if named else ""}, taken AS (
    UPDATE streams SET last_seq = last_seq + 1, counted = counted + 1, active_at = greatest(active_at, $5)
    FROM {"claim" if named else "me"} WHERE id = $1 RETURNING last_seq AS seq, counted AS nth
), said AS (
    INSERT INTO messages
        (conversation_id, seq, nth, id, sender_id, content, reply_to_id, inserted_at{", mentions" if mentioning else ""})
    SELECT $1, seq, nth, $3, $2, $4, $6, $5{f", {mentions}" if mentioning else ""} FROM taken
), seen AS (
    UPDATE participants SET read_seq = seq, read_nth = nth, shown_read_seq = seq, delivered_seq = seq,
        marked_unread = false, own_above = false
    FROM taken WHERE conversation_id = $1 AND user_id = $2
), logged AS (
    INSERT INTO events (stream_id, seq, type, payload, inserted_at) SELECT $1, seq, 'new_message', $7, $5 FROM taken
){_MENTION.format(mentions) if mentioning else ""}
SELECT seq, ARRAY(
    SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL LIMIT {TOLD + 1}
) FROM taken
"""


_CLAIM = """, claim AS (
    INSERT INTO idempotency_keys (user_id, key, request_hash, stream_id, made_id)
    SELECT $2, $8, $9, $1, $3 FROM me ON CONFLICT DO NOTHING RETURNING made_id
)"""
_MENTION = """, mentioned AS (
    INSERT INTO mentions (user_id, conversation_id, seq, sender_id) SELECT unnest({}), $1, seq, $2 FROM taken
)"""
_STATEMENTS = {
    (named, mentioning): _statement(named=named, mentioning=mentioning)
    for named in (False, True)
    for mentioning in (False, True)
}


class _Earlier(msgspec.Struct, frozen=True):
    request_hash: bytes
    id: UUID | None
    conversation_id: UUID | None
    seq: int | None
    payload: str | None


async def _explain(
    db: Repo, actor: Actor, conversation_id: UUID, new: NewMessage, key: str | None
) -> Sent | None:
    """Why nothing was said: the first message of that name, or an error. None: no reason is left."""
    if key is not None and (earlier := await db.first(_Earlier, _EARLIER, actor.id, key)):
        if earlier.request_hash != _hash(conversation_id, new):
            raise KeyReused
        if earlier.id and earlier.conversation_id and earlier.seq and earlier.payload:
            body = splice(earlier.payload.encode(), earlier.seq)
            return Sent(earlier.id, earlier.conversation_id, earlier.seq, body, replayed=True)
        raise Unavailable("the answer to this message is no longer kept")
    access = await get_access(db, actor, conversation_id)
    if not can_speak(closed=access.closed):
        raise CannotSend
    if new.reply_to_id is not None and not await db.value(
        _ANSWERABLE, conversation_id, new.reply_to_id, access.joined_seq
    ):
        raise Invalid.field("reply_to_id", "is not a message of this conversation")
    return None


# The log's row has the message's own time: one partition is looked at.
_EARLIER = """
SELECT k.request_hash, m.id, m.conversation_id, m.seq, e.payload
FROM idempotency_keys k
LEFT JOIN messages m ON m.conversation_id = k.stream_id AND m.id = k.made_id
LEFT JOIN events e ON e.stream_id = m.conversation_id AND e.seq = m.seq AND e.inserted_at = m.inserted_at
WHERE k.user_id = $1 AND k.key = $2
"""
_ANSWERABLE = """
SELECT true FROM messages WHERE conversation_id = $1 AND id = $2 AND seq > $3 AND deleted_at IS NULL
"""

"""Saying something: the hottest path, one statement, shared by all who say something at the same time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph.files import ATTACHING, Hung
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid, Unavailable
from cgraph_kit.idempotency import KeyReused, request_hash
from cgraph_kit.ids import new_id
from cgraph_kit.streams import splice

from .access import Access, topic_of
from .attaching import MESSAGE, NOTHING, Brought, bring, check_said
from .errors import SlowMode
from .events import MessageSent
from .gates import PARTICIPANTS, Called, Gate
from .limits import DEFAULT_LIMITS, Limits
from .message import TEXT, MessagePayload, NewMessage, person
from .named import client_key
from .pending import hold_telling
from .previewing import ask_for, links_of
from .saying import SENDING, Draft

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


async def send_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    new: NewMessage,
    *,
    name: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    gate: Gate = PARTICIPANTS,
    follow: bool = True,
) -> Sent:
    """Say something. The same `client_id` again returns the first message, whatever has become of it.

    `name`: what the transport calls this write, for clients that give no `client_id`. `follow`: whether the gate is told
    that something was said; else the caller does that, after its transaction.

    Raises `ConversationNotFound`, `CannotSend` (or what the gate does), `SlowMode`, `KeyReused`, `Invalid` for the content
    and for a `reply_to_id` that is not a message of the conversation; with attachments what `files.attach` does, too.
    """
    check_said(new.content, new.attachments, new.voice, limits)
    name = new.client_id or name
    key = client_key(name) if name is not None else None
    for _ in range(_TRIES):
        try:
            sent = await _send(
                db, actor, conversation_id, new, key=key, limits=limits, gate=gate, follow=follow
            )
        except (*ATTACHING, Invalid):
            # What came with a message that is deleted is gone, and its name is answered all the same.
            if key is None or not (first := await _earlier(db, actor, conversation_id, new, key)):
                raise
            return first
        if sent is not None:
            return sent
        earlier = await _explain(db, actor, conversation_id, new, key=key, gate=gate)
        if earlier is not None:
            return earlier
        # What was in the way is gone by now: a block, or another's try that failed.
    raise Unavailable("the conversation is changing too quickly")


async def _send(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    new: NewMessage,
    *,
    key: str | None,
    limits: Limits,
    gate: Gate,
    follow: bool,
) -> Sent | None:
    access = await gate.admit(db, actor, conversation_id)
    if new.attachments and access is not None:
        access.check_attaching(voice=new.voice is not None)
    if new.reply_to_id is not None and access is not None and not access.reads_history:
        return None
    called = await gate.calls(
        db, actor, conversation_id, new.content, access=access, allowed=new.allowed_mentions
    )
    hash = _hash(conversation_id, new) if key is not None else None
    saying = _Saying(actor, conversation_id, new, called, access, key, hash)
    links = links_of(new, access, limits)
    if new.attachments or links or new.suppress_previews:
        event = await _say_with(db, saying, links, limits)
    else:
        event = await db.batched(SENDING, _draft(saying, new_id()))
    if event is None:
        return None
    if access is not None and follow:
        await gate.said(db, actor, access)
    return Sent(event.id, conversation_id, event.seq, event.payload)


class _Saying(msgspec.Struct, frozen=True):
    """What a draft is made of, but for what comes with it."""

    actor: Actor
    conversation_id: UUID
    new: NewMessage
    called: Called
    access: Access | None
    """None: nobody was asked."""
    key: str | None
    hash: bytes | None
    """With `key`: what makes it the same message."""


class _NothingSaid(Exception):
    """So that nothing is attached either."""


async def _say_with(
    db: Repo, saying: _Saying, links: Sequence[str], limits: Limits
) -> MessageSent | None:
    """The same statement, by itself, in a transaction in which the files come with it and its links are asked for."""
    whole = db.savepoint if isinstance(db, Transaction) else db.transaction
    new, place_id = saying.new, saying.conversation_id
    try:
        async with whole() as tx:
            hung, brought = Hung(MESSAGE, new_id(), place_id), NOTHING
            if new.attachments:
                # As whoever deletes here does: they hold messages before files, and we the other way round.
                await hold_telling(tx, place_id)
                brought = await bring(
                    tx, saying.actor, hung, new.attachments, new.voice, limits=limits
                )
            draft = _draft(saying, hung.item_id, brought)
            said: MessageSent | None = await tx.batched(SENDING, draft)
            event = _said(said)
            await ask_for(tx, place_id, hung.item_id, links, off=new.suppress_previews)
            return event
    except _NothingSaid:
        return None


def _said(event: MessageSent | None) -> MessageSent:
    if event is None:
        raise _NothingSaid
    return event


def _draft(saying: _Saying, id: UUID, brought: Brought = NOTHING) -> Draft:
    actor, new, called, at = saying.actor, saying.new, saying.called, clock.now()
    payload = MessagePayload(
        id,
        saying.conversation_id,
        TEXT,
        new.content,
        actor.id,
        person(actor),
        new.reply_to_id,
        called.user_ids,
        None,
        at,
        client_id=new.client_id,
        mention_roles=called.audiences,
        attachments=brought.attachments,
        voice=brought.voice,
    )
    draft = Draft(
        saying.conversation_id,
        actor.id,
        id,
        new.content,
        at,
        new.reply_to_id,
        encode(payload).decode(),
        saying.key,
        saying.hash,
        called.user_ids,
        called.audiences,
    )
    if brought.attachments:
        voice = encode(brought.voice).decode() if brought.voice else None
        draft = draft._replace(attachments=encode(brought.attachments).decode(), voice=voice)
    if saying.access is None:
        return draft
    access = saying.access
    return draft._replace(slow_mode=access.slow_mode, place=topic_of(access.kind))


def _hash(conversation_id: UUID, new: NewMessage) -> bytes:
    reply = new.reply_to_id.bytes if new.reply_to_id else b""
    parts = [conversation_id.bytes, new.content.encode(), reply]
    if new.allowed_mentions is not None:
        parts.append(encode(new.allowed_mentions))
    if new.attachments:
        parts.append(encode([new.attachments, new.voice]))
    if new.suppress_previews:
        parts.append(b"no previews")
    return request_hash(*parts)


class _Earlier(msgspec.Struct, frozen=True):
    request_hash: bytes
    id: UUID | None
    conversation_id: UUID | None
    seq: int | None
    payload: str | None


async def _earlier(
    db: Repo, actor: Actor, conversation_id: UUID, new: NewMessage, key: str
) -> Sent | None:
    """What was said under that name before. Raises `KeyReused`, `Unavailable`."""
    earlier = await db.first(_Earlier, _EARLIER, actor.id, key)
    if earlier is None:
        return None
    if earlier.request_hash != _hash(conversation_id, new):
        raise KeyReused
    if earlier.id and earlier.conversation_id and earlier.seq and earlier.payload:
        body = splice(earlier.payload.encode(), earlier.seq)
        return Sent(earlier.id, earlier.conversation_id, earlier.seq, body, replayed=True)
    raise Unavailable("the answer to this message is no longer kept")


async def _explain(
    db: Repo, actor: Actor, conversation_id: UUID, new: NewMessage, *, key: str | None, gate: Gate
) -> Sent | None:
    """Why nothing was said: the first message of that name, or an error. None: no reason is left."""
    if key is not None and (first := await _earlier(db, actor, conversation_id, new, key)):
        return first
    access = await gate.enter(db, actor, conversation_id)
    access.check_speaking()
    if access.slow_mode:
        await _check_pace(db, actor, conversation_id)
    await check_answered(db, access, new.reply_to_id)
    return None


async def check_answered(db: Repo, access: Access, message_id: UUID | None) -> None:
    """Raises `Invalid` for what is to be answered (None: nothing) but is no message they can see there."""
    if message_id is None:
        return
    if not access.reads_history or not await db.value(
        _ANSWERABLE, access.conversation_id, message_id, access.joined_seq
    ):
        raise Invalid.field("reply_to_id", "is not a message of this conversation")


async def _check_pace(db: Repo, actor: Actor, conversation_id: UUID) -> None:
    until: datetime | None = await db.value(_SLOW_UNTIL, conversation_id, actor.id)
    if until is not None and (wait := (until - clock.now()).total_seconds()) > 0:
        raise SlowMode(retry_after=wait)


_SLOW_UNTIL = "SELECT slow_until FROM participants WHERE conversation_id = $1 AND user_id = $2"
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

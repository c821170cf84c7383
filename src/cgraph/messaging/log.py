"""What a client has missed: the event logs of conversations and of people, read by those who may."""

import math
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import streams
from cgraph_kit.db import Repo

from .gates import PARTICIPANTS, Gate
from .limits import DEFAULT_LIMITS, Limits


async def read_since(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    since: int | None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    gate: Gate = PARTICIPANTS,
) -> streams.Missed:
    """Every event of a conversation after a number (None: only where it stands), or the reason to reload; nothing from before one joined.

    Imported history is in no log: a reader from before it is told to reload; so is who may not read history, with the
    reason `no_history`. Raises `ConversationNotFound` (or what the gate does).
    """
    access = await gate.enter(db, actor, conversation_id)
    if since is None:
        return streams.Missed(await streams.last_seq(db, conversation_id))
    if not access.reads_history:
        last = await streams.last_seq(db, conversation_id)
        return streams.Missed(last, reason="no_history")
    after = max(since, access.joined_seq)
    missed = await streams.since(db, conversation_id, after, most=limits.resume_max)
    # Somebody may have been removed while the log was read.
    await gate.enter(db, actor, conversation_id)
    return _from(missed, access.joined_seq)


async def read_hole(
    db: Repo, conversation_id: UUID, after: int, up_to: int
) -> list[streams.Event] | None:
    """The events after < seq ≤ up_to for everybody who listens now.

    None where the log has lost one, or where one is not for everybody: each of them must then ask for himself.
    """
    events = await streams.between(db, conversation_id, after, up_to)
    latest: int | None = await db.value(_LATEST, conversation_id)
    if events is None or any(_about(event) <= (latest or 0) for event in events):
        return None
    return events


_LATEST = "SELECT max(joined_seq) FROM participants WHERE conversation_id = $1 AND left_seq IS NULL AND NOT gated"


class _About(msgspec.Struct, frozen=True):
    message_seq: float = math.inf
    """Missing where an event is a message itself."""


def _about(event: streams.Event) -> float:
    """The number of the message an event is about."""
    return msgspec.json.decode(event.payload, type=_About).message_seq


def _from(missed: streams.Missed, joined_seq: int) -> streams.Missed:
    """Without what has become of messages from before the reader's time."""
    if joined_seq == 0:
        return missed
    events = [event for event in missed.events if _about(event) > joined_seq]
    return msgspec.structs.replace(missed, events=events)


async def read_own_since(
    db: Repo, actor: Actor, since: int, *, limits: Limits = DEFAULT_LIMITS
) -> streams.Missed:
    """The same of the actor's own stream."""
    return await streams.since(db, actor.id, since, most=limits.resume_max)

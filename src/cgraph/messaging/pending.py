"""Having people told of what has happened in a conversation: at most one job per conversation waits for that.

Whatever is to be told takes the conversation's number first and holds its stream until the commit. Here it then only has
to find that a job waits: should that be taken before the commit, it waits for the stream (see `notifying`), and so reads
what it was not enqueued for.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from cgraph_kit.db import Transaction
from cgraph_kit.jobs import IF_PENDING, JobsEnqueued

from .events import MessageSent

NAME = "notify_participants"
QUEUE = "notifications"
ATTEMPTS = 10
PAUSE = timedelta(seconds=2)
"""How long a conversation rests after its people were told: what is said meanwhile is told together."""


def pending_key(id: str) -> str:
    """The key under which a conversation's job waits, in SQL; see `OnePending`."""
    return f"('{NAME}:' || {id})"


def enqueueing(source: str) -> str:
    """An INSERT of the job of each conversation of a source; it has `conversation_id` and `notified_at`.

    `RETURNING` may follow.
    """
    due = f"greatest(now(), notified_at + interval '{PAUSE.total_seconds()} seconds')"
    return f"""
    INSERT INTO jobs (worker, queue, max_attempts, args, pending_key, state, scheduled_at)
    SELECT '{NAME}', '{QUEUE}', {ATTEMPTS}, jsonb_build_object('conversation_id', conversation_id),
        {pending_key("conversation_id")}, CASE WHEN {due} > now() THEN 'scheduled' ELSE 'available' END, {due}
    FROM {source}
    ON CONFLICT {IF_PENDING} DO NOTHING
    """


async def notify_later(tx: Transaction, conversation_id: UUID) -> None:
    """Have people told of what this transaction has written into the conversation's log."""
    if await tx.value(_ENQUEUE, conversation_id) == "available":
        tx.publish(JobsEnqueued(QUEUE))


async def hold_telling(tx: Transaction, conversation_id: UUID) -> None:
    """Nobody is told of anything in the conversation before this transaction ends, so that it can be taken back.

    To be called before anything else is locked.
    """
    await tx.value("SELECT 1 FROM conversations WHERE id = $1 FOR NO KEY UPDATE", conversation_id)


_SOURCE = "(SELECT id AS conversation_id, notified_at FROM conversations WHERE id = $1) c"
_ENQUEUE = f"{enqueueing(_SOURCE)} RETURNING state"


def waking(hear: Callable[[Sequence[Any]], None]) -> Callable[[Sequence[Any]], None]:
    """A listener of this node's events: whoever does jobs hears of those that `send_message` has enqueued."""

    def listen(events: Sequence[Any]) -> None:
        if any(isinstance(event, MessageSent) and event.enqueued for event in events):
            hear([JobsEnqueued(QUEUE)])

    return listen

"""Writes a client has named are done once and answered alike for at least a day.

The row is taken inside the write's own transaction: parallel tries wait for each other on its unique key, a rollback
frees the name, and a commit keeps effect and answer together.
"""

import hashlib
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from . import clock
from .db import Repo, Transaction
from .errors import Conflict
from .validation import NO_NUL

AT_ONCE = 20_000
"""Keys forgotten in one statement."""

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=NO_NUL)]


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    default = "this idempotency key was used for a different request"


class Answer(msgspec.Struct, frozen=True):
    """The original answer to a named write."""

    request_hash: bytes
    status: int | None
    body: bytes | None
    stream_id: UUID | None
    made_id: UUID | None
    """With `stream_id`, where a write keeps its answer in a stream's log."""


def request_hash(*parts: bytes) -> bytes:
    """What makes two requests the same request."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


async def find(db: Repo, user_id: UUID, key: str, hash: bytes) -> Answer | None:
    """The answer this key was given before. Raises `KeyReused` when it named something else."""
    answer = await db.first(
        Answer,
        "SELECT request_hash, status, body, stream_id, made_id FROM idempotency_keys "
        "WHERE user_id = $1 AND key = $2",
        user_id,
        key,
    )
    if answer is not None and answer.request_hash != hash:
        raise KeyReused
    return answer


async def claim(tx: Transaction, user_id: UUID, key: str, hash: bytes) -> Answer | None:
    """Take the key for this transaction and return None, or return the answer it already has.

    Waits while another transaction that holds the key is open. Raises `KeyReused`.
    """
    claimed = await tx.value(
        "INSERT INTO idempotency_keys (user_id, key, request_hash) VALUES ($1, $2, $3) "
        "ON CONFLICT DO NOTHING RETURNING true",
        user_id,
        key,
        hash,
    )
    return None if claimed else await find(tx, user_id, key, hash)


async def hold(tx: Transaction, user_id: UUID, key: str, hash: bytes) -> Answer | None:
    """As `find`, and nobody else gives the key another answer until this transaction ends: it waits for who does."""
    await tx.value(
        "SELECT 1 FROM idempotency_keys WHERE user_id = $1 AND key = $2 FOR NO KEY UPDATE",
        user_id,
        key,
    )
    return await find(tx, user_id, key, hash)


async def answer(tx: Transaction, user_id: UUID, key: str, status: int, body: bytes) -> None:
    """Keep the answer of a claimed key."""
    await tx.value(
        "UPDATE idempotency_keys SET status = $3, body = $4 WHERE user_id = $1 AND key = $2",
        user_id,
        key,
        status,
        body,
    )


async def forget(db: Repo, *, hours: int) -> None:
    """Drop keys older than so many hours."""
    before = clock.now() - timedelta(hours=hours)
    while await db.value(_FORGET, before, AT_ONCE) == AT_ONCE:
        pass


# In parts: after a day without sweeps there may be more than a statement may take the time for.
_FORGET = """
WITH gone AS (
    DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE inserted_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) FROM gone
"""

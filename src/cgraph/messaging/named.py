"""Writes a client has named with a `client_id`: done once, answered alike."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

import msgspec

from cgraph_kit import idempotency
from cgraph_kit.db import Transaction

LONGEST = 200
"""Code points of a name that is kept as it is."""

Answer = TypeVar("Answer", bound=msgspec.Struct)


def client_key(client_id: str) -> str:
    """A `client_id` among the names a person has given. Apart from Idempotency-Keys: those are taken in another order."""
    if len(client_id) > LONGEST:
        client_id = sha256(client_id.encode()).hexdigest()
    return f"client:{client_id}"


async def once(
    tx: Transaction,
    user_id: UUID,
    client_id: str | None,
    hash: bytes,
    do: Callable[[], Awaitable[Answer]],
    *,
    answer: type[Answer],
) -> Answer:
    """What `do` brings, or what it brought the first time under this name. Raises `KeyReused`."""
    if client_id is None:
        return await do()
    key = client_key(client_id)
    before = await idempotency.claim(tx, user_id, key, hash)
    if before is not None:
        if before.body is None:
            raise idempotency.KeyReused
        return msgspec.json.decode(before.body, type=answer)
    done = await do()
    await idempotency.answer(tx, user_id, key, 200, msgspec.json.encode(done))
    return done

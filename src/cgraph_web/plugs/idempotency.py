"""`Idempotency-Key`: a write the client has named is done once, and answered alike each time it is repeated.

The write runs inside the transaction that holds the key: effect, key and answer are committed together before the
answer leaves. A failure rolls all three back, so the key is free for the next try.
"""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import msgspec

from cgraph_kit import idempotency
from cgraph_kit.db import Database, Transaction
from cgraph_kit.errors import Invalid
from cgraph_web.response import Response

HEADER = "Idempotency-Key"
REPLAYED = (b"idempotent-replay", b"true")


def idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    """The key the caller gave this write, if any. Raises `Invalid` for one that cannot be kept."""
    sent = headers.get(b"idempotency-key")
    if sent is None:
        return None
    try:
        return msgspec.convert(sent.decode("utf-8"), idempotency.Key)
    except (msgspec.ValidationError, UnicodeDecodeError):
        raise Invalid.field(HEADER, "must be 1 to 255 characters of UTF-8") from None


async def answer_once(
    db: Database,
    user_id: UUID,
    key: str,
    hash: bytes,
    write: Callable[[Transaction], Awaitable[Response]],
) -> Response:
    """The answer of this write: from `write` the first time, from the record ever after. Raises `KeyReused`."""
    async with db.transaction() as tx:
        before = await idempotency.claim(tx, user_id, key, hash)
        if before is not None:
            if before.status is None:  # it named a write that answers for itself
                raise idempotency.KeyReused
            return Response(before.body or b"", before.status, headers=[REPLAYED])
        response = await write(tx)
        await idempotency.answer(tx, user_id, key, response.status, response.body)
        return response

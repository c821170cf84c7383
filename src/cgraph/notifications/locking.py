"""One change of a person's notifications at a time."""

from uuid import UUID

from cgraph_kit.db import Transaction


async def hold_own(tx: Transaction, user_id: UUID) -> None:
    """Whoever else changes what this person has set waits until this transaction ends.

    The person's stream is what is held: whoever locks more takes it last, before what it protects.
    """
    await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", user_id)

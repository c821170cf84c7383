"""Taking and changing names."""

from datetime import datetime, timedelta
from uuid import UUID

from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id

from .errors import UsernameChangedTooOften
from .limits import Limits
from .username import skeleton


async def claim_username(tx: Transaction, user_id: UUID, username: str) -> bool:
    """Take a name, if neither it nor one that looks like it is another's, or was until lately."""
    claimed = await tx.value(_CLAIM, skeleton(username), username, user_id, clock.now())
    return claimed is not None


async def is_free(db: Repo, username: str) -> bool:
    """Whether somebody new could take this name at this moment."""
    taken: bool = await db.value(
        "SELECT EXISTS (SELECT FROM usernames WHERE skeleton = $1 "
        "AND (held_until IS NULL OR held_until > $2))",
        skeleton(username),
        clock.now(),
    )
    return not taken


async def change_username(
    tx: Transaction, user_id: UUID, old: str, new: str, limits: Limits
) -> bool:
    """Swap one's name for another, whose row in `users` the caller changes; False: it is not free.

    The old one is held for its former owner. Raises `UsernameChangedTooOften`.
    """
    now = clock.now()
    await _refuse_haste(tx, user_id, now, limits)
    if not await claim_username(tx, user_id, new):
        return False
    await tx.value(
        "UPDATE usernames SET held_until = $2 WHERE skeleton = $1 AND username = $3",
        skeleton(old),
        now + timedelta(days=limits.username_held_days),
        old,
    )
    await tx.value(
        "INSERT INTO username_history (id, user_id, username, inserted_at) VALUES ($1, $2, $3, $4)",
        new_id(),
        user_id,
        old,
        now,
    )
    return True


async def _refuse_haste(tx: Transaction, user_id: UUID, now: datetime, limits: Limits) -> None:
    window = timedelta(days=limits.username_change_days)
    changes = await tx.values(_CHANGES, user_id, now - window, limits.username_changes)
    if len(changes) >= limits.username_changes:
        oldest = changes[-1] if changes else now
        again = oldest + window - now
        raise UsernameChangedTooOften(retry_after=again.total_seconds())


_CLAIM = """
INSERT INTO usernames AS n (skeleton, username, user_id) VALUES ($1, $2, $3)
ON CONFLICT (skeleton) DO UPDATE SET username = $2, user_id = $3, held_until = NULL
    WHERE n.user_id = $3 OR n.held_until <= $4
RETURNING true
"""
_CHANGES = (
    "SELECT inserted_at FROM username_history WHERE user_id = $1 AND inserted_at > $2 "
    "ORDER BY inserted_at DESC LIMIT $3"
)

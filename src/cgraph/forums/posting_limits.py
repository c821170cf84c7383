"""Whether somebody may post now: asked wherever people post, whichever way they come; imports do not ask."""

from datetime import datetime, timedelta

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Transaction, columns

from .access import Access
from .pace import UNPACED, Pace, PaceLimits, What, counted


async def count_posting(
    tx: Transaction, access: Access, what: What, text: str, limits: PaceLimits
) -> None:
    """Count one thing more that somebody posts, in the transaction that does it.

    Their pace is held until it ends, so that of two things at once the second knows of the first. Moderators of the forum
    are free. Raises `PostingTooFast`, `SaidBefore`, `TooManyLinks`.
    """
    if access.moderator or access.user_id is None or limits == UNPACED:
        return
    now = clock.now()
    held = await tx.one(_Held, _HOLD, access.user_id, now)
    since = now - timedelta(hours=limits.new_account_hours)
    new = held.born_at is not None and held.born_at > since
    pace = Pace(*(getattr(held, name) for name in _NAMES))
    after = counted(pace, what, text, now, new=new, limits=limits)
    await tx.value(_WRITE, access.user_id, *msgspec.structs.astuple(after))


class _Held(Pace, frozen=True):
    born_at: datetime | None = None


_HELD = columns(Pace, "posting_paces")
_HOLD = f"""
INSERT INTO posting_paces (user_id, since) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET since = posting_paces.since
RETURNING {_HELD}, (SELECT inserted_at FROM users WHERE id = $1)
"""
_NAMES = Pace.__struct_fields__
_WRITE = f"""
UPDATE posting_paces SET {", ".join(f"{name} = ${n}" for n, name in enumerate(_NAMES, 2))} WHERE user_id = $1
"""

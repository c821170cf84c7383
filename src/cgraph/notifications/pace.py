"""How often people are mailed: as they wish, but those who do not come back once a day."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph_kit import clock
from cgraph_kit.db import Repo

PAUSE = timedelta(days=1)
"""Between mails to somebody who does not come back."""


class _Mailed(msgspec.Struct, frozen=True):
    last_at: datetime
    unanswered: int


async def may_mail_at(db: Repo, user_id: UUID, *, patience: int) -> datetime | None:
    """When somebody may be mailed again who has let `patience` mails in a row pass; None: at once.

    Any sign of life answers all of them: a device that was connected, a request.
    """
    mailed = await db.first(_Mailed, _FIND, user_id)
    if mailed is None or mailed.unanswered < patience:
        return None
    if await _was_there(db, user_id, mailed.last_at):
        return None
    return mailed.last_at + PAUSE


async def note_mail(db: Repo, user_id: UUID) -> None:
    """Somebody was mailed."""
    mailed = await db.first(_Mailed, _FIND, user_id)
    answered = mailed is not None and await _was_there(db, user_id, mailed.last_at)
    await db.value(_NOTE, user_id, clock.now(), answered)


async def _was_there(db: Repo, user_id: UUID, since: datetime) -> bool:
    seen = await accounts.last_sign_of_life(db, user_id)
    return seen is not None and seen > since


_FIND = "SELECT last_at, unanswered FROM notification_mails WHERE user_id = $1"
_NOTE = """
INSERT INTO notification_mails AS m (user_id, last_at, unanswered) VALUES ($1, $2, 1)
ON CONFLICT (user_id) DO UPDATE SET last_at = excluded.last_at, unanswered = CASE WHEN $3 THEN 1 ELSE m.unanswered + 1 END
"""

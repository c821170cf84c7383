"""A session: one sign-in of one device."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, columns


class Session(msgspec.Struct, frozen=True):
    """What a person is shown of their own sessions; also the payload of `session_created`."""

    id: UUID
    name: str | None
    """What the person calls this device."""
    network: str | None
    """Where it signed in from, coarsely: a /24 or /48 network."""
    agent: str | None
    last_seen_at: datetime
    """Right to ten minutes."""
    expires_at: datetime
    """When it ends if it is not used."""
    inserted_at: datetime


SESSION = columns(Session, "s")
LIVE = "s.revoked_at IS NULL AND s.expires_at > $1"
"""Of a session `s`, where $1 is the time."""


async def list_live_ids(db: Repo, session_ids: list[UUID], now: datetime) -> set[UUID]:
    """Those of these sessions that still stand: for re-checking open sockets."""
    sql = f"SELECT s.id FROM sessions s WHERE {LIVE} AND s.id = ANY($2)"
    return set(await db.values(sql, now, session_ids))

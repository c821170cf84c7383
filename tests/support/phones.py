"""Phones of people who are not registered with a whole application: rows, as registering makes them."""

from uuid import UUID

from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id


async def give_device(db: Repo, user_id: UUID) -> UUID:
    """A phone on which this person is signed in, registered for pushes. Its session's id."""
    session_id = new_id()
    await db.value(
        "INSERT INTO sessions (id, user_id, pair_id, expires_at) VALUES ($1, $2, $1, now() + interval '1 day')",
        session_id,
        user_id,
    )
    await db.value(
        "INSERT INTO push_devices (id, user_id, session_id, platform, token, registered_at, inserted_at) "
        "VALUES ($1, $2, $3, 'fcm', $4, now(), now())",
        new_id(),
        user_id,
        session_id,
        session_id.hex,
    )
    return session_id

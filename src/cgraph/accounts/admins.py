"""Administrators: appointed by the operator's command, never over the network."""

from cgraph_kit.db import Repo

from .errors import UserNotFound
from .user import PERSON, Actor, Person


async def grant_admin(db: Repo, username: str) -> Person:
    """Make an active person an administrator; again is harmless. Raises `UserNotFound`."""
    return await _appoint(db, username, admin=True)


async def revoke_admin(db: Repo, username: str) -> Person:
    """Take it away; counts from the next request on. Raises `UserNotFound`."""
    return await _appoint(db, username, admin=False)


async def list_admins(db: Repo) -> list[Person]:
    """Every administrator, by name."""
    return await db.all(Person, f"SELECT {PERSON} FROM users u WHERE u.admin ORDER BY u.username")


async def is_admin(db: Repo, actor: Actor) -> bool:
    """Asked of the database with every administrative request: they are few, and a right that is taken away is gone."""
    return bool(await db.value(_IS, actor.id))


async def _appoint(db: Repo, username: str, *, admin: bool) -> Person:
    person = await db.first(Person, _APPOINT, username.lower(), admin)
    if person is None:
        raise UserNotFound
    return person


_IS = "SELECT true FROM users WHERE id = $1 AND admin AND state = 'active'"
_APPOINT = f"""
UPDATE users u SET admin = $2, updated_at = now() WHERE u.username = $1 AND (u.state = 'active' OR NOT $2)
RETURNING {PERSON}
"""

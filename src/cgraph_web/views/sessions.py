"""Sessions, as their owner sees them."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor, Session


class SessionView(msgspec.Struct, frozen=True):
    """One sign-in of one device."""

    id: UUID
    name: str | None
    """What its owner calls it."""
    network: str | None
    """Where it signed in from, as a /24 or /48 network."""
    agent: str | None
    last_seen_at: datetime
    """Right to ten minutes."""
    expires_at: datetime
    """When it ends if it is not used."""
    inserted_at: datetime
    current: bool
    """Whether this request came through it."""


class EndedView(msgspec.Struct, frozen=True):
    """Which sessions were ended."""

    session_ids: list[UUID]


def session(shown: Session, actor: Actor) -> SessionView:
    """A session, and whether it is the actor's own."""
    return SessionView(**msgspec.structs.asdict(shown), current=shown.id == actor.session_id)

"""Sessions, as their owner sees them."""

from uuid import UUID

import msgspec

from cgraph.accounts import Actor, Session


class SessionView(Session, frozen=True):
    """One sign-in of one device."""

    current: bool
    """Whether this request came through it."""


class EndedView(msgspec.Struct, frozen=True):
    """Which sessions were ended."""

    session_ids: list[UUID]


def session(shown: Session, actor: Actor) -> SessionView:
    """A session, and whether it is the actor's own."""
    return SessionView(**msgspec.structs.asdict(shown), current=shown.id == actor.session_id)

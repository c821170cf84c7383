"""Tickets: what stands for a session in an address, where a browser loads something by itself and sends no header.

A ticket is short-lived and ends with its session. Whoever takes tickets takes them for one purpose, and asks each time what their
person may.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo

from .auth import Auth
from .errors import InvalidToken, SessionEnded, TokenExpired
from .user import Actor

TICKET_ERRORS = (InvalidToken, SessionEnded, TokenExpired)
"""What a ticket of no use is told."""


class Ticket(msgspec.Struct, frozen=True):
    """For addresses: `?ticket=…`."""

    ticket: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Ticket(…)"


class _Sealed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    ticket_for: str
    session_id: UUID
    expires_at: int
    """In seconds since 1970."""


def issue_ticket(auth: Auth, actor: Actor, purpose: str, *, life: timedelta) -> Ticket:
    """Something that stands for the actor's session, for a while and for one purpose."""
    expires_at = (clock.now() + life).replace(microsecond=0)
    sealed = _Sealed(purpose, actor.session_id, int(expires_at.timestamp()))
    return Ticket(auth.keys.seal(msgspec.json.encode(sealed).decode()), expires_at)


async def redeem_ticket(db: Repo, auth: Auth, ticket: str, purpose: str) -> Actor:
    """Who it stands for. Raises `InvalidToken`, `TokenExpired`, `SessionEnded`. One statement, each time."""
    try:
        sealed = msgspec.json.decode((auth.keys.open(ticket) or "").encode(), type=_Sealed)
    except msgspec.MsgspecError:
        raise InvalidToken from None
    if sealed.ticket_for != purpose:
        raise InvalidToken
    if sealed.expires_at <= clock.now().timestamp():
        raise TokenExpired
    actor = await db.first(Actor, _FIND, sealed.session_id)
    if actor is None:
        raise SessionEnded
    return actor


_FIND = """
SELECT u.id, s.id, u.username, u.display_name, u.avatar_url, u.user_id, u.admin
FROM live_sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1 AND u.state = 'active'
"""

"""What has happened to accounts.

All are durable: appended to the person's own stream, with the payload that goes over the wire.
"""

from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

import msgspec

from cgraph_kit import streams
from cgraph_kit.db import Transaction

from .session import Session
from .user import Person, User

RevokedReason = Literal[
    "logout", "revoked", "password_changed", "password_reset", "deactivated", "token_reused"
]


class UserEvent(msgspec.Struct, frozen=True):
    """A durable event of a person's own stream, pushed as `type` on `user:<user_id>`."""

    type: ClassVar[str]
    user_id: UUID
    seq: int
    payload: Any
    """A struct, or raw JSON of an object."""

    def body(self) -> bytes:
        """The payload as clients get it, `seq` included."""
        return streams.splice(msgspec.json.encode(self.payload), self.seq)


E = TypeVar("E", bound=UserEvent)


class ProfileUpdated(UserEvent, frozen=True):
    """Profile, status, settings or state changed; the payload is the whole account."""

    type: ClassVar[str] = "profile_updated"
    payload: User


class SessionCreated(UserEvent, frozen=True):
    """Somebody signed in."""

    type: ClassVar[str] = "session_created"
    payload: Session


class RevokedSessions(msgspec.Struct, frozen=True):
    """Payload of `session_revoked`."""

    session_ids: list[UUID]
    reason: RevokedReason


class SessionRevoked(UserEvent, frozen=True):
    """Sessions ended: their tokens are worth nothing and their sockets must drop now, on every node."""

    type: ClassVar[str] = "session_revoked"
    payload: RevokedSessions


class UserBlocked(UserEvent, frozen=True):
    """`user_id` blocked the person of the payload, who is not told."""

    type: ClassVar[str] = "user_blocked"
    payload: Person


class Unblocked(msgspec.Struct, frozen=True):
    """Payload of `user_unblocked`."""

    id: UUID


class UserUnblocked(UserEvent, frozen=True):
    """`user_id` took a block back."""

    type: ClassVar[str] = "user_unblocked"
    payload: Unblocked


DurableEvent = ProfileUpdated | SessionCreated | SessionRevoked | UserBlocked | UserUnblocked


async def record(tx: Transaction, event: type[E], user_id: UUID, payload: msgspec.Struct) -> E:
    """Write a durable event into a person's stream and publish it with its number."""
    seq = await streams.append(tx, user_id, event.type, payload)
    happened = event(user_id=user_id, seq=seq, payload=payload)
    tx.publish(happened)
    return happened

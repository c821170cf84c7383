"""Sessions: begun by signing in, listed, renamed and ended by their owner."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.paging import Page, decode_cursor, forward_page
from cgraph_kit.validation import Input, Text

from . import errors
from .events import RevokedReason, RevokedSessions, SessionCreated, SessionRevoked, record
from .issuer import Issuer
from .origin import Origin
from .pair import insert_pair
from .session import LIVE, SESSION, Session
from .tokens import SignedIn
from .user import Actor, User


async def start_session(tx: Transaction, issuer: Issuer, user: User, origin: Origin) -> SignedIn:
    """Sign somebody in who has proved who they are."""
    now = clock.now()
    session_id = new_id()
    pair, tokens = issuer.issue(user.id, session_id, None)
    session = await tx.one(
        Session,
        f"INSERT INTO sessions AS s (id, user_id, pair_id, network, agent, expires_at, "
        f"last_seen_at, inserted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING {SESSION}",
        session_id,
        user.id,
        pair.id,
        origin.network,
        origin.agent_line,
        issuer.session_end(now),
        now,
    )
    await insert_pair(tx, pair)
    await record(tx, SessionCreated, user.id, session)
    return SignedIn(user, session, tokens)


async def list_sessions(
    db: Repo, actor: Actor, *, limit: int = 50, after: str | None = None
) -> Page[Session]:
    """The actor's live sessions, newest first; `after` is a cursor of this list."""
    start = decode_cursor(after, UUID, "after") if after else UUID(int=2**128 - 1)
    rows = await db.all(
        Session,
        f"SELECT {SESSION} FROM sessions s WHERE {LIVE} AND s.user_id = $2 AND s.id < $3 "
        "ORDER BY s.id DESC LIMIT $4",
        clock.now(),
        actor.id,
        start,
        limit + 1,
    )
    return forward_page(rows, limit, lambda row: row.id)


class RenameSession(Input, frozen=True):
    """What a person calls a device; null takes the name away."""

    name: Annotated[Text, msgspec.Meta(max_length=64)] | None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "name", (self.name or "").strip() or None)


async def rename_session(db: Repo, actor: Actor, session_id: UUID, new: RenameSession) -> Session:
    """Call one of the actor's devices something. Raises `SessionNotFound`."""
    session = await db.first(
        Session,
        f"UPDATE sessions s SET name = $4 WHERE {LIVE} AND s.user_id = $2 AND s.id = $3 "
        f"RETURNING {SESSION}",
        clock.now(),
        actor.id,
        session_id,
        new.name,
    )
    if session is None:
        raise errors.SessionNotFound
    return session


async def log_out(db: Repo, actor: Actor) -> None:
    """End the session the actor speaks through; again is harmless."""
    async with db.transaction() as tx:
        await end_sessions(tx, actor.id, "logout", only=actor.session_id)


async def revoke_session(db: Repo, actor: Actor, session_id: UUID) -> None:
    """End one of the actor's own sessions. Raises `SessionNotFound`."""
    async with db.transaction() as tx:
        if not await end_sessions(tx, actor.id, "revoked", only=session_id):
            raise errors.SessionNotFound


async def revoke_other_sessions(db: Repo, actor: Actor) -> list[UUID]:
    """End all of the actor's sessions but the one they speak through, and say which."""
    async with db.transaction() as tx:
        return await end_sessions(tx, actor.id, "revoked", but=actor.session_id)


async def end_sessions(
    tx: Transaction,
    user_id: UUID,
    reason: RevokedReason,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
) -> list[UUID]:
    """End live sessions of a person, all or as narrowed, in one event. Returns which."""
    now = clock.now()
    ended: list[UUID] = await tx.values(_END, user_id, now, only, but, reason)
    if ended:
        await record(tx, SessionRevoked, user_id, RevokedSessions(ended, reason))
    return ended


# Locked in the order of ids, so that two who end several sessions never wait for each other.
_END = """
WITH ending AS (
    SELECT id FROM sessions
    WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
      AND ($3::uuid IS NULL OR id = $3) AND ($4::uuid IS NULL OR id <> $4)
    ORDER BY id FOR UPDATE
), pairs AS (
    DELETE FROM token_pairs p USING ending e WHERE p.session_id = e.id
)
UPDATE sessions s SET revoked_at = $2, revoked_reason = $5 FROM ending e WHERE s.id = e.id RETURNING s.id
"""

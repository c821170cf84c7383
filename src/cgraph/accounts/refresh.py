"""Refreshing: a refresh token for a new pair, and what happens when one turns up that was replaced."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Error
from cgraph_kit.validation import Input

from . import errors
from .auth import Auth
from .pair import Pair, Standing, drop_surplus, insert_pair, list_pairs, standing, use_pair
from .session import SESSION, Session
from .sessions import end_sessions
from .tokens import RefreshToken, SignedIn, read_refresh_token
from .user import USER, User


class Refresh(Input, frozen=True):
    """A refresh token, to be exchanged."""

    refresh_token: str

    def __repr__(self) -> str:
        return "Refresh(…)"


class _Locked(msgspec.Struct, frozen=True):
    id: UUID
    user_id: UUID
    pair_id: UUID
    revoked_at: datetime | None
    expires_at: datetime


async def refresh_session(db: Repo, auth: Auth, new: Refresh) -> SignedIn:
    """A new pair of tokens for a refresh token (see `pair` for which ones are good, and for how long).

    `db` is the pool: a session that is ended here stays ended though an error is raised. Raises `InvalidToken`,
    `SessionEnded`, and `TokenReused` for a token whose successor has been used: two parties hold the session's tokens,
    so neither keeps it (RFC 9700 §4.14.2).
    """
    presented = read_refresh_token(auth.keys, new.refresh_token)
    async with db.transaction() as tx:
        outcome = await _exchange(tx, auth, presented)
    if isinstance(outcome, Error):
        raise outcome
    return outcome


async def _exchange(tx: Transaction, auth: Auth, presented: RefreshToken) -> SignedIn | Error:
    session = await tx.first(_Locked, _LOCK, presented.session_id)
    if session is None:
        return errors.InvalidToken()
    pairs = await list_pairs(tx, session.id)
    pair = _find(pairs, presented.hash)
    if pair is None and not presented.ours:
        return errors.InvalidToken()
    if session.revoked_at or session.expires_at <= clock.now():
        return errors.SessionEnded()
    if pair is None or standing(pair.id, pair.parent_id, session.pair_id) is Standing.SPENT:
        await end_sessions(tx, session.user_id, "token_reused", only=session.id)
        return errors.TokenReused()
    return await _rotate(tx, auth, session, pairs, pair)


async def _rotate(
    tx: Transaction, auth: Auth, session: _Locked, pairs: list[Pair], pair: Pair
) -> SignedIn:
    now = clock.now()
    if pair.id == session.pair_id:
        await drop_surplus(tx, pairs, session.pair_id)
    elif pair.parent_id is not None:
        access = timedelta(seconds=auth.limits.access_token_seconds)
        await use_pair(tx, session.id, pair.id, pair.parent_id, now=now, access=access)
    successor, tokens = auth.issuer.issue(session.user_id, session.id, pair.id)
    await insert_pair(tx, successor)
    return SignedIn(
        await tx.one(User, f"SELECT {USER} FROM users u WHERE u.id = $1", session.user_id),
        await tx.one(Session, _EXTEND, session.id, now, auth.issuer.session_end(now)),
        tokens,
    )


def _find(pairs: list[Pair], hash: bytes) -> Pair | None:
    return next((pair for pair in pairs if hmac.compare_digest(pair.refresh_hash, hash)), None)


_LOCK = "SELECT id, user_id, pair_id, revoked_at, expires_at FROM sessions WHERE id = $1 FOR UPDATE"
_EXTEND = (
    f"UPDATE sessions s SET last_seen_at = $2, expires_at = $3 WHERE s.id = $1 RETURNING {SESSION}"
)

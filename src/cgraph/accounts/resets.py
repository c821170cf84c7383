"""Tokens that set a new password: made when a mail is about to carry one, and good for a while."""

import secrets
from datetime import timedelta
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo

from .errors import InvalidResetToken
from .limits import Limits
from .tokens import token_hash

TOKEN_BYTES = 32


class Owner(msgspec.Struct, frozen=True):
    """Whose password a token sets. The address as the account has it is the only place the token may be sent to."""

    id: UUID
    email: str | None
    username: str


async def make_reset_token(db: Repo, email: str, *, limits: Limits) -> tuple[str, Owner] | None:
    """A token for the account of an address, if there is one. Those made before stay good for their time."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    lives = timedelta(minutes=limits.password_reset_minutes)
    owner = await db.first(Owner, _MAKE, token_hash(token), email, clock.now() + lives)
    return None if owner is None else (token, owner)


async def get_reset_owner(db: Repo, token: str) -> Owner:
    """Whose password a token would set. Raises `InvalidResetToken`."""
    owner = await db.first(Owner, _FIND, token_hash(token), clock.now())
    if owner is None:
        raise _bad_token()
    return owner


async def use_reset_token(db: Repo, token: str) -> None:
    """Use a token up, and every other of the same account. Raises `InvalidResetToken` if somebody was faster."""
    user_id = await db.value(_TAKE, token_hash(token), clock.now())
    if user_id is None:
        raise _bad_token()
    await forget_resets(db, user_id)


async def forget_resets(db: Repo, user_id: UUID) -> None:
    """Make the tokens of an account worthless."""
    await db.value("DELETE FROM password_resets WHERE user_id = $1", user_id)


def _bad_token() -> InvalidResetToken:
    """The same for one that never was, was used, or is too old."""
    return InvalidResetToken(fields={"token": ["is not valid or has expired"]})


_MAKE = """
WITH account AS (SELECT id, email, username FROM users WHERE lower(email) = $2),
made AS (INSERT INTO password_resets (token_hash, user_id, expires_at) SELECT $1, id, $3 FROM account)
SELECT id, email, username FROM account
"""
_FIND = """
SELECT u.id, u.email, u.username FROM password_resets r JOIN users u ON u.id = r.user_id
WHERE r.token_hash = $1 AND r.expires_at > $2
"""
_TAKE = "DELETE FROM password_resets WHERE token_hash = $1 AND expires_at > $2 RETURNING user_id"

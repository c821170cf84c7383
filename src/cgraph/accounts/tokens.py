"""Refresh tokens, and what a client is handed when it signs in or refreshes.

A refresh token is 32 random bytes, of which only the SHA-256 is kept, between the session they belong to and a proof
that this server made them. The proof is what tells a token that was valid once from an invented one, however long ago it
was: nothing needs to be kept of spent tokens, and nobody can end a session by guessing.
"""

import base64
import binascii
import hashlib
import secrets
from uuid import UUID

import msgspec

from .access import TAG_BYTES, Keys
from .errors import InvalidToken
from .session import Session
from .user import User

_RANDOM_BYTES = 32
_SESSION_BYTES = 16
_SIGNED_BYTES = _SESSION_BYTES + _RANDOM_BYTES
_BYTES = _SIGNED_BYTES + TAG_BYTES
LENGTH = 86
"""Characters of a refresh token."""


class Tokens(msgspec.Struct, frozen=True):
    """What a client keeps. `expires_in`: seconds the access token lives."""

    access_token: str
    refresh_token: str
    expires_in: int

    def __repr__(self) -> str:
        return "Tokens(…)"


class SignedIn(msgspec.Struct, frozen=True):
    """The answer to registering, logging in and refreshing."""

    user: User
    session: Session
    tokens: Tokens


class RefreshToken(msgspec.Struct, frozen=True):
    """A refresh token taken apart. `ours`: this server made it."""

    session_id: UUID
    hash: bytes
    ours: bool


def new_refresh_token(keys: Keys, session_id: UUID) -> str:
    """A token nobody can guess."""
    signed = session_id.bytes + secrets.token_bytes(_RANDOM_BYTES)
    return base64.urlsafe_b64encode(signed + keys.tag(signed)).rstrip(b"=").decode()


def read_refresh_token(keys: Keys, token: str) -> RefreshToken:
    """What a token says of itself. Raises `InvalidToken` for what has not even the form of one."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise InvalidToken from None
    if len(token) != LENGTH or len(raw) != _BYTES:
        raise InvalidToken
    session_id = UUID(bytes=raw[:_SESSION_BYTES])
    return RefreshToken(
        session_id, token_hash(token), keys.tagged(raw[:_SIGNED_BYTES], raw[_SIGNED_BYTES:])
    )


def token_hash(token: str) -> bytes:
    """What is kept of a token: it is random enough that no salt is needed."""
    return hashlib.sha256(token.encode()).digest()

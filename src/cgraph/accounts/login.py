"""Logging in: a name and a password for a session."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, Text

from . import errors
from . import password as passwords
from .attempts import guess, guesses
from .auth import Auth
from .events import ProfileUpdated, record
from .origin import Origin
from .sessions import start_session
from .tokens import SignedIn
from .user import USER, User

Guess = Annotated[str, msgspec.Meta(max_length=passwords.MAX_BYTES)]
"""A password somebody claims to have."""


InsteadOfLogin = Annotated[Text | None, msgspec.Meta(examples=[None])]


class Login(Input, frozen=True):
    """A password, and whose it is: exactly one of `login`, `email` and `username`."""

    password: Guess
    login: Text | None = None
    """An e-mail address or a username."""
    email: InsteadOfLogin = None
    """The same as `login`."""
    username: InsteadOfLogin = None
    """The same as `login`."""

    def __post_init__(self) -> None:
        if sum(name is not None for name in (self.login, self.email, self.username)) != 1:
            raise Invalid.field("login", "is required, or email or username instead")

    def __repr__(self) -> str:
        return "Login(…)"

    @property
    def account(self) -> str:
        """What was typed, without what does not matter."""
        return (self.login or self.email or self.username or "").strip().lower()


class Credentials(msgspec.Struct, frozen=True):
    """What a password is compared with. Goes nowhere."""

    id: UUID
    password_hash: str | None

    def __repr__(self) -> str:
        return f"Credentials({self.id}, …)"


async def log_in(db: Repo, auth: Auth, login: Login, origin: Origin) -> SignedIn:
    """Sign somebody in.

    An account its owner has deactivated is active again; one an administrator has is not. Raises `InvalidCredentials`,
    equally and after equal work whether the name or the password is wrong; `AccountDeactivated`, to who knows the
    password; `TooManyAttempts`; `Unavailable`.
    """
    async with guess(auth.limiter, guesses(auth.limits, login.account, origin)):
        found = await _find(db, login.account)
        hash = found.password_hash if found else None
        right = await auth.hasher.verify(hash, login.password)
        if found is None or hash is None or not right:
            raise errors.InvalidCredentials
    fresh = await auth.hasher.hash(login.password) if auth.hasher.outdated(hash) else None
    async with db.transaction() as tx:
        user = await _admit(tx, found, fresh)
        return await start_session(tx, auth.issuer, user, origin)


async def _find(db: Repo, account: str) -> Credentials | None:
    by = "lower(u.email) = $1" if "@" in account else "u.username = $1"
    return await db.first(
        Credentials, f"SELECT u.id, u.password_hash FROM users u WHERE {by}", account
    )


async def _admit(tx: Transaction, found: Credentials, fresh: str | None) -> User:
    """The person, locked, if the password that was compared is still theirs."""
    # A password change that commits meanwhile ends every session it sees; this one must not slip in after it.
    barred = await tx.first(_Barred, _LOCK, found.id, found.password_hash)
    if barred is None:
        raise errors.InvalidCredentials
    if barred.deactivated and not barred.by_self:
        raise errors.AccountDeactivated
    if fresh is not None:
        await tx.value("UPDATE users SET password_hash = $2 WHERE id = $1", found.id, fresh)
    if not barred.deactivated:
        return await tx.one(User, f"SELECT {USER} FROM users u WHERE u.id = $1", found.id)
    user = await tx.one(User, _REACTIVATE, found.id)
    await record(tx, ProfileUpdated, user.id, user)
    return user


class _Barred(msgspec.Struct, frozen=True):
    deactivated: bool
    by_self: bool


_LOCK = """
SELECT state = 'deactivated', coalesce(deactivated_by = id, false)
FROM users WHERE id = $1 AND password_hash = $2 FOR NO KEY UPDATE
"""
_REACTIVATE = f"""
UPDATE users u SET state = 'active', deactivated_at = NULL, deactivated_by = NULL, updated_at = now()
WHERE u.id = $1 RETURNING {USER}
"""

"""Registering: how an account begins."""

from uuid import UUID

import msgspec

from cgraph_kit import streams
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.validation import Input, Text

from . import email as emails
from . import errors, texts
from . import password as passwords
from . import username as names
from .attempts import registrations, spend
from .auth import Auth
from .origin import Origin
from .sessions import start_session
from .tokens import SignedIn
from .user import USER, User
from .usernames import claim_username, is_free


class NewUser(Input, frozen=True):
    """Who registers."""

    email: Text
    username: Text
    """2 to 32 of a-z, 0-9, `_` and `.`, without a dot at either end or two in a row; upper case is taken as lower."""
    password: Text
    """At least 8 characters (a setting), at most 1,024 bytes, and not one that everybody uses."""
    display_name: Text | None = None
    """1 to 32 characters."""

    def __post_init__(self) -> None:
        tidy = msgspec.structs.force_setattr
        tidy(self, "email", self.email.strip())
        tidy(self, "username", names.normalize(self.username))
        if self.display_name is not None:
            tidy(self, "display_name", texts.normalize(self.display_name))

    def __repr__(self) -> str:
        return f"NewUser({self.username!r}, …)"


async def register(db: Repo, auth: Auth, new: NewUser, origin: Origin) -> SignedIn:
    """Make an account and sign it in.

    Raises `RegistrationClosed`; `Invalid` naming every field that is no good or taken; `TooManyAttempts`; `Unavailable`
    while too many passwords are being hashed.
    """
    if auth.limits.registration == "closed":
        raise errors.RegistrationClosed
    _refuse(_problems(new, auth.limits.password_min))
    await spend(auth.limiter, registrations(auth.limits, origin))
    # Before the work of hashing; the transaction decides.
    _refuse(await _taken(db, new))
    password_hash = await auth.hasher.hash(new.password)
    async with db.transaction() as tx, tx.savepoint():
        user = await _insert(tx, new, password_hash)
        return await start_session(tx, auth.issuer, user, origin)


def _problems(new: NewUser, password_min: int) -> dict[str, list[str]]:
    mailbox = new.email.partition("@")[0]
    return {
        "email": emails.problems(new.email),
        "username": names.problems(new.username),
        "password": passwords.problems(
            new.password,
            shortest=password_min,
            personal=(new.username, new.email, mailbox, new.display_name),
        ),
        "display_name": texts.problems(new.display_name, texts.DISPLAY_NAME_LENGTH)
        if new.display_name is not None
        else [],
    }


async def _taken(db: Repo, new: NewUser) -> dict[str, list[str]]:
    email_taken = await db.value(
        "SELECT EXISTS (SELECT FROM users WHERE lower(email) = lower($1))", new.email
    )
    return {
        "email": [TAKEN] if email_taken else [],
        "username": [] if await is_free(db, new.username) else [TAKEN],
    }


async def _insert(tx: Transaction, new: NewUser, password_hash: str) -> User:
    """The account, its stream and its name. Raises `Invalid` if somebody was faster."""
    id: UUID = new_id()
    await streams.create(tx, id)
    user = await tx.first(
        User, _INSERT, id, new.email, new.username, password_hash, new.display_name
    )
    if user is None:
        _refuse(await _taken(tx, new))
    if user is None or not await claim_username(tx, id, new.username):
        raise Invalid.field("username", TAKEN)
    return user


def _refuse(problems: dict[str, list[str]]) -> None:
    fields = {field: reasons for field, reasons in problems.items() if reasons}
    if fields:
        raise Invalid(fields=fields)


TAKEN = "is already taken"

# A parallel registration of the same address is waited for.
_INSERT = f"""
INSERT INTO users AS u (id, email, username, password_hash, display_name)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING {USER}
"""

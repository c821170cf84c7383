"""Passwords: asked again, changed, forgotten and reset."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, Text

from . import email as emails
from . import errors
from . import password as rules
from .attempts import guess, guesses, guesses_at, resets, spend
from .auth import Auth
from .jobs import enqueue_changed, enqueue_reset
from .login import Guess
from .origin import Origin
from .resets import forget_resets, get_reset_owner, use_reset_token
from .sessions import end_sessions
from .user import Actor


class ChangePassword(Input, frozen=True):
    """The password somebody has, and the one they want."""

    current_password: Guess
    new_password: Text

    def __repr__(self) -> str:
        return "ChangePassword(…)"


class RequestReset(Input, frozen=True):
    """Whose password is forgotten."""

    email: Text

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "email", self.email.strip())

    def __repr__(self) -> str:
        return "RequestReset(…)"


class ResetPassword(Input, frozen=True):
    """The token that was mailed, and the new password."""

    token: Annotated[Text, msgspec.Meta(max_length=128)]
    password: Text

    def __repr__(self) -> str:
        return "ResetPassword(…)"


async def confirm_password(
    db: Repo, auth: Auth, actor: Actor, passwords: Sequence[str], *, field: str, origin: Origin
) -> tuple[int, str]:
    """Ask for the actor's password again: which of these it is, and its hash, to be compared with when it matters.

    Counted like a login, so a stolen access token is no way to guess at leisure. Raises `WrongPassword` with the
    input's `field`, `TooManyAttempts`.
    """
    async with guess(auth.limiter, guesses(auth.limits, str(actor.id), origin)):
        hash: str | None = await db.value("SELECT password_hash FROM users WHERE id = $1", actor.id)
        for position, password in enumerate(passwords):
            if hash is not None and await auth.hasher.verify(hash, password):
                return position, hash
        raise _wrong(field)


async def change_password(
    db: Repo, auth: Auth, actor: Actor, new: ChangePassword, origin: Origin
) -> None:
    """Replace the actor's password and end all their other sessions; again, with it in place, changes nothing.

    Raises `WrongPassword`, `Invalid` for a new one that is no good, `TooManyAttempts`, `Unavailable`.
    """
    # A client that never got the answer repeats itself: then the new one is what it has.
    given = (new.current_password, new.new_password)
    which, known = await confirm_password(
        db, auth, actor, given, field="current_password", origin=origin
    )
    if which == 1:
        return
    await _check(db, auth, actor.id, new.new_password, "new_password")
    hash = await auth.hasher.hash(new.new_password)
    async with db.transaction() as tx:
        # Two changes at once: the second knew a password that is no more.
        changed = await tx.value(
            f"{_SET} AND password_hash = $3 RETURNING true", actor.id, hash, known
        )
        if not changed:
            raise _wrong("current_password")
        await forget_resets(tx, actor.id)
        await end_sessions(tx, actor.id, "password_changed", but=actor.session_id)
        await enqueue_changed(tx, actor.id, "changed")


async def request_password_reset(
    db: Repo, auth: Auth, request: RequestReset, origin: Origin
) -> None:
    """Have a token mailed to the account of this address, if there is one.

    Nothing is looked up here: that happens after the answer, so neither it nor its timing can tell. Raises
    `TooManyAttempts`, `Invalid` for what is no address, `Unavailable`.
    """
    if problems := emails.problems(request.email):
        raise Invalid.field("email", problems[0])
    address = request.email.lower()
    await spend(auth.limiter, resets(auth.limits, address, origin))
    await enqueue_reset(db, auth.keys, address)


async def reset_password(db: Repo, auth: Auth, new: ResetPassword) -> None:
    """Set a new password by a mailed token, which is used up, and end every session of the account.

    Raises `InvalidResetToken`, `Invalid` for a password that is no good (the token stays good), `Unavailable`.
    """
    owner = await get_reset_owner(db, new.token)
    await _check(db, auth, owner.id, new.password, "password")
    hash = await auth.hasher.hash(new.password)
    async with db.transaction() as tx:
        await use_reset_token(tx, new.token)
        await tx.value(_SET, owner.id, hash)
        await end_sessions(tx, owner.id, "password_reset")
        await enqueue_changed(tx, owner.id, "reset")
    # Who can read the account's mail need not wait for what others guessed.
    for account in (owner.email, owner.username):
        if account is not None:
            await auth.limiter.forget(*guesses_at(auth.limits, account.lower()))


async def _check(db: Repo, auth: Auth, user_id: UUID, password: str, field: str) -> None:
    account = await db.one(_Account, "SELECT id, email, username FROM users WHERE id = $1", user_id)
    mailbox = (account.email or "").partition("@")[0]
    problems = rules.problems(
        password,
        shortest=auth.limits.password_min,
        personal=(account.username, account.email, mailbox),
    )
    if problems:
        raise Invalid.field(field, problems[0])


def _wrong(field: str) -> errors.WrongPassword:
    return errors.WrongPassword(fields={field: ["is not correct"]})


class _Account(msgspec.Struct, frozen=True):
    id: UUID
    email: str | None
    username: str


_SET = "UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1"

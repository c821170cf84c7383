"""The mails that accounts' changes call for."""

from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import msgspec

from cgraph import mail
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.jobs import Cancel, job

from .access import Keys
from .resets import make_reset_token
from .user import find_user

if TYPE_CHECKING:
    from cgraph.application import App


class MailPasswordReset(msgspec.Struct, frozen=True):
    """Somebody has forgotten a password."""

    address: str
    """Sealed: what strangers type in is nobody else's to read, and may be nobody's address."""


class MailPasswordChanged(msgspec.Struct, frozen=True):
    """An account has a new password."""

    user_id: UUID
    how: Literal["changed", "reset"]
    at: datetime


@job(queue=mail.QUEUE, max_attempts=mail.ATTEMPTS, timeout=mail.TIMEOUT)
async def mail_password_reset(app: "App", args: MailPasswordReset) -> Cancel | None:
    """Mail a token that sets a new password to the account of an address, if there is one.

    Twice is harmless: each mail carries a token of its own, and using one makes the others worthless.
    """
    address = app.auth.keys.open(args.address)
    if address is None:
        return Cancel("the address cannot be read: it was sealed with a secret that is no more")
    made = await make_reset_token(app.db, address, limits=app.auth.limits)
    if made is None:
        return None
    token, owner = made
    letter = mail.PasswordReset(
        to=owner.email or address,
        username=owner.username,
        link=app.post.link(f"/reset/{token}"),
        token=mail.Link(token),
        minutes=app.auth.limits.password_reset_minutes,
    )
    return await app.post.deliver(letter)


@job(queue=mail.QUEUE, max_attempts=mail.ATTEMPTS, timeout=mail.TIMEOUT)
async def mail_password_changed(app: "App", args: MailPasswordChanged) -> Cancel | None:
    """Tell somebody that their password is another one now.

    Twice is harmless: both mails have the same name.
    """
    user = await find_user(app.db, args.user_id)
    if user is None or user.email is None:
        return None
    letter = mail.PasswordChanged(
        to=user.email,
        username=user.username,
        how=args.how,
        at=args.at,
        link=app.post.link("/reset"),
    )
    return await app.post.deliver(
        letter, name=f"password-changed.{user.id}.{args.at.timestamp():.0f}"
    )


async def enqueue_reset(db: Repo, keys: Keys, address: str) -> None:
    """Have a token mailed to whoever has this address. Nothing is looked up, so nobody can tell whether anybody has."""
    await mail_password_reset.enqueue(db, address=keys.seal(address))


async def enqueue_changed(db: Repo, user_id: UUID, how: Literal["changed", "reset"]) -> None:
    """Have the owner told, once this is committed."""
    await mail_password_changed.enqueue(db, user_id=user_id, how=how, at=clock.now())

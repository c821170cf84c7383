"""One's own account."""

from cgraph import accounts, files
from cgraph.accounts import Actor, ChangePassword, Deactivate, UpdateAccount, User
from cgraph.application import App
from cgraph.files import Picture
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_web.action import Body, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data

from .origin import origin_of


@action()
async def show(db: Repo, actor: Actor) -> Data[User]:
    """One's own account."""
    return Data(await accounts.get_account(db, actor))


@action(errors=(accounts.UsernameChangedTooOften,))
async def update(db: Repo, actor: Actor, app: App, changes: Body[UpdateAccount]) -> Data[User]:
    """Change profile, username, status or settings.

    What is left out stays; null takes a value away. A username can be changed twice in 14 days, and nobody else gets the
    old one for 30.
    """
    return Data(await files.update_account(db, actor, changes, limits=app.auth.limits))


@action(
    errors=(files.FileNotFound, files.FileNotReady),
    example={"file_id": "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11"},
)
async def set_avatar(db: Repo, actor: Actor, picture: Body[Picture]) -> Data[User]:
    """Show oneself by an image that was uploaded. The one before it is gone.

    `avatar_url` is then a path below this server's address, which anybody may read.
    """
    return Data(await files.set_avatar(db, actor, picture))


@action(status=204)
async def remove_avatar(db: Repo, actor: Actor) -> None:
    """Show oneself by no picture; again: nothing happens."""
    await files.remove_avatar(db, actor)


# Neither takes an Idempotency-Key: what is kept of a named request would be a fast hash of a password. Both may be sent
# again as they are.
@action(
    status=204,
    idempotency="none",
    errors=(accounts.WrongPassword, accounts.TooManyAttempts, Unavailable),
)
async def change_password(
    db: Repo, actor: Actor, app: App, exchange: Exchange, new: Body[ChangePassword]
) -> None:
    """Replace one's password; every other session ends.

    Sent again, with the new password in place, it changes nothing.
    """
    await accounts.change_password(db, app.auth, actor, new, origin_of(exchange))


@action(
    status=204,
    idempotency="none",
    errors=(accounts.WrongPassword, accounts.TooManyAttempts, Unavailable),
)
async def deactivate(
    db: Repo, actor: Actor, app: App, exchange: Exchange, new: Body[Deactivate]
) -> None:
    """Put one's account to sleep.

    Every session ends, the profile is hidden and nobody can write to it. Logging in wakes it.
    """
    await accounts.deactivate_account(db, app.auth, actor, new, origin_of(exchange))

"""Registering, signing in and out, and getting back in."""

from cgraph import accounts
from cgraph.accounts import Actor, Login, NewUser, Refresh, RequestReset, ResetPassword
from cgraph.application import App
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_web.action import Body, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data
from cgraph_web.views.users import SignedInView, signed_in

from .origin import origin_of


@action(
    status=201,
    public=True,
    errors=(accounts.RegistrationClosed, accounts.TooManyAttempts, Unavailable),
)
async def register(
    db: Repo, app: App, exchange: Exchange, new: Body[NewUser]
) -> Data[SignedInView]:
    """Make an account and sign it in.

    Usernames have 2 to 32 characters of a-z, 0-9, `_` and `.`; one that looks like another's is taken. Passwords have at
    least 8 characters and are not among those everybody uses.
    """
    return Data(signed_in(await accounts.register(db, app.auth, new, origin_of(exchange))))


@action(
    public=True,
    errors=(
        accounts.InvalidCredentials,
        accounts.AccountDeactivated,
        accounts.TooManyAttempts,
        Unavailable,
    ),
)
async def login(db: Repo, app: App, exchange: Exchange, new: Body[Login]) -> Data[SignedInView]:
    """Sign in by e-mail address or username.

    Failed attempts are limited per account and per address. An account its owner has deactivated is active again.
    """
    return Data(signed_in(await accounts.log_in(db, app.auth, new, origin_of(exchange))))


@action(
    public=True,
    errors=(accounts.InvalidToken, accounts.SessionEnded, accounts.TokenReused),
)
async def refresh(db: Repo, app: App, new: Body[Refresh]) -> Data[SignedInView]:
    """Exchange a refresh token for a new pair of tokens.

    The old refresh token stays good until either token of the new pair is first used, so a lost answer can be asked for
    again. One that is used after that ends the session: somebody else may hold a copy.
    """
    return Data(signed_in(await accounts.refresh_session(db, app.auth, new)))


@action(status=204)
async def logout(db: Repo, actor: Actor) -> None:
    """End this session: its tokens are void and its sockets drop."""
    await accounts.log_out(db, actor)


@action(status=204, public=True, errors=(accounts.TooManyAttempts, Unavailable))
async def forgot_password(db: Repo, app: App, exchange: Exchange, new: Body[RequestReset]) -> None:
    """Have a token mailed that sets a new password.

    The answer is the same whether or not there is an account of this address.
    """
    await accounts.request_password_reset(db, app.auth, new, origin_of(exchange))


@action(status=204, public=True, errors=(accounts.InvalidResetToken, Unavailable))
async def reset_password(db: Repo, app: App, new: Body[ResetPassword]) -> None:
    """Set a new password by a mailed token, which works once; every session of the account ends."""
    await accounts.reset_password(db, app.auth, new)

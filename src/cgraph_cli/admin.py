"""`cgraph admin`: grant, revoke, list."""

from cyclopts import App

from cgraph import accounts, configuration

from .node import application
from .output import say

command = App(
    name="admin",
    help="""
    Appoint administrators: people who may use the routes below `/api/v1/admin`.

    Only this command makes one; no request can. It may run beside `cgraph serve`, and counts from the next request on.

    For example:

    - `cgraph admin grant alice`
    """,
    help_format="markdown",
)


@command.command
async def grant(username: str, /) -> None:
    """Make somebody an administrator.

    For example:

    - `cgraph admin grant alice`

    Parameters
    ----------
    username
        Of an active account.
    """
    async with application(configuration.read()) as app:
        person = await accounts.grant_admin(app.db, username)
    say(f"{person.username} is an administrator.")


@command.command
async def revoke(username: str, /) -> None:
    """Take the right away again.

    For example:

    - `cgraph admin revoke alice`

    Parameters
    ----------
    username
        Of an account.
    """
    async with application(configuration.read()) as app:
        person = await accounts.revoke_admin(app.db, username)
    say(f"{person.username} is no administrator.")


@command.command(name="list")
async def list_() -> None:
    """Say who is an administrator, one a line.

    For example:

    - `cgraph admin list`
    """
    async with application(configuration.read()) as app:
        for person in await accounts.list_admins(app.db):
            say(person.username)

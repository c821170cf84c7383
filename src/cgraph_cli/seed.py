"""`cgraph seed`: made-up communities."""

import secrets
import time
from typing import Annotated

from cyclopts import Parameter

from cgraph import configuration, seeding
from cgraph.application import App
from cgraph.seeding import Name

from .node import application
from .output import Failure, progress, say

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
BYTES = 12
"""Of the demo account's password, before they are letters."""


async def command(
    *, size: Name = "small", seed: int = 1, add: Flag = False, verify: Flag = False
) -> None:
    """Fill a database with made-up communities: to look around in, to develop against, to measure on.

    People, groups, conversations, forums, all of it invented, in several languages, over two years until today. The same
    seed makes the same communities on the same day. At the end it names an account to sign in with.

    For example:

    - `cgraph seed` a few dozen people, in seconds
    - `cgraph seed --size large` 100,000 people, a million messages, a million comments
    - `cgraph seed --verify` writes nothing, and counts everything anew that is there

    Parameters
    ----------
    size
        How much.
    seed
        Which ones: any number.
    add
        Also where there are people already; else a database with anybody in it is left alone.
    verify
        Count anew what is counted, instead: unread messages, members, comments, votes, ranks, karma.
    """
    async with application(configuration.read()) as app:
        if verify:
            await _verify(app)
        else:
            await _seed(app, size, seed, add=add)


async def _seed(app: App, size: Name, number: int, *, add: bool) -> None:
    password = secrets.token_urlsafe(BYTES)
    started = time.monotonic()
    hashed = await app.auth.hasher.hash(password)
    with progress("seeding") as told:
        demo = await seeding.seed(
            app.db,
            seeding.SIZES[size],
            number=number,
            password_hash=hashed,
            add=add,
            progress=told,
        )
    say(f"Done in {time.monotonic() - started:,.0f} seconds.")
    say(f"Sign in as {demo.username} with the password {password}")


async def _verify(app: App) -> None:
    findings = await seeding.verify(app.db)
    for finding in findings:
        say(f"{finding.what}: {f'{finding.wrong:,} wrong' if finding.wrong else 'right'}")
    if any(finding.wrong for finding in findings):
        raise Failure("cgraph: not everything is counted right")

"""`cgraph migrate`."""

from typing import Annotated

import asyncpg
from cyclopts import Parameter

from cgraph import configuration, migrations
from cgraph_kit import migrate as runner

from .node import database, reaching
from .output import say


async def command(
    *, check: Annotated[bool, Parameter(negative="", show_default=False)] = False
) -> int:
    """Bring the database up to date, one migration after the other.

    Running it on several nodes at once is safe: one works, the others wait. `cgraph serve` does the same when it
    starts. What has run is never undone; a database that is newer than this program is refused.

    For example:

    - `cgraph migrate`
    - `DATABASE_URL=postgresql://… cgraph migrate --check` fails if there is something to do

    Parameters
    ----------
    check
        Only tell what would run; exit status 1 if there is anything.
    """
    known = migrations.load()
    settings = configuration.read()
    with reaching(settings):
        async with database(settings) as dsn:
            if check:
                return await _check(dsn, known)
            done = await runner.migrate(dsn, known, report=lambda migration: say(migration.name))
    say(f"{len(done)} migrations run." if done else "The database is up to date.")
    return 0


async def _check(dsn: str, known: list[runner.Migration]) -> int:
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        todo = await runner.status(connection, known)
    finally:
        await connection.close()
    for migration in todo:
        say(f"{migration.name} is to run")
    if not todo:
        say("The database is up to date.")
    return int(bool(todo))

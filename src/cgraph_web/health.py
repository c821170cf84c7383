"""Is this node alive, and is it ready for work?"""

import asyncio
from functools import cache

import msgspec

from cgraph import migrations
from cgraph_kit import migrate
from cgraph_kit.errors import Error

from .action import action
from .response import Reply
from .site import Site

CHECK_SECONDS = 2.0


class Health(msgspec.Struct, frozen=True):
    """The state of this node."""

    status: str
    """"ok", or "unavailable"."""
    reasons: list[str] = []
    """What is missing, in words for operators."""


@action(public=True)
async def live() -> Health:
    """Whether this process runs: answers as long as its event loop turns."""
    return Health("ok")


@action(public=True, also=(503,))
async def ready(site: Site) -> Reply[Health]:
    """Whether this node can do its work: 200, or 503 with the reasons."""
    reasons = await _reasons(site)
    if reasons:
        return Reply(Health("unavailable", reasons), status=503)
    return Reply(Health("ok"))


async def _reasons(site: Site) -> list[str]:
    if site.endpoint is not None and site.endpoint.draining:
        return ["this node is stopping"]
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            pending = await migrate.outstanding(site.app.db, _migrations())
    except TimeoutError:
        return [f"the database did not answer within {CHECK_SECONDS:g} s"]
    except (Error, migrate.MigrationError) as error:
        return [str(error)]
    return [f"migration {migration.name} has not run" for migration in pending]


@cache
def _migrations() -> list[migrate.Migration]:
    return migrations.load()

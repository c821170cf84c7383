"""Old addresses of threads and posts: what is not there may be something else now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from cgraph import conversions
from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.errors import NotFound


@asynccontextmanager
async def leading_on(db: Repo, actor: Actor | None, id: UUID) -> AsyncIterator[None]:
    """Inside it, what is not there leads to what it has become, for who may read that (`conversions.ConvertedAway`)."""
    try:
        yield
    except NotFound:
        await conversions.lead_on(db, actor, id)
        raise

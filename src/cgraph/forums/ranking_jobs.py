"""Keeping ranks by the clock."""

from typing import TYPE_CHECKING

import msgspec

from cgraph_kit.jobs import Nothing, OnePending, job

from .fading import rank_recent
from .snapshots import forget_snapshots

if TYPE_CHECKING:
    from cgraph.application import App


class RankRecentPosts(msgspec.Struct, frozen=True):
    """What has been posted lately."""


@job(queue="maintenance", max_attempts=1, timeout=300, unique=OnePending())
async def rank_recent_posts(app: "App", _args: RankRecentPosts) -> Nothing | None:
    """Let "rising" and "scaled" fade, and drop ranked lists that nobody reads any more.

    Twice is harmless: the second time there is nothing left to do.
    """
    moved = await rank_recent(app.db)
    await forget_snapshots(app.db)
    return None if moved else Nothing()

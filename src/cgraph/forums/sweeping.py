"""Clearing away the files of forums that are no more."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph import files
from cgraph_kit.db import Repo
from cgraph_kit.jobs import OnePending, job

from .attaching import COMMENT, POST

if TYPE_CHECKING:
    from cgraph.application import App

AT_ONCE = 500
"""Posts or comments whose files are taken off in one transaction."""
LEFT = 60.0
"""Seconds after which whoever was still posting when the forum went has ended."""


class SweepForum(msgspec.Struct, frozen=True):
    """A forum that was deleted."""

    forum_id: UUID


@job(queue="maintenance", max_attempts=20, timeout=900, unique=OnePending(keys=("forum_id",)))
async def sweep_forum(app: "App", args: SweepForum) -> None:
    """Let go of the files that came with the posts and comments of a forum that is gone: they count and hang no longer.

    Twice is harmless: the second time there is nothing left to let go of.
    """
    await sweep(app.db, args.forum_id)


async def sweep(db: Repo, forum_id: UUID) -> None:
    """Do it now, in transactions of bounded size."""
    for kind in (POST, COMMENT):
        while await _let_go(db, kind, forum_id) == AT_ONCE:
            pass


async def _let_go(db: Repo, kind: files.Kind, forum_id: UUID) -> int:
    async with db.transaction() as tx:
        ids = await tx.values(_TAKE_OFF[kind], forum_id, AT_ONCE)
        await files.release(tx, kind, ids)
    return len(ids)


_TAKE_OFF = {
    kind: f"""
WITH part AS MATERIALIZED (
    SELECT id FROM {table} WHERE forum_id = $1 AND attachments IS NOT NULL ORDER BY id LIMIT $2 FOR NO KEY UPDATE
)
UPDATE {table} t SET attachments = NULL FROM part WHERE t.id = part.id RETURNING t.id
"""
    for kind, table in ((POST, "posts"), (COMMENT, "comments"))
}

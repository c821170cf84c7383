"""What goes with a ban, and comes back with it: the words of the banned, and their votes. Some at a time."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph_kit import clock
from cgraph_kit.db import Database, Transaction
from cgraph_kit.jobs import job

from .comment_events import tell_comment_changed
from .editing import redact_post
from .holding import hold_forums
from .posting import tell_changed
from .revoking import give_votes_back, revoke_votes

if TYPE_CHECKING:
    from cgraph.application import App

AT_ONCE = 100
"""Posts or comments changed in one transaction."""


class SweepBanned(msgspec.Struct, frozen=True):
    """Somebody was banned from a forum, by an act of its log."""

    forum_id: UUID
    user_id: UUID
    act_id: UUID
    by: UUID
    content: bool
    votes: bool


class RestoreBanned(msgspec.Struct, frozen=True):
    """The act was taken back."""

    forum_id: UUID
    user_id: UUID
    act_id: UUID
    content: bool
    votes: bool


@job(queue="default", timeout=600)
async def sweep_banned(app: "App", args: SweepBanned) -> None:
    """Take away what somebody banned had written in the forum, and the weight of their votes.

    Twice is harmless: the second time there is nothing left. Once the ban is taken back, nothing is done.
    """
    if args.content:
        while await _remove_some(app.db, args):
            pass
    if args.votes:
        while await _revoke_some(app.db, args):
            pass


@job(queue="default", timeout=600)
async def restore_banned(app: "App", args: RestoreBanned) -> None:
    """Bring back what had gone with a ban that was taken back. Twice is harmless: the second time nothing is away."""
    if args.content:
        while await _restore_some(app.db, args):
            pass
    if args.votes:
        while await _give_some_back(app.db, args):
            pass


async def _remove_some(db: Database, args: SweepBanned) -> bool:
    """Whether there may be more."""
    async with db.transaction() as tx:
        # Whoever takes the ban back holds the forum too.
        await tx.value("SELECT 1 FROM forums WHERE id = $1 FOR NO KEY UPDATE", args.forum_id)
        if await tx.value(_UNDONE, args.act_id):
            return False
        now = clock.now()
        posts = await tx.values(
            _REMOVE_POSTS, args.forum_id, args.user_id, now, args.by, args.act_id, AT_ONCE
        )
        comments = await tx.values(
            _REMOVE_COMMENTS, args.forum_id, args.user_id, now, args.by, args.act_id, AT_ONCE
        )
        for id in posts:
            await redact_post(tx, args.forum_id, id)
        await _tell(tx, args.forum_id, posts, comments)
        await notifications.withdraw(tx, [*posts, *comments])
    return AT_ONCE in {len(posts), len(comments)}


async def _restore_some(db: Database, args: RestoreBanned) -> bool:
    """Wherever it is by now: comments go with the posts that are moved."""
    async with db.transaction() as tx:
        forum_ids = await tx.values(_WHERE, args.act_id)
        await hold_forums(tx, forum_ids)
        for forum_id in forum_ids:
            posts = await tx.values(_RESTORE_POSTS, forum_id, args.act_id, AT_ONCE)
            comments = await tx.values(_RESTORE_COMMENTS, forum_id, args.act_id, AT_ONCE)
            await _tell(tx, forum_id, posts, comments)
    return bool(forum_ids)


async def _revoke_some(db: Database, args: SweepBanned) -> bool:
    async with db.transaction() as tx:
        await tx.value("SELECT 1 FROM forums WHERE id = $1 FOR NO KEY UPDATE", args.forum_id)
        if await tx.value(_UNDONE, args.act_id):
            return False
        n = await revoke_votes(tx, args.forum_id, args.user_id, args.act_id, most=AT_ONCE)
    return n > 0


async def _give_some_back(db: Database, args: RestoreBanned) -> bool:
    async with db.transaction() as tx:
        await tx.value("SELECT 1 FROM forums WHERE id = $1 FOR NO KEY UPDATE", args.forum_id)
        n = await give_votes_back(tx, args.forum_id, args.user_id, args.act_id, most=AT_ONCE)
    return n > 0


async def _tell(
    tx: Transaction, forum_id: UUID, post_ids: list[UUID], comment_ids: list[UUID]
) -> None:
    for id in post_ids:
        await tell_changed(tx, forum_id, id)
    for id in comment_ids:
        await tell_comment_changed(tx, id)


_UNDONE = "SELECT true FROM forum_log WHERE undoes_id = $1"
_GONE = "removed_at = $3, removed_by = $4, removal_id = $5"
_BACK = "removed_at = NULL, removed_by = NULL, removal_id = NULL"


def _posts(some: str, change: str, count: str) -> str:
    return f"""
WITH found AS MATERIALIZED ({some} FOR NO KEY UPDATE), changed AS (
    UPDATE posts p SET {change} FROM found WHERE p.id = found.id RETURNING p.id, p.deleted_at
), counted AS (
    UPDATE forums SET post_count = post_count {count} (SELECT count(*) FROM changed WHERE deleted_at IS NULL) WHERE id = $1
)
SELECT id FROM changed
"""


def _comments(some: str, change: str, count: str) -> str:
    """The posts they are on are held first, as everybody takes them."""
    return f"""
WITH found AS MATERIALIZED ({some}), posts_held AS MATERIALIZED (
    SELECT id FROM posts WHERE id IN (SELECT post_id FROM found) ORDER BY id FOR NO KEY UPDATE
), changed AS (
    UPDATE comments c SET {change} FROM found JOIN posts_held h ON h.id = found.post_id
    WHERE c.id = found.id RETURNING c.id, c.post_id, c.deleted_at
), shown AS (
    SELECT post_id, count(*)::int AS n FROM changed WHERE deleted_at IS NULL GROUP BY post_id
), posts_counted AS (
    UPDATE posts p SET comment_count = comment_count {count} shown.n FROM shown WHERE p.id = shown.post_id
), counted AS (
    UPDATE forums SET comment_count = comment_count {count} (SELECT coalesce(sum(n), 0) FROM shown) WHERE id = $1
)
SELECT id FROM changed
"""


_WHERE = """
SELECT forum_id FROM posts WHERE removal_id = $1 UNION SELECT forum_id FROM comments WHERE removal_id = $1
"""
_HERS = "forum_id = $1 AND author_id = $2 AND removed_at IS NULL AND deleted_at IS NULL"
_THEIRS = "forum_id = $1 AND removal_id = $2"
_REMOVE_POSTS = _posts(f"SELECT id FROM posts WHERE {_HERS} ORDER BY id LIMIT $6", _GONE, "-")
_REMOVE_COMMENTS = _comments(
    f"SELECT id, post_id FROM comments WHERE {_HERS} ORDER BY id LIMIT $6", _GONE, "-"
)
_RESTORE_POSTS = _posts(f"SELECT id FROM posts WHERE {_THEIRS} ORDER BY id LIMIT $3", _BACK, "+")
_RESTORE_COMMENTS = _comments(
    f"SELECT id, post_id FROM comments WHERE {_THEIRS} ORDER BY id LIMIT $3", _BACK, "+"
)

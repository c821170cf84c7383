"""Taking an act of a moderator back, exactly: what it changed becomes what it was before."""

from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .access import Access, get_forum
from .bans import revert_ban
from .comment_events import tell_comment_changed
from .editing import redact_post
from .errors import ActNotFound, CannotUndoAct
from .holding import hold_forums
from .item_state import CommentState, ItemState, PostState, read_state, state_facts, write_state
from .log import ACTS, Entry, LogEntry, find_entry, record, show_entry
from .merging import revert_merge, revert_split
from .moderating import demand_over
from .moving import revert_move
from .posting import tell_changed


async def undo_act(
    db: Repo, actor: Actor, forum: UUID | str, act_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Take an act back; the new row of the log, which says so.

    Raises `ForumNotFound`, `NotModerator`, `ActNotFound`, `OutrankedInForum`, `CannotUndoAct` where what it changed has
    been changed again since.
    """
    async with db.transaction() as tx:
        access = await _hold(tx, actor, forum, act_id)
        entry = await find_entry(tx, access.forum_id, act_id)
        if entry is None:
            raise ActNotFound
        if entry.action not in ACTS or entry.undone_by_id is not None:
            raise CannotUndoAct
        return await show_entry(tx, await _undo(tx, actor, access, entry, reason))


async def _undo(
    tx: Transaction, actor: Actor, access: Access, entry: Entry, reason: str | None
) -> UUID:
    match entry.action:
        case "user_banned" | "user_unbanned":
            return await revert_ban(tx, access, entry, reason)
        case "posts_merged":
            return await revert_merge(tx, actor, access, entry, reason)
        case "comment_split":
            return await revert_split(tx, actor, access, entry, reason)
        case "post_moved":
            return await revert_move(tx, actor, access, entry, reason)
    kind: type[ItemState] = PostState if entry.action.startswith("post_") else CommentState
    return await _revert(tx, access, kind, entry, reason)


async def _hold(tx: Transaction, actor: Actor, forum: UUID | str, act_id: UUID) -> Access:
    """The forum, and with it the one a post was moved to, in the order of their ids."""
    access = await get_forum(tx, actor, forum)
    access.demand_moderator()
    other: str | None = await tx.value(_OTHER, act_id, access.forum_id)
    await hold_forums(tx, {access.forum_id} | ({UUID(other)} if other else set()))
    access = await get_forum(tx, actor, access.forum_id)
    access.demand_moderator()
    return access


class _Item(msgspec.Struct, frozen=True):
    author_id: UUID | None
    post_id: UUID
    forum_id: UUID


async def _revert(
    tx: Transaction, access: Access, kind: type[ItemState], entry: Entry, reason: str | None
) -> UUID:
    """Of a single post or comment."""
    item = await _hold_item(tx, kind, entry)
    if item.forum_id != access.forum_id:
        raise CannotUndoAct("it has been moved to another forum since")
    await demand_over(tx, access, item.author_id)
    target: Any = entry.target_id
    now = await read_state(tx, kind, target)
    facts = state_facts(now)
    for name, change in entry.changes.items():
        if facts[name] != change["after"]:
            raise CannotUndoAct("it has been changed again since")
        facts[name] = change["before"]
    before = msgspec.convert(facts, kind)
    await write_state(tx, target, now, before)
    if kind is PostState:
        if before.removed_at is not None:
            await redact_post(tx, access.forum_id, target)
        await tell_changed(tx, access.forum_id, target)
    else:
        await tell_comment_changed(tx, target)
    return await record(
        tx,
        access.forum_id,
        access.user_id,
        f"{entry.action}_undone",
        target,
        before=state_facts(now),
        after=facts,
        reason=reason,
        undoes_id=entry.id,
    )


async def _hold_item(tx: Transaction, kind: type[ItemState], entry: Entry) -> _Item:
    """The post first, as everybody takes them; then nobody changes either."""
    sql = _HOLD_POST if kind is PostState else _HOLD_COMMENT
    item = await tx.first(_Item, sql, entry.target_id)
    if item is None:
        raise CannotUndoAct("what it was about is gone")
    return item


_OTHER = """
SELECT changes -> 'forum_id' ->> 'after' FROM forum_log WHERE id = $1 AND forum_id = $2 AND action = 'post_moved'
"""
_HOLD_POST = "SELECT author_id, id, forum_id FROM posts WHERE id = $1 FOR NO KEY UPDATE"
_HOLD_COMMENT = """
SELECT c.author_id, c.post_id, c.forum_id FROM comments c JOIN posts p ON p.id = c.post_id
WHERE c.id = $1 FOR NO KEY UPDATE OF p
"""

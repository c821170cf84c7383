"""What moderators do about single posts and comments. Each act is a row of the forum's log, and can be taken back by it.

Moderators act on what those below them have written, and on their own.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.validation import demand_end

from .access import Access
from .comment_access import CommentAccess
from .comment_events import tell_comment_changed
from .editing import redact_post
from .errors import AlreadyDone, CommentNotFound, OutrankedInForum, PostNotFound
from .holding import hold_moderated_comment, hold_moderated_post
from .item_state import CommentState, ItemState, PostState, read_state, state_facts, write_state
from .log import Act, LogEntry, record, show_entry
from .posting import tell_changed

Change = Callable[[Any, UUID], ItemState]
"""From what there is, and the id of the act, to what shall be."""


class _What(NamedTuple):
    """An act."""

    act: Act
    change: Change
    unless: Callable[[Any], bool]
    """Where it is so already."""
    gone: bool = False
    """Also of what its author has deleted."""
    own: bool = False
    """Only of what the moderator has written."""


async def remove_post(
    db: Repo, actor: Actor, post_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Take a post out, for everybody but moderators; what is said below it goes unseen with it.

    Raises, as all of these: `PostNotFound`, `NotModerator`, `OutrankedInForum`, `AlreadyDone`.
    """
    at = clock.now()
    what = _What(
        "post_removed",
        lambda state, act: replace(state, removed_at=at, removed_by=actor.id, removal_id=act),
        unless=lambda state: state.removed_at is not None,
    )
    return await _post(db, actor, post_id, what, reason)


async def restore_post(
    db: Repo, actor: Actor, post_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Put back what a moderator took out. What its author has deleted stays deleted."""
    what = _What(
        "post_restored",
        lambda state, _act: replace(state, removed_at=None, removed_by=None, removal_id=None),
        unless=lambda state: state.removed_at is None,
        gone=True,
    )
    return await _post(db, actor, post_id, what, reason)


async def lock_post(
    db: Repo, actor: Actor, post_id: UUID, *, locked: bool, reason: str | None = None
) -> LogEntry:
    """Let nobody but moderators comment on it or vote for it any more, or let them again."""
    at = clock.now() if locked else None
    what = _What(
        "post_locked" if locked else "post_unlocked",
        lambda state, _act: replace(state, locked_at=at),
        unless=lambda state: (state.locked_at is not None) == locked,
    )
    return await _post(db, actor, post_id, what, reason)


async def archive_post(
    db: Repo, actor: Actor, post_id: UUID, *, archived: bool, reason: str | None = None
) -> LogEntry:
    """Make it read-only for everybody, votes too, or end that."""
    at = clock.now() if archived else None
    what = _What(
        "post_archived" if archived else "post_unarchived",
        lambda state, _act: replace(state, archived_at=at),
        unless=lambda state: (state.archived_at is not None) == archived,
    )
    return await _post(db, actor, post_id, what, reason)


async def pin_post(
    db: Repo,
    actor: Actor,
    post_id: UUID,
    *,
    until: datetime | None = None,
    reason: str | None = None,
) -> LogEntry:
    """Keep it at the top of its forum, until then or for good; again: until another time. Raises `Invalid` too."""
    at = clock.now()
    demand_end("until", until)
    what = _What(
        "post_pinned",
        lambda state, _act: replace(state, pinned_at=at, pinned_until=until),
        unless=lambda state: state.pinned_at is not None and state.pinned_until == until,
    )
    return await _post(db, actor, post_id, what, reason)


async def unpin_post(
    db: Repo, actor: Actor, post_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Let it find its place among the others."""
    what = _What(
        "post_unpinned",
        lambda state, _act: replace(state, pinned_at=None, pinned_until=None),
        unless=lambda state: state.pinned_at is None,
    )
    return await _post(db, actor, post_id, what, reason)


async def distinguish_post(
    db: Repo, actor: Actor, post_id: UUID, *, distinguished: bool, reason: str | None = None
) -> LogEntry:
    """Mark one's own post as said in the name of the forum, or not. Raises `PostNotFound` for another's."""
    what = _What(
        "post_distinguished" if distinguished else "post_undistinguished",
        lambda state, _act: replace(state, distinguished=distinguished),
        unless=lambda state: state.distinguished == distinguished,
        own=True,
    )
    return await _post(db, actor, post_id, what, reason)


async def remove_comment(
    db: Repo, actor: Actor, comment_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Take a comment out, for everybody but moderators; its place stays, and what was answered to it.

    Raises, as all of these: `CommentNotFound`, `NotModerator`, `OutrankedInForum`, `AlreadyDone`.
    """
    at = clock.now()
    what = _What(
        "comment_removed",
        lambda state, act: replace(state, removed_at=at, removed_by=actor.id, removal_id=act),
        unless=lambda state: state.removed_at is not None,
    )
    return await _comment(db, actor, comment_id, what, reason)


async def restore_comment(
    db: Repo, actor: Actor, comment_id: UUID, *, reason: str | None = None
) -> LogEntry:
    """Put back what a moderator took out. What its author has deleted stays deleted."""
    what = _What(
        "comment_restored",
        lambda state, _act: replace(state, removed_at=None, removed_by=None, removal_id=None),
        unless=lambda state: state.removed_at is None,
        gone=True,
    )
    return await _comment(db, actor, comment_id, what, reason)


async def lock_comment(
    db: Repo, actor: Actor, comment_id: UUID, *, locked: bool, reason: str | None = None
) -> LogEntry:
    """Let nobody but moderators answer it, or anything below it, or let them again."""
    at = clock.now() if locked else None
    what = _What(
        "comment_locked" if locked else "comment_unlocked",
        lambda state, _act: replace(state, locked_at=at),
        unless=lambda state: (state.locked_at is not None) == locked,
        gone=True,
    )
    return await _comment(db, actor, comment_id, what, reason)


async def distinguish_comment(
    db: Repo, actor: Actor, comment_id: UUID, *, distinguished: bool, reason: str | None = None
) -> LogEntry:
    """Mark one's own comment as said in the name of the forum, or not. Raises `CommentNotFound` for another's."""
    what = _What(
        "comment_distinguished" if distinguished else "comment_undistinguished",
        lambda state, _act: replace(state, distinguished=distinguished),
        unless=lambda state: state.distinguished == distinguished,
        own=True,
    )
    return await _comment(db, actor, comment_id, what, reason)


async def demand_over(tx: Transaction, access: Access, user_id: UUID | None) -> None:
    """Raise `OutrankedInForum` unless a moderator may act on somebody, or on what they wrote."""
    if user_id is None or user_id == access.user_id:
        return
    position: int | None = await tx.value(_POSITION, access.forum_id, user_id)
    if not access.outranks(position):
        raise OutrankedInForum


async def _post(
    db: Repo,
    actor: Actor,
    post_id: UUID,
    what: _What,
    reason: str | None,
) -> LogEntry:
    async with db.transaction() as tx:
        post = await hold_moderated_post(tx, actor, post_id)
        if (post.deleted and not what.gone) or (what.own and not post.authored):
            raise PostNotFound
        await demand_over(tx, post.forum, post.author_id)
        id = await _change(tx, post.forum, PostState, post_id, what, reason=reason)
        if what.act == "post_removed":
            await redact_post(tx, post.forum.forum_id, post_id)
        await tell_changed(tx, post.forum.forum_id, post_id)
        if what.act == "post_removed":
            await notifications.withdraw(tx, [post_id])
        return await show_entry(tx, id)


async def _comment(
    db: Repo,
    actor: Actor,
    comment_id: UUID,
    what: _What,
    reason: str | None,
) -> LogEntry:
    async with db.transaction() as tx:
        comment: CommentAccess = await hold_moderated_comment(tx, actor, comment_id)
        if (comment.deleted and not what.gone) or (what.own and not comment.authored):
            raise CommentNotFound
        access = comment.post.forum
        await demand_over(tx, access, comment.author_id)
        id = await _change(tx, access, CommentState, comment_id, what, reason=reason)
        await tell_comment_changed(tx, comment_id)
        if what.act == "comment_removed":
            await notifications.withdraw(tx, [comment_id])
        return await show_entry(tx, id)


async def _change(
    tx: Transaction,
    access: Access,
    kind: type[ItemState],
    id: UUID,
    what: _What,
    *,
    reason: str | None,
) -> UUID:
    before = await read_state(tx, kind, id)
    if what.unless(before):
        raise AlreadyDone
    act_id = new_id()
    after = what.change(before, act_id)
    await write_state(tx, id, before, after)
    return await record(
        tx,
        access.forum_id,
        access.user_id,
        what.act,
        id,
        before=state_facts(before),
        after=state_facts(after),
        reason=reason,
        id=act_id,
    )


_POSITION = "SELECT position FROM forum_moderators WHERE forum_id = $1 AND user_id = $2"

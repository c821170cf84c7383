"""What moderators of forums do. Each act is answered with its row in the forum's log, by which it can be taken back."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import forums, moderation
from cgraph.accounts import Actor, UserNotFound
from cgraph.application import App
from cgraph.forums import ForumBan, ForumRef, LogEntry, NewForumBan, Reason
from cgraph_kit.db import Repo
from cgraph_kit.paging import Limit, WhichPage
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

MODERATING = (forums.NotModerator, forums.OutrankedInForum)
ON_POST = (forums.PostNotFound, *MODERATING, forums.AlreadyDone)
ON_COMMENT = (forums.CommentNotFound, *MODERATING, forums.AlreadyDone)
IN_FORUM = (forums.ForumNotFound, forums.NotModerator)


class Why(Input, frozen=True):
    """Why a moderator does something; it stands in the public log."""

    reason: Reason | None = None


class Pin(Why, frozen=True):
    """How long something stays at the top."""

    until: forums.Instant | None = None
    """Null: until it is unpinned."""


class Move(Why, frozen=True, kw_only=True):
    """Where a post goes."""

    forum: Annotated[Text, msgspec.Meta(min_length=1, max_length=36)]
    """Id or slug."""


class Merge(Why, frozen=True, kw_only=True):
    """Under what a post goes."""

    into_id: UUID
    """A post of the same forum."""


class Split(Why, frozen=True, kw_only=True):
    """What a comment becomes."""

    title: forums.PostTitle
    """Of the new post."""


class ListLog(Input, frozen=True):
    """Which acts."""

    limit: Limit = 50
    after: Text | None = None
    """A cursor of this list."""
    action: Annotated[Text, msgspec.Meta(min_length=1, max_length=50)] | None = None
    target_id: UUID | None = None
    """A post, comment or person."""


@action(errors=ON_POST)
async def remove_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Take a post out for everybody but moderators."""
    return Data(await forums.remove_post(db, actor, post_id, reason=why.reason))


@action(errors=ON_POST)
async def restore_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Put a removed post back. What its author has deleted stays deleted."""
    return Data(await forums.restore_post(db, actor, post_id, reason=why.reason))


@action(errors=ON_POST)
async def lock_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Let nobody but moderators comment on a post or vote for it any more."""
    return Data(await forums.lock_post(db, actor, post_id, locked=True, reason=why.reason))


@action(errors=ON_POST)
async def unlock_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """End the lock of a post."""
    return Data(await forums.lock_post(db, actor, post_id, locked=False, reason=why.reason))


@action(errors=ON_POST)
async def archive_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Make a post read-only for everybody, votes too."""
    return Data(await forums.archive_post(db, actor, post_id, archived=True, reason=why.reason))


@action(errors=ON_POST)
async def unarchive_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Let a post go on."""
    return Data(await forums.archive_post(db, actor, post_id, archived=False, reason=why.reason))


@action(errors=ON_POST)
async def pin_post(db: Repo, actor: Actor, post_id: UUID, pin: Body[Pin]) -> Data[LogEntry]:
    """Keep a post at the top of its forum; again: until another time."""
    return Data(await forums.pin_post(db, actor, post_id, until=pin.until, reason=pin.reason))


@action(errors=ON_POST)
async def unpin_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Let a pinned post find its place among the others."""
    return Data(await forums.unpin_post(db, actor, post_id, reason=why.reason))


@action(errors=ON_POST)
async def distinguish_post(db: Repo, actor: Actor, post_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Mark one's own post as said in the name of the forum."""
    return Data(
        await forums.distinguish_post(db, actor, post_id, distinguished=True, reason=why.reason)
    )


@action(errors=ON_POST)
async def undistinguish_post(
    db: Repo, actor: Actor, post_id: UUID, why: Body[Why]
) -> Data[LogEntry]:
    """Let one's own post be one's own again."""
    return Data(
        await forums.distinguish_post(db, actor, post_id, distinguished=False, reason=why.reason)
    )


@action(
    errors=(
        *ON_POST,
        forums.ForumNotFound,
        forums.BannedFromForum,
        forums.PostingRestricted,
        forums.ForumArchived,
        forums.PostingTooFast,
        forums.SaidBefore,
        forums.TooManyLinks,
    ),
    example={"forum": "gardening"},
)
async def move_post(
    db: Repo, actor: Actor, app: App, post_id: UUID, move: Body[Move]
) -> Data[LogEntry]:
    """Move a post, with all that was said about it, to a forum in which one moderates too, or may post.

    Where one does not moderate, it counts as if one posted it. Nothing moves into a private forum, or out of one.
    """
    to = forums.forum_name(move.forum)
    limits = app.limits.forums
    return Data(
        await moderation.move_post(db, actor, post_id, to, reason=move.reason, limits=limits)
    )


@action(errors=(forums.PostNotFound, *MODERATING, forums.CommentsTooDeep))
async def merge_post(db: Repo, actor: Actor, post_id: UUID, merge: Body[Merge]) -> Data[LogEntry]:
    """Put a post under another of its forum, as a comment with all below it. Its old address leads there."""
    return Data(await forums.merge_posts(db, actor, post_id, merge.into_id, reason=merge.reason))


@action(
    errors=(forums.CommentNotFound, *MODERATING),
    example={"title": "A subject of its own"},
)
async def split_comment(
    db: Repo, actor: Actor, comment_id: UUID, split: Body[Split]
) -> Data[LogEntry]:
    """Make a post of a comment, with all below it. Its old address leads there."""
    return Data(await forums.split_comment(db, actor, comment_id, split.title, reason=split.reason))


@action(errors=ON_COMMENT)
async def remove_comment(
    db: Repo, actor: Actor, comment_id: UUID, why: Body[Why]
) -> Data[LogEntry]:
    """Take a comment out for everybody but moderators; its place stays, and what was answered to it."""
    return Data(await forums.remove_comment(db, actor, comment_id, reason=why.reason))


@action(errors=ON_COMMENT)
async def restore_comment(
    db: Repo, actor: Actor, comment_id: UUID, why: Body[Why]
) -> Data[LogEntry]:
    """Put a removed comment back. What its author has deleted stays deleted."""
    return Data(await forums.restore_comment(db, actor, comment_id, reason=why.reason))


@action(errors=ON_COMMENT)
async def lock_comment(db: Repo, actor: Actor, comment_id: UUID, why: Body[Why]) -> Data[LogEntry]:
    """Let nobody but moderators answer a comment, or anything below it."""
    return Data(await forums.lock_comment(db, actor, comment_id, locked=True, reason=why.reason))


@action(errors=ON_COMMENT)
async def unlock_comment(
    db: Repo, actor: Actor, comment_id: UUID, why: Body[Why]
) -> Data[LogEntry]:
    """End the lock of a comment."""
    return Data(await forums.lock_comment(db, actor, comment_id, locked=False, reason=why.reason))


@action(errors=ON_COMMENT)
async def distinguish_comment(
    db: Repo, actor: Actor, comment_id: UUID, why: Body[Why]
) -> Data[LogEntry]:
    """Mark one's own comment as said in the name of the forum."""
    return Data(
        await forums.distinguish_comment(
            db, actor, comment_id, distinguished=True, reason=why.reason
        )
    )


@action(errors=ON_COMMENT)
async def undistinguish_comment(
    db: Repo, actor: Actor, comment_id: UUID, why: Body[Why]
) -> Data[LogEntry]:
    """Let one's own comment be one's own again."""
    return Data(
        await forums.distinguish_comment(
            db, actor, comment_id, distinguished=False, reason=why.reason
        )
    )


@action(errors=IN_FORUM)
async def bans(db: Repo, actor: Actor, forum: ForumRef, query: Query[WhichPage]) -> Many[ForumBan]:
    """Who may take no part in the forum now, by name; for its moderators."""
    page = await forums.list_forum_bans(
        db, actor, forums.forum_name(forum), limit=query.limit, after=query.after
    )
    return many(page)


@action(errors=(*IN_FORUM, forums.OutrankedInForum, UserNotFound))
async def ban(
    db: Repo, actor: Actor, forum: ForumRef, user_id: UUID, new: Body[NewForumBan]
) -> Data[LogEntry]:
    """Keep somebody from taking part, for good or for a while; again: the new reason and end hold.

    What of theirs is to go goes a little later, and comes back when the ban is taken back by its act.
    """
    return Data(await forums.ban_user(db, actor, forums.forum_name(forum), user_id, new))


@action(errors=(*IN_FORUM, forums.ForumBanNotFound))
async def unban(db: Repo, actor: Actor, forum: ForumRef, user_id: UUID) -> Data[LogEntry]:
    """Let somebody take part again. What went with the ban stays away."""
    return Data(await forums.unban_user(db, actor, forums.forum_name(forum), user_id))


@action(public=True, errors=(forums.ForumNotFound,))
async def log(
    db: Repo, actor: Actor | None, forum: ForumRef, query: Query[ListLog]
) -> Many[LogEntry]:
    """What was done in a forum and why, the newest first. Whoever may read the forum may read it."""
    page = await forums.list_log(
        db,
        actor,
        forums.forum_name(forum),
        limit=query.limit,
        after=query.after,
        action=query.action,
        target_id=query.target_id,
    )
    return many(page)


@action(errors=(*IN_FORUM, forums.ActNotFound, forums.OutrankedInForum, forums.CannotUndoAct))
async def undo(
    db: Repo, actor: Actor, forum: ForumRef, act_id: UUID, why: Body[Why]
) -> Data[LogEntry]:
    """Take an act back exactly, unless what it changed has been changed again since."""
    return Data(
        await moderation.undo_forum_act(
            db, actor, forums.forum_name(forum), act_id, reason=why.reason
        )
    )

"""Posts: texts, links and polls, with what is said about them."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import conversions, files, forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.forums import (
    Crossposted,
    ForumRef,
    NewPost,
    Poll,
    PollVote,
    Post,
    PostChange,
    PostRevision,
    RevisionDiff,
    WherePosts,
    WhichPosts,
    forum_name,
)
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.leading import leading_on
from cgraph_web.views.base import Data, Many, many

RevisionNumber = Annotated[int, msgspec.Meta(ge=1, lt=2**31)]

WRITING = (
    forums.ForumNotFound,
    forums.BannedFromForum,
    forums.PostingRestricted,
    forums.ForumArchived,
    forums.PostingTooFast,
    forums.SaidBefore,
    forums.TooManyLinks,
)
OPEN = (
    forums.PostNotFound,
    forums.BannedFromForum,
    forums.ForumArchived,
    forums.PostLocked,
    forums.PostArchived,
)


@action(public=True, errors=(forums.ForumNotFound, forums.ListingExpired))
async def index(db: Repo, actor: Actor | None, query: Query[WherePosts]) -> Many[Post]:
    """Posts of all public forums, of those one has subscribed to or moderates, of some (`forums`), or of a person (`author_id`).

    Ranked lists stand still while they are paged: each post comes once, however votes move it; after an hour the list is
    to be begun anew (`listing_expired`). What one has hidden, muted or blocked is left out, so pages may be shorter.
    """
    return many(await forums.list_posts(db, actor, query))


@action(public=True, errors=(forums.ForumNotFound, forums.ListingExpired))
async def of_forum(
    db: Repo, actor: Actor | None, forum: ForumRef, query: Query[WhichPosts]
) -> Many[Post]:
    """Posts of one forum, in its own order if none is asked for. The first page has the pinned ones on top, beyond its limit."""
    return many(await forums.list_forum_posts(db, actor, forum_name(forum), query))


@action(
    status=201,
    errors=(*WRITING, forums.PostNotFound, *files.ATTACHING),
    example={"title": "When do you open the hive?", "content": "At **twelve** degrees?"},
)
async def create(
    db: Repo, actor: Actor, app: App, forum: ForumRef, *, new: Body[NewPost]
) -> Data[Post]:
    """Post a text, a link (`url`) or a poll (`poll`); one's own vote comes with it.

    Files that were uploaded come with it by their ids, `attachments`. `@username` mentions somebody. `crosspost_of_id` points to a post elsewhere: what is not there is `post_not_found`.
    """
    name = forum_name(forum)
    return Data(await forums.create_post(db, actor, name, new, limits=app.limits.forums))


@action(public=True, errors=(forums.PostNotFound, forums.PostMoved, conversions.ConvertedAway))
async def show(db: Repo, actor: Actor | None, post_id: UUID) -> Data[Post]:
    """One post, whole. Of one that was deleted or removed a stub is left while there are comments.

    The address of one that was put under another, or has become a thread, leads there.
    """
    async with leading_on(db, actor, post_id):
        return Data(await forums.get_post(db, actor, post_id))


@action(errors=(*OPEN, forums.NotPostAuthor, forums.PostingTooFast, *files.ATTACHING))
async def update(
    db: Repo, actor: Actor, app: App, post_id: UUID, *, change: Body[PostChange]
) -> Data[Post]:
    """Say it differently, as its author.

    What it said before stays to be seen, but for changes within a few minutes of writing it. Only those who were not
    mentioned before are notified. `attachments` are all files that shall come with it; left out, they stay.
    """
    return Data(await forums.edit_post(db, actor, post_id, change, limits=app.limits.forums))


@action(status=204, errors=(forums.PostNotFound, forums.NotPostAuthor))
async def remove(db: Repo, actor: Actor, post_id: UUID) -> None:
    """Take it back for good, as its author. (Moderators remove posts, and can put them back.)"""
    await forums.delete_post(db, actor, post_id)


@action(public=True, errors=(forums.PostNotFound,))
async def revisions(
    db: Repo, actor: Actor | None, post_id: UUID, query: Query[WhichPage]
) -> Many[PostRevision]:
    """Everything a post has said, the present text first."""
    return many(
        await forums.list_post_revisions(db, actor, post_id, limit=query.limit, after=query.after)
    )


@action(public=True, errors=(forums.PostNotFound, forums.RevisionNotFound))
async def revision(
    db: Repo, actor: Actor | None, post_id: UUID, revision: RevisionNumber
) -> Data[RevisionDiff]:
    """One text of a post, and what it changed."""
    return Data(await forums.get_post_revision(db, actor, post_id, revision))


@action(public=True, errors=(forums.PostNotFound,))
async def crossposts(db: Repo, actor: Actor | None, post_id: UUID) -> Data[list[Crossposted]]:
    """Other posts of the same thing: its crossposts, and those that lead to the same address."""
    return Data(await forums.list_crossposts(db, actor, post_id))


@action(errors=(*OPEN, forums.NoPoll, forums.PollEnded))
async def vote_in_poll(db: Repo, actor: Actor, post_id: UUID, vote: Body[PollVote]) -> Data[Poll]:
    """Choose among a poll's answers, or choose otherwise while it goes on."""
    return Data(await forums.vote_in_poll(db, actor, post_id, vote))

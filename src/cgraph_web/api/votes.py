"""What people think of posts and comments, and what that gives their authors."""

from uuid import UUID

from cgraph import accounts, forums
from cgraph.accounts import Actor
from cgraph.forums import GivenVote, Karma, SetVote, Vote, VoteSignals
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

VOTING = (
    forums.BannedFromForum,
    forums.ForumArchived,
    forums.PostArchived,
    forums.PostLocked,
    forums.DownvotesOff,
    forums.OwnItem,
)


@action(errors=(*VOTING, forums.PostNotFound))
async def for_post(db: Repo, actor: Actor, post_id: UUID, vote: Body[SetVote]) -> Data[Vote]:
    """Vote for a post (1), against it (-1), or neither (0); the same again changes nothing."""
    return Data(await forums.vote_for_post(db, actor, post_id, vote))


@action(errors=(*VOTING, forums.CommentNotFound))
async def for_comment(db: Repo, actor: Actor, comment_id: UUID, vote: Body[SetVote]) -> Data[Vote]:
    """Vote for a comment (1), against it (-1), or neither (0); the same again changes nothing."""
    return Data(await forums.vote_for_comment(db, actor, comment_id, vote))


@action(errors=(forums.PostNotFound, forums.NotModerator))
async def of_post(
    db: Repo, actor: Actor, post_id: UUID, query: Query[WhichPage]
) -> Many[GivenVote]:
    """Who voted how for a post; only its moderators may know."""
    page = await forums.list_post_votes(db, actor, post_id, limit=query.limit, after=query.after)
    return many(page)


@action(errors=(forums.CommentNotFound, forums.NotModerator))
async def of_comment(
    db: Repo, actor: Actor, comment_id: UUID, query: Query[WhichPage]
) -> Many[GivenVote]:
    """Who voted how for a comment; only its moderators may know."""
    page = await forums.list_comment_votes(
        db, actor, comment_id, limit=query.limit, after=query.after
    )
    return many(page)


@action(errors=(forums.ForumNotFound, forums.NotModerator))
async def signals(db: Repo, actor: Actor, forum: str) -> Data[VoteSignals]:
    """What looks odd about the votes in a forum, with the numbers that say so; for its moderators, who judge.

    `rings`: people who gave each other most of their up-votes. `bursts`: many votes for one thing within a minute, mostly from
    new accounts. Of the last thirty days.
    """
    return Data(await forums.list_vote_signals(db, actor, forums.forum_name(forum)))


@action(errors=(accounts.UserNotFound,))
async def karma(db: Repo, actor: Actor, user_id: UUID) -> Data[Karma]:
    """What others' votes gave a person, in all and by forum."""
    return Data(await forums.get_karma(db, actor, user_id))

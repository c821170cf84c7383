"""Voting: who may, and what comes of it."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Unavailable
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .access import Access, get_post_place
from .comment_access import get_comment_place
from .counting import COUNTERS
from .errors import CommentNotFound, DownvotesOff, OwnItem
from .vote import GivenVote, SetVote, Vote, VotedKind
from .voting import VOTING, Ballot

_TRIES = 3
OWN = 1
"""What everybody gives to their own, from the beginning."""


async def vote_for_post(db: Repo, actor: Actor, post_id: UUID, vote: SetVote) -> Vote:
    """Say what one thinks of a post; the same again changes nothing, whoever asks at the same time.

    Raises `PostNotFound`, `BannedFromForum`, `ForumArchived`, `PostArchived`, `PostLocked`, `DownvotesOff`, `OwnItem`.
    """
    return await _vote(db, actor, "post", post_id, vote)


async def vote_for_comment(db: Repo, actor: Actor, comment_id: UUID, vote: SetVote) -> Vote:
    """The same of a comment. Raises `CommentNotFound` and, for its post, the others."""
    return await _vote(db, actor, "comment", comment_id, vote)


async def cast_own(
    tx: Transaction, kind: VotedKind, item_id: UUID, user_id: UUID, forum_id: UUID, *, at: datetime
) -> None:
    """The author's own vote for what they make: before a post, whose rank begins with it. It gives no karma."""
    await tx.value(_OWN, item_id, user_id, kind, forum_id, OWN, at)


async def _vote(db: Repo, actor: Actor, kind: VotedKind, item_id: UUID, vote: SetVote) -> Vote:
    ballot = Ballot(item_id, actor.id, vote.value, clock.now())
    for _ in range(_TRIES):
        counted = await db.batched(VOTING[kind], ballot)
        if counted is not None:
            return Vote(item_id, counted.upvotes, counted.downvotes, counted.score, vote.value)
        if await _explain(db, actor, kind, item_id, vote):
            return await db.one(Vote, _SHOW[kind], item_id, actor.id)
        # What was in the way is gone by now.
    raise Unavailable("the forum is changing too quickly")


async def _explain(db: Repo, actor: Actor, kind: VotedKind, item_id: UUID, vote: SetVote) -> bool:
    """Why a vote did not count: raises what stands in its way. True: it is the author's own, and as it ever was."""
    if kind == "post":
        post = await get_post_place(db, actor, item_id)
        own = post.authored
    else:
        comment = await get_comment_place(db, actor, item_id)
        if not (comment.there and comment.post.there):
            raise CommentNotFound
        post, own = comment.post, comment.authored
    post.demand_open()
    post.forum.demand_taking_part()
    if own:
        if vote.value != OWN:
            raise OwnItem
        return True
    if vote.value < 0 and not post.forum.downvotes:
        raise DownvotesOff
    return False


class _Given(msgspec.Struct, frozen=True):
    user_id: UUID
    value: int
    revoked: bool
    inserted_at: datetime
    updated_at: datetime


async def list_post_votes(
    db: Repo, actor: Actor, post_id: UUID, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[GivenVote]:
    """Who voted how for a post, by person; for moderators. Raises `PostNotFound`, `NotModerator`, `Invalid`."""
    post = await get_post_place(db, actor, post_id)
    return await _list(db, post.forum, post_id, limit, after)


async def list_comment_votes(
    db: Repo,
    actor: Actor,
    comment_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[GivenVote]:
    """Who voted how for a comment. Raises `CommentNotFound`, `NotModerator`, `Invalid`."""
    comment = await get_comment_place(db, actor, comment_id)
    return await _list(db, comment.post.forum, comment_id, limit, after)


async def _list(
    db: Repo, forum: Access, item_id: UUID, limit: int, after: str | None
) -> Page[GivenVote]:
    forum.demand_moderator()
    user_id = decode_cursor(after, UUID, "after") if after else None
    rows = await db.all(_Given, _VOTES, item_id, user_id, limit + 1)
    page = forward_page(rows, limit, lambda row: row.user_id)
    people = await accounts.get_people(db, [row.user_id for row in page.items])
    return Page(
        [
            GivenVote(
                people.get(row.user_id), row.value, row.revoked, row.inserted_at, row.updated_at
            )
            for row in page.items
        ],
        after=page.after,
    )


_OWN = """
INSERT INTO votes (item_id, user_id, item_kind, forum_id, value, inserted_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
"""
_SHOW: dict[VotedKind, str] = {
    kind: f"""
SELECT t.id, t.upvotes, t.downvotes, t.score, coalesce(v.value, 0)
FROM {table} t LEFT JOIN votes v ON v.item_id = t.id AND v.user_id = $2 WHERE t.id = $1
"""
    for kind, table in COUNTERS.items()
}
_VOTES = """
SELECT user_id, value, revoked_at IS NOT NULL, inserted_at, updated_at FROM votes
WHERE item_id = $1 AND value <> 0 AND ($2::uuid IS NULL OR user_id > $2) ORDER BY user_id LIMIT $3
"""

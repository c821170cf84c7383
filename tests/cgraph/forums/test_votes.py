"""Voting for posts."""

from datetime import timedelta
from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.forums import karma, ranking, votes
from cgraph.forums.errors import (
    BannedFromForum,
    DownvotesOff,
    ForumArchived,
    NotModerator,
    OwnItem,
    PostArchived,
    PostLocked,
    PostNotFound,
)
from cgraph.forums.vote import SetVote, VotesCounted
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support import plaza
from support.forums import subscribe
from support.talk import make_actor

UP, NONE, DOWN = SetVote(1), SetVote(0), SetVote(-1)


@pytest.fixture
async def forum_id(db: Transaction, ann: Actor) -> UUID:
    return await plaza.found(db, ann)


@pytest.fixture
async def post_id(db: Transaction, bob: Actor, forum_id: UUID) -> UUID:
    return await plaza.post(db, bob, forum_id)


async def given(db: Transaction, user_id: UUID) -> int:
    """All karma of a person, which agrees with their votes."""
    rows = await karma.recount_karma(db, user_id)
    assert all(row.right for row in rows)
    return sum(row.posts + row.comments for row in rows)


class TestVoteForPost:
    async def test_answers_with_what_it_has_then(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        vote = await votes.vote_for_post(db, eve, post_id, UP)
        assert (vote.upvotes, vote.downvotes, vote.score, vote.my_vote) == (2, 0, 2, 1)
        vote = await votes.vote_for_post(db, eve, post_id, DOWN)
        assert (vote.upvotes, vote.downvotes, vote.score, vote.my_vote) == (1, 1, 0, -1)
        vote = await votes.vote_for_post(db, eve, post_id, NONE)
        assert (vote.upvotes, vote.downvotes, vote.score, vote.my_vote) == (1, 0, 1, 0)

    async def test_again_changes_nothing(self, db: Transaction, eve: Actor, post_id: UUID) -> None:
        first = await votes.vote_for_post(db, eve, post_id, UP)
        assert await votes.vote_for_post(db, eve, post_id, UP) == first

    async def test_taking_back_what_was_not_given_changes_nothing(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        vote = await votes.vote_for_post(db, eve, post_id, NONE)
        assert (vote.score, vote.my_vote) == (1, 0)

    async def test_moves_the_ranks(self, db: Transaction, post_id: UUID) -> None:
        for n in range(7):
            voter = await make_actor(db, f"voter{n}")
            await votes.vote_for_post(db, voter, post_id, DOWN if n % 3 == 0 else UP)
        row = await plaza.counts(db, "posts", post_id)
        assert (row.upvotes, row.downvotes, row.score) == (5, 3, 2)
        assert row.hot == ranking.hot(5, 3, row.at.timestamp())
        assert row.best == pytest.approx(ranking.best(5, 3))
        assert row.controversy == pytest.approx(ranking.controversy(5, 3))

    async def test_counts_time_as_the_forum_does(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        terms = {"hot_epoch": 0, "hot_seconds": 3600}
        forum_id = await plaza.found(db, ann, **terms)
        post_id = await plaza.post(db, bob, forum_id, **terms)
        await votes.vote_for_post(db, eve, post_id, UP)
        row = await plaza.counts(db, "posts", post_id)
        assert row.hot == ranking.hot(2, 0, row.at.timestamp(), epoch=0, seconds=3600)
        await plaza.change(db, "forums", forum_id, hot_seconds=60)
        row = await plaza.counts(db, "posts", post_id)
        assert row.hot == ranking.hot(2, 0, row.at.timestamp(), epoch=0, seconds=60)

    async def test_gives_the_author_karma(
        self, db: Transaction, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        assert await given(db, bob.id) == 0
        await votes.vote_for_post(db, eve, post_id, UP)
        assert await given(db, bob.id) == 1
        await votes.vote_for_post(db, eve, post_id, DOWN)
        assert await given(db, bob.id) == -1
        await votes.vote_for_post(db, eve, post_id, NONE)
        assert await given(db, bob.id) == 0

    async def test_tells_what_it_has_and_not_who_voted(
        self, db: Transaction, eve: Actor, post_id: UUID, forum_id: UUID
    ) -> None:
        await votes.vote_for_post(db, eve, post_id, UP)
        assert VotesCounted("post", post_id, post_id, forum_id, 2, 0, 2) in db.events

    async def test_nobody_gains_by_their_own(
        self, db: Transaction, bob: Actor, post_id: UUID
    ) -> None:
        vote = await votes.vote_for_post(db, bob, post_id, UP)
        assert (vote.score, vote.my_vote) == (1, 1)
        for value in (NONE, DOWN):
            with pytest.raises(OwnItem):
                await votes.vote_for_post(db, bob, post_id, value)
        assert await given(db, bob.id) == 0

    async def test_down_may_be_off(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await plaza.change(db, "forums", forum_id, downvotes=False)
        with pytest.raises(DownvotesOff):
            await votes.vote_for_post(db, eve, post_id, DOWN)
        assert (await votes.vote_for_post(db, eve, post_id, UP)).score == 2

    async def test_not_when_banned(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await plaza.ban(db, forum_id, eve)
        with pytest.raises(BannedFromForum):
            await votes.vote_for_post(db, eve, post_id, UP)

    async def test_a_ban_ends(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await plaza.ban(db, forum_id, eve, expires_at=clock.now() - timedelta(seconds=1))
        assert (await votes.vote_for_post(db, eve, post_id, UP)).score == 2

    @pytest.mark.parametrize(
        ("column", "error"),
        [
            ("deleted_at", PostNotFound),
            ("removed_at", PostNotFound),
            ("archived_at", PostArchived),
            ("locked_at", PostLocked),
        ],
    )
    async def test_not_for_what_is_closed(
        self, db: Transaction, eve: Actor, post_id: UUID, column: str, error: type[Exception]
    ) -> None:
        await plaza.change(db, "posts", post_id, **{column: clock.now()})
        with pytest.raises(error):
            await votes.vote_for_post(db, eve, post_id, UP)

    async def test_moderators_may_where_it_is_locked(
        self, db: Transaction, ann: Actor, post_id: UUID
    ) -> None:
        await plaza.change(db, "posts", post_id, locked_at=clock.now())
        assert (await votes.vote_for_post(db, ann, post_id, UP)).score == 2

    @pytest.mark.parametrize(
        ("column", "error"),
        [("deleted_at", PostNotFound), ("archived_at", (ForumArchived, PostArchived))],
    )
    async def test_not_where_the_forum_is_closed(
        self,
        db: Transaction,
        eve: Actor,
        forum_id: UUID,
        post_id: UUID,
        column: str,
        error: type[Exception],
    ) -> None:
        await plaza.change(db, "forums", forum_id, **{column: clock.now()})
        with pytest.raises(error):
            await votes.vote_for_post(db, eve, post_id, UP)

    async def test_not_there_for_who_may_not_read_it(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await plaza.change(db, "forums", forum_id, visibility="private")
        with pytest.raises(PostNotFound):
            await votes.vote_for_post(db, eve, post_id, UP)
        sql = "INSERT INTO forum_subscriptions (forum_id, user_id) VALUES ($1, $2)"
        await db.value(sql, forum_id, eve.id)
        assert (await votes.vote_for_post(db, eve, post_id, UP)).score == 2


class TestListPostVotes:
    async def test_is_for_moderators(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, post_id: UUID
    ) -> None:
        await votes.vote_for_post(db, eve, post_id, DOWN)
        first = await votes.list_post_votes(db, ann, post_id, limit=1)
        rest = await votes.list_post_votes(db, ann, post_id, after=first.after)
        found = {vote.user.id: vote.value for vote in first.items + rest.items if vote.user}
        assert found == {bob.id: 1, eve.id: -1}
        with pytest.raises(NotModerator):
            await votes.list_post_votes(db, eve, post_id)


class TestGetKarma:
    async def test_says_where_it_comes_from(
        self, db: Transaction, bob: Actor, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await votes.vote_for_post(db, eve, post_id, UP)
        found = await karma.get_karma(db, eve, bob.id)
        assert (found.posts, found.comments, found.total) == (1, 0, 1)
        assert [(one.forum_id, one.posts) for one in found.forums] == [(forum_id, 1)]

    async def test_names_no_forum_the_reader_may_not_know(
        self, db: Transaction, bob: Actor, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await votes.vote_for_post(db, eve, post_id, UP)
        await plaza.change(db, "forums", forum_id, visibility="private")
        found = await karma.get_karma(db, eve, bob.id)
        assert (found.total, found.forums) == (1, [])
        await plaza.change(db, "forums", forum_id, visibility="public")
        await subscribe(db, eve, forum_id)
        await plaza.change(db, "forums", forum_id, visibility="private")
        assert len((await karma.get_karma(db, eve, bob.id)).forums) == 1
        await plaza.ban(db, forum_id, eve)
        assert (await karma.get_karma(db, eve, bob.id)).forums == []
        assert len((await karma.get_karma(db, bob, bob.id)).forums) == 1

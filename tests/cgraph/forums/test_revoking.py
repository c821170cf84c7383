"""Votes of the banned, taken out and given back."""

import random
from uuid import UUID, uuid4

import msgspec
import pytest

from cgraph.accounts import Actor
from cgraph.forums import karma, votes
from cgraph.forums.comment import NewComment
from cgraph.forums.commenting import create_comment
from cgraph.forums.revoking import give_votes_back, revoke_votes
from cgraph.forums.vote import SetVote, VotesCounted
from cgraph_kit.db import Transaction
from support import plaza
from support.talk import make_actor


class Rank(msgspec.Struct, frozen=True):
    id: UUID
    upvotes: int
    downvotes: int
    hot: float
    best: float
    controversy: float


class Room:
    """A forum with posts and comments, and people who vote for them."""

    def __init__(self, db: Transaction, forum_id: UUID, people: list[Actor]) -> None:
        self.db, self.forum_id, self.people = db, forum_id, people
        self.posts: list[UUID] = []
        self.comments: list[UUID] = []

    @classmethod
    async def open(cls, db: Transaction, creator: Actor) -> "Room":
        people = [await make_actor(db, f"p{n}") for n in range(6)]
        room = cls(db, await plaza.found(db, creator), people)
        for author in people[:3]:
            post_id = await plaza.post(db, author, room.forum_id)
            room.posts.append(post_id)
            for other in people[2:5]:
                comment = await create_comment(db, other, post_id, NewComment("Well."))
                room.comments.append(comment.id)
        return room

    async def vote(self, dice: random.Random, n: int, but: Actor | None = None) -> None:
        """Votes at random, the same for the same dice; those of one person may be left out."""
        for _ in range(n):
            voter, value = dice.choice(self.people), SetVote(dice.choice([-1, 0, 1, 1]))
            kind = dice.choice(["posts", "comments"])
            id = dice.choice(self.posts if kind == "posts" else self.comments)
            if voter is but:
                continue
            vote = votes.vote_for_post if kind == "posts" else votes.vote_for_comment
            try:
                await vote(self.db, voter, id, value)
            except votes.OwnItem:
                continue

    async def ranks(self) -> list[Rank]:
        names = "id, upvotes, downvotes, hot, best, controversy"
        sql = (
            f"SELECT {names} FROM post_ranks WHERE forum_id = $1 "
            f"UNION ALL SELECT {names} FROM comments WHERE forum_id = $1 ORDER BY id"
        )
        return await self.db.all(Rank, sql, self.forum_id)

    async def karma(self) -> dict[UUID, int]:
        """Which agrees with the votes."""
        found = {}
        for person in self.people:
            rows = await karma.recount_karma(self.db, person.id)
            assert all(row.right for row in rows)
            found[person.id] = sum(row.posts + row.comments for row in rows)
        return found


async def all_of(change: object, db: Transaction, room: Room, person: Actor, most: int) -> int:
    assert callable(change)
    n = 0
    while changed := await change(db, room.forum_id, person.id, ACT, most=most):
        n += changed
    return n


ACT = uuid4()


class TestRevokeVotes:
    @pytest.mark.parametrize("seed", range(5))
    async def test_leaves_ranks_as_if_they_had_not_voted(
        self, db: Transaction, ann: Actor, seed: int
    ) -> None:
        room, banned = await Room.open(db, ann), 4
        await room.vote(random.Random(seed), 150)  # noqa: S311
        before = await room.ranks(), await room.karma()
        assert await all_of(revoke_votes, db, room, room.people[banned], 1 + seed)
        revoked = await room.ranks(), await room.karma()
        assert await all_of(give_votes_back, db, room, room.people[banned], 1 + seed)
        assert (await room.ranks(), await room.karma()) == before
        await _start_over(db, room)
        await room.vote(random.Random(seed), 150, but=room.people[banned])  # noqa: S311
        assert (await room.ranks(), await room.karma()) == revoked

    async def test_a_new_vote_counts(self, db: Transaction, ann: Actor) -> None:
        room = await Room.open(db, ann)
        voter, post_id = room.people[4], room.posts[0]
        await votes.vote_for_post(db, voter, post_id, SetVote(1))
        await revoke_votes(db, room.forum_id, voter.id, ACT, most=10)
        assert (await plaza.counts(db, "posts", post_id)).score == 1
        assert (await votes.vote_for_post(db, voter, post_id, SetVote(1))).score == 2
        assert await give_votes_back(db, room.forum_id, voter.id, ACT, most=10) == 0
        assert (await plaza.counts(db, "posts", post_id)).score == 2

    async def test_ones_own_stay(self, db: Transaction, ann: Actor) -> None:
        room = await Room.open(db, ann)
        assert await revoke_votes(db, room.forum_id, room.people[0].id, ACT, most=10) == 0

    async def test_nor_those_of_other_forums(self, db: Transaction, ann: Actor) -> None:
        room, other = await Room.open(db, ann), await Room.open(db, ann)
        voter = room.people[5]
        await votes.vote_for_post(db, voter, other.posts[0], SetVote(1))
        assert await revoke_votes(db, room.forum_id, voter.id, ACT, most=10) == 0

    async def test_takes_posts_and_comments_one_after_the_other(
        self, db: Transaction, ann: Actor
    ) -> None:
        room = await Room.open(db, ann)
        voter = room.people[5]
        await votes.vote_for_post(db, voter, room.posts[0], SetVote(1))
        await votes.vote_for_comment(db, voter, room.comments[0], SetVote(1))
        for change in (revoke_votes, give_votes_back):
            done = [await change(db, room.forum_id, voter.id, ACT, most=10) for _ in range(3)]
            assert done == [1, 1, 0]

    async def test_each_act_gives_back_what_it_took(self, db: Transaction, ann: Actor) -> None:
        room, other = await Room.open(db, ann), uuid4()
        voter, (first, second, *_) = room.people[4], room.posts
        for post_id, act_id in ((first, ACT), (second, other)):
            await votes.vote_for_post(db, voter, post_id, SetVote(1))
            assert await revoke_votes(db, room.forum_id, voter.id, act_id, most=10) == 1
        assert await give_votes_back(db, room.forum_id, voter.id, other, most=10) == 1
        assert (await plaza.counts(db, "posts", first)).score == 1
        assert (await plaza.counts(db, "posts", second)).score == 2
        assert await give_votes_back(db, room.forum_id, voter.id, ACT, most=10) == 1
        assert (await plaza.counts(db, "posts", first)).score == 2

    async def test_tells_what_things_have_then(self, db: Transaction, ann: Actor) -> None:
        room = await Room.open(db, ann)
        post_id = room.posts[0]
        await votes.vote_for_post(db, room.people[4], post_id, SetVote(1))
        await revoke_votes(db, room.forum_id, room.people[4].id, ACT, most=10)
        assert db.events[-1] == VotesCounted("post", post_id, post_id, room.forum_id, 1, 0, 1)


async def _start_over(db: Transaction, room: Room) -> None:
    """No votes but the authors' own."""
    await db.value(
        "DELETE FROM votes v WHERE forum_id = $1 AND NOT EXISTS (SELECT FROM posts p WHERE p.id = v.item_id "
        "AND p.author_id = v.user_id) AND NOT EXISTS (SELECT FROM comments c WHERE c.id = v.item_id "
        "AND c.author_id = v.user_id)",
        room.forum_id,
    )
    await db.value("DELETE FROM karma WHERE forum_id = $1", room.forum_id)
    for table in ("post_ranks", "comments"):
        sql = f"UPDATE {table} SET upvotes = 1, downvotes = 0 WHERE forum_id = $1"
        await db.value(sql, room.forum_id)

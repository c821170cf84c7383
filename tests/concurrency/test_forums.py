"""Votes, comments and moderators, many at once, with real commits on two nodes."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from cgraph import accounts, forums
from cgraph.accounts import Actor, ImportedUser
from cgraph.forums import CommentEdit, NewComment, SetVote, ranking
from cgraph.forums.revoking import give_votes_back, revoke_votes
from cgraph_kit import clock
from cgraph_kit.db import Database
from cgraph_kit.errors import Conflict, Forbidden, NotFound
from cgraph_kit.ids import new_id
from support import plaza
from support.forum_scene import ForumScene, make_forum_scene, miscounted


@pytest.fixture
async def nodes(dsn: str, database: Database) -> AsyncIterator[list[Database]]:
    """Two pools: what one shares in a statement, the other does not."""
    other = await Database.connect(dsn, pool_size=6)
    yield [database, other]
    await other.close()


async def people(db: Database, n: int) -> list[Actor]:
    """Many accounts at once."""
    ids = [new_id() for _ in range(n)]
    users = [
        ImportedUser(id, f"v{id.hex[-20:]}", None, None, None, active=True, inserted_at=clock.now())
        for id in ids
    ]
    async with db.transaction() as tx:
        await accounts.create_imported_users(tx, users)
    found = await accounts.get_people(db, ids)
    return [
        Actor(id, new_id(), one.username, one.display_name, one.avatar_url, one.user_id)
        for id, one in found.items()
    ]


async def check_ranks(db: Database, table: str, id: UUID) -> None:
    row = await plaza.counts(db, table, id)
    assert row.hot == ranking.hot(row.upvotes, row.downvotes, row.at.timestamp())
    assert row.best == pytest.approx(ranking.best(row.upvotes, row.downvotes))
    assert row.controversy == pytest.approx(ranking.controversy(row.upvotes, row.downvotes))


class TestVoting:
    async def test_two_hundred_at_once_lose_nothing(self, nodes: list[Database]) -> None:
        scene = await make_forum_scene(nodes[0])
        voters = await people(nodes[0], 200)
        up = [n % 4 != 0 for n in range(200)]
        await asyncio.gather(
            *(
                forums.vote_for_post(
                    nodes[n % 2], voter, scene.post_id, SetVote(1 if up[n] else -1)
                )
                for n, voter in enumerate(voters)
            )
        )
        row = await plaza.counts(nodes[0], "posts", scene.post_id)
        assert (row.upvotes, row.downvotes) == (1 + up.count(True), up.count(False))
        await check_ranks(nodes[0], "posts", scene.post_id)
        assert await miscounted(nodes[0], scene.forum_id) == []

    async def test_one_person_on_two_devices_has_one_vote(self, nodes: list[Database]) -> None:
        scene = await make_forum_scene(nodes[0])
        for values in ((1, -1), (0, 1), (-1, -1), (1, 0)):
            await asyncio.gather(
                *(
                    forums.vote_for_post(db, scene.reader, scene.post_id, SetVote(value))
                    for _ in range(5)
                    for db, value in zip(nodes, values, strict=True)
                )
            )
            assert await miscounted(nodes[0], scene.forum_id) == []

    async def test_many_for_many_in_any_order(self, nodes: list[Database]) -> None:
        scene = await make_forum_scene(nodes[0])
        voters = await people(nodes[0], 12)
        posts = [await plaza.post(nodes[0], scene.author, scene.forum_id) for _ in range(8)]
        dice = random.Random(3)  # noqa: S311
        ballots = [(voter, post) for voter in voters for post in posts] * 2
        dice.shuffle(ballots)
        await asyncio.gather(
            *(
                forums.vote_for_post(nodes[n % 2], voter, post, SetVote(dice.choice([-1, 0, 1])))
                for n, (voter, post) in enumerate(ballots)
            )
        )
        assert await miscounted(nodes[0], scene.forum_id) == []


class Crowd:
    """People who do whatever comes to their mind."""

    def __init__(self, nodes: list[Database], scene: ForumScene, crowd: list[Actor]) -> None:
        self.nodes, self.scene, self.crowd = nodes, scene, crowd
        self.posts = [scene.post_id]
        self.comments: list[tuple[Actor, UUID]] = []

    async def act(self, who: Actor, dice: random.Random) -> None:
        """One thing; that it may not be done is no matter."""
        db = dice.choice(self.nodes)
        do = dice.choice([self.say, self.say, self.vote, self.vote, self.take_back, self.moderate])
        try:
            await do(db, who, dice)
        except (Conflict, Forbidden, NotFound):
            return

    async def say(self, db: Database, who: Actor, dice: random.Random) -> None:
        parent = dice.choice(self.comments)[1] if self.comments and dice.random() < 0.8 else None
        new = NewComment("Well.", parent)
        said = await forums.create_comment(db, who, dice.choice(self.posts), new)
        self.comments.append((who, said.id))

    async def vote(self, db: Database, who: Actor, dice: random.Random) -> None:
        value = SetVote(dice.choice([-1, 0, 1]))
        if self.comments and dice.random() < 0.6:
            await forums.vote_for_comment(db, who, dice.choice(self.comments)[1], value)
        else:
            await forums.vote_for_post(db, who, dice.choice(self.posts), value)

    async def take_back(self, db: Database, _who: Actor, dice: random.Random) -> None:
        if self.comments:
            author, id = dice.choice(self.comments)
            if dice.random() < 0.3:
                await forums.edit_comment(db, author, id, CommentEdit("Or not."))
            else:
                await forums.delete_comment(db, author, id)

    async def moderate(self, db: Database, who: Actor, dice: random.Random) -> None:
        if dice.random() < 0.4:
            change = dice.choice([revoke_votes, give_votes_back])
            async with db.transaction() as tx:
                await change(tx, self.scene.forum_id, who.id, most=10)
        elif self.comments:
            act = dice.choice([forums.remove_comment, forums.restore_comment])
            await act(db, self.scene.creator, dice.choice(self.comments)[1])


class TestEverything:
    @pytest.mark.parametrize("seed", range(3))
    async def test_counts_as_a_recount_does(self, nodes: list[Database], seed: int) -> None:
        scene = await make_forum_scene(nodes[0])
        crowd = Crowd(nodes, scene, await people(nodes[0], 10))
        crowd.posts.append(await plaza.post(nodes[0], scene.reader, scene.forum_id))

        async def live(who: Actor, n: int) -> None:
            dice = random.Random(100 * seed + n)  # noqa: S311
            for _ in range(30):
                await crowd.act(who, dice)

        await asyncio.gather(*(live(who, n) for n, who in enumerate(crowd.crowd)))
        assert len(crowd.comments) > 20
        assert await miscounted(nodes[0], scene.forum_id) == []
        for post_id in crowd.posts:
            await check_ranks(nodes[0], "posts", post_id)
            page = await forums.list_comments(
                nodes[0], scene.creator, post_id, forums.WhichComments(limit=100)
            )
            assert all(one.child_count <= one.descendant_count for one in page.comments)
        for _, id in crowd.comments:
            await check_ranks(nodes[0], "comments", id)

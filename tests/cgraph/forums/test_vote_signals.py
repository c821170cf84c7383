"""What looks odd about votes."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.accounts import Actor
from cgraph.forums.errors import NotModerator
from cgraph.forums.vote_rings import ENOUGH, SHARE, Edge, find_rings
from cgraph.forums.vote_signals import list_vote_signals
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support import plaza
from support.talk import make_actor

CAST = """
INSERT INTO votes (item_id, user_id, item_kind, forum_id, value, inserted_at) VALUES ($1, $2, 'post', $3, $4, $5)
"""


class TestFindRings:
    def test_finds_one_among_many_honest_people(self) -> None:
        dice = random.Random(4)  # noqa: S311
        everybody = [uuid4() for _ in range(60)]
        ring = everybody[:4]
        edges = [
            Edge(voter, author, dice.randint(1, 6))
            for voter in everybody[4:]
            for author in dice.sample(everybody, 25)
            if author != voter
        ]
        edges += [Edge(one, other, 9) for one in ring for other in ring if one != other]
        edges += [Edge(one, dice.choice(everybody[4:]), 3) for one in ring]
        (found,) = find_rings(edges)
        assert {member.user_id for member in found} == set(ring)
        assert {(member.inside, member.given) for member in found} == {(27, 30)}

    def test_two_who_like_each_other_among_others_are_none(self) -> None:
        one, other = uuid4(), uuid4()
        edges = [Edge(one, other, 6), Edge(other, one, 6)]
        edges += [Edge(who, uuid4(), 2) for who in (one, other) for _ in range(10)]
        assert find_rings(edges) == []

    def test_a_fan_is_none(self) -> None:
        assert find_rings([Edge(uuid4(), uuid4(), 50)]) == []

    @given(
        st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 30)), max_size=60)
    )
    def test_all_in_a_ring_gave_most_to_the_others(
        self, given_votes: list[tuple[int, int, int]]
    ) -> None:
        pairs = {(a, b): n for a, b, n in given_votes if a != b}
        edges = [Edge(UUID(int=a), UUID(int=b), n) for (a, b), n in pairs.items()]
        for ring in find_rings(edges):
            ids = {member.user_id for member in ring}
            assert len(ids) >= 2
            for member in ring:
                inside = sum(
                    e.n for e in edges if e.voter_id == member.user_id and e.author_id in ids
                )
                total = sum(e.n for e in edges if e.voter_id == member.user_id)
                assert (member.inside, member.given) == (inside, total)
                assert inside >= SHARE * total


class TestListVoteSignals:
    async def test_names_rings_with_their_numbers(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        forum_id = await plaza.found(db, ann)
        for author, voter in ((bob, eve), (eve, bob)):
            for _ in range(ENOUGH):
                post_id = await plaza.post(db, author, forum_id)
                await db.value(CAST, post_id, voter.id, forum_id, 1, clock.now())
        found = await list_vote_signals(db, ann, forum_id)
        (ring,) = found.rings
        assert {(one.user.id, one.inside, one.given) for one in ring.people} == {
            (bob.id, ENOUGH, ENOUGH),
            (eve.id, ENOUGH, ENOUGH),
        }
        with pytest.raises(NotModerator):
            await list_vote_signals(db, eve, forum_id)

    async def test_names_bursts_of_new_accounts(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum_id = await plaza.found(db, ann)
        odd, slow, old = [await plaza.post(db, bob, forum_id) for _ in range(3)]
        now = clock.now()
        for n in range(12):
            new = await make_actor(db, "new")
            known = await make_actor(db, "known", at=now - timedelta(days=100))
            await db.value(CAST, odd, new.id, forum_id, 1, now + timedelta(seconds=2 * n))
            await db.value(CAST, slow, new.id, forum_id, 1, now + timedelta(minutes=2 * n))
            await db.value(CAST, old, known.id, forum_id, 1, now + timedelta(seconds=2 * n))
        (burst,) = (await list_vote_signals(db, ann, forum_id)).bursts
        assert (burst.item_kind, burst.item_id) == ("post", odd)
        assert burst.votes >= burst.from_new >= 12
        assert burst.seconds <= 60

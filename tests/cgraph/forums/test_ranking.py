"""The formulas, against their vectors and against PostgreSQL's."""

import random
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.forums import ranking
from cgraph_kit.db import Transaction

AT = 1_700_000_000
votes = st.integers(0, 1_000_000)
hours = st.floats(0.01, 10_000)


class TestHot:
    @pytest.mark.parametrize(
        ("u", "d", "rank"),
        [(100, 20, 12579.0585789), (0, 0, 12577.1554889), (5, 15, 12576.1554889)],
    )
    def test_is_what_reddit_computes(self, u: int, d: int, rank: float) -> None:
        assert ranking.hot(u, d, AT) == rank

    def test_an_hour_is_worth_eight_hundredths(self) -> None:
        assert ranking.hot(10, 3, AT + 3600) - ranking.hot(10, 3, AT) == pytest.approx(0.08)

    def test_ten_times_the_votes_are_worth_twelve_and_a_half_hours(self) -> None:
        assert ranking.hot(100, 0, AT) == ranking.hot(10, 0, AT + 45_000)

    def test_a_forum_may_count_time_otherwise(self) -> None:
        assert ranking.hot(100, 0, AT, epoch=AT, seconds=90_000) == 2.0
        assert ranking.hot(1, 0, AT + 90_000, epoch=AT, seconds=90_000) == 1.0

    @given(votes, votes, st.integers(0, 4_000_000_000))
    def test_a_vote_more_never_lowers_it(self, u: int, d: int, at: int) -> None:
        assert ranking.hot(u, d + 1, at) <= ranking.hot(u, d, at) <= ranking.hot(u + 1, d, at)

    @given(votes, votes, st.integers(0, 4_000_000_000), st.integers(1, 10_000_000))
    def test_the_newer_of_two_equals_stands_higher(
        self, u: int, d: int, at: int, later: int
    ) -> None:
        assert ranking.hot(u, d, at) < ranking.hot(u, d, at + later)


class TestBest:
    @pytest.mark.parametrize(
        ("u", "d", "rank"),
        [
            (1, 0, 0.378448),
            (10, 0, 0.858931),
            (10, 1, 0.739495),
            (100, 40, 0.663092),
            (1, 1, 0.164252),
            (0, 5, 0),
            (0, 0, 0),
        ],
    )
    def test_is_wilsons_lower_bound(self, u: int, d: int, rank: float) -> None:
        assert ranking.best(u, d) == pytest.approx(rank, abs=6e-7)

    def test_a_few_that_agree_stand_above_many_that_do_not(self) -> None:
        assert ranking.best(10, 0) > ranking.best(100, 40)

    @given(votes, votes)
    def test_a_vote_more_never_lowers_it(self, u: int, d: int) -> None:
        rank = ranking.best(u, d)
        assert 0 <= rank < 1
        assert ranking.best(u + 1, d) >= rank
        assert ranking.best(u, d + 1) <= rank + 1e-12


class TestControversy:
    @pytest.mark.parametrize(
        ("u", "d", "rank"),
        [(10, 0, 0), (0, 10, 0), (10, 10, 20), (100, 50, 12.247449), (5000, 4800, 6785.424658)],
    )
    def test_is_what_reddit_computes(self, u: int, d: int, rank: float) -> None:
        assert ranking.controversy(u, d) == pytest.approx(rank, abs=6e-7)

    def test_balance_counts_for_more_than_numbers(self) -> None:
        assert ranking.controversy(10, 10) > ranking.controversy(100, 50)

    @given(st.integers(1, 10_000), st.integers(1, 10_000))
    def test_either_side_may_be_the_larger(self, u: int, d: int) -> None:
        assert ranking.controversy(u, d) == ranking.controversy(d, u)

    @given(st.integers(1, 10_000), st.integers(1, 10_000))
    def test_a_vote_towards_balance_never_lowers_it(self, u: int, d: int) -> None:
        if u < d:
            assert ranking.controversy(u + 1, d) > ranking.controversy(u, d)


class TestLemmyHot:
    @pytest.mark.parametrize(
        ("score", "age", "rank"),
        [
            (1, 1, 0.06604052),
            (10, 1, 0.14937439),
            (100, 5, 0.06049466),
            (100, 24, 0.00570087),
            (-5, 1, 0.04166693),
            (1000, 168, 0),
            (1000, 0, 0),
        ],
    )
    def test_is_what_lemmy_computes(self, score: int, age: float, rank: float) -> None:
        assert ranking.lemmy_hot(score, age) == pytest.approx(rank, abs=6e-9)

    @given(st.integers(-1000, 1_000_000), hours)
    def test_rises_with_votes_and_fades_with_age(self, score: int, age: float) -> None:
        rank = ranking.lemmy_hot(score, age)
        assert ranking.lemmy_hot(score + 1, age) >= rank
        assert ranking.lemmy_hot(score, age + 1) <= rank


class TestScaled:
    @pytest.mark.parametrize(("monthly", "rank"), [(5, 0.17675391), (50_000, 0.03178863)])
    def test_lets_small_forums_be_seen(self, monthly: int, rank: float) -> None:
        assert ranking.scaled(10, 1, monthly) == pytest.approx(rank, abs=6e-9)


class TestRising:
    def test_is_what_was_gained_for_its_age(self) -> None:
        assert ranking.rising(12, 2) == 3
        assert ranking.rising(12, 0) == 6

    def test_what_falls_does_not_rise(self) -> None:
        assert ranking.rising(-4, 1) == 0

    @given(st.integers(-1000, 100_000), hours)
    def test_rises_with_votes_and_fades_with_age(self, gained: int, age: float) -> None:
        rank = ranking.rising(gained, age)
        assert ranking.rising(gained + 1, age) >= rank >= ranking.rising(gained, age + 1)


class TestHackerNews:
    @pytest.mark.parametrize(
        ("points", "age", "rank"), [(50, 2, 1.85544839), (200, 10, 0.78805444), (1, 3, 0)]
    )
    def test_is_what_hacker_news_computes(self, points: int, age: float, rank: float) -> None:
        assert ranking.hacker_news(points, age) == pytest.approx(rank, abs=6e-9)


class TestCountsAsActivity:
    @pytest.mark.parametrize(
        ("by_author", "age", "counts"),
        [(False, 1, True), (False, 47.9, True), (False, 48, False), (True, 1, False)],
    )
    def test_leaves_out_authors_and_what_is_old(
        self, by_author: bool, age: float, counts: bool
    ) -> None:
        assert ranking.counts_as_activity(by_author=by_author, hours=age) is counts


class Ranked(msgspec.Struct, frozen=True):
    u: int
    d: int
    at: datetime
    epoch: int
    seconds: int
    hot: float
    best: float
    controversy: float


SQL = """
SELECT u, d, at, e, s, rank_hot(u, d, at, e, s), rank_best(u, d), rank_controversy(u, d)
FROM unnest($1::int[], $2::int[], $3::timestamptz[], $4::bigint[], $5::int[]) i (u, d, at, e, s)
"""


class TestInTheDatabase:
    async def test_every_rank_is_the_same_there(self, db: Transaction) -> None:
        chance = random.Random(11)  # noqa: S311

        def some(n: int) -> list[int]:
            return [int(10 ** chance.uniform(0, 5)) - 1 for _ in range(n)]

        n = 5000
        times = [datetime.fromtimestamp(chance.uniform(0, 4e9), UTC) for _ in range(n)]
        epochs = [chance.choice([ranking.HOT_EPOCH, 0, 1_700_000_000]) for _ in range(n)]
        seconds = [chance.choice([ranking.HOT_SECONDS, 3600, 1]) for _ in range(n)]
        rows = await db.all(Ranked, SQL, some(n), some(n), times, epochs, seconds)
        for row in rows:
            at = row.at.timestamp()
            hot = ranking.hot(row.u, row.d, at, epoch=row.epoch, seconds=row.seconds)
            assert row.hot == pytest.approx(hot, rel=1e-15, abs=1e-7)
            assert row.best == pytest.approx(ranking.best(row.u, row.d), rel=1e-12)
            assert row.controversy == pytest.approx(ranking.controversy(row.u, row.d), rel=1e-12)

    async def test_it_orders_the_same(self, db: Transaction) -> None:
        pairs = [(u, d) for u in range(25) for d in range(25)]
        us, ds = zip(*pairs, strict=True)
        n = len(pairs)
        at = datetime.fromtimestamp(AT, UTC)
        args = us, ds, [at] * n, [ranking.HOT_EPOCH] * n, [ranking.HOT_SECONDS] * n
        rows = await db.all(Ranked, f"{SQL} ORDER BY 7 DESC", *args)
        assert all(ranking.best(a.u, a.d) >= ranking.best(b.u, b.d) for a, b in pairwise(rows))

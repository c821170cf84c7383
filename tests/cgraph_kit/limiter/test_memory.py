import asyncio
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph_kit.limiter import Limit, MemoryLimiter

FIVE = Limit("five", 5, 300)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> MemoryLimiter:
    return MemoryLimiter(clock=clock)


class TestCheck:
    async def test_allows_all_at_once_then_says_when_again(self, limiter: MemoryLimiter) -> None:
        answers = [await limiter.check("ann", FIVE) for _ in range(6)]
        assert [answer.allowed for answer in answers] == [True] * 5 + [False]
        assert [answer.remaining for answer in answers] == [4, 3, 2, 1, 0, 0]
        assert answers[5].retry_after == pytest.approx(60)
        assert answers[5].reset_after == pytest.approx(300)

    async def test_waiting_as_told_is_enough(self, limiter: MemoryLimiter, clock: Clock) -> None:
        while (answer := await limiter.check("ann", FIVE)).allowed:
            pass
        clock.now += answer.retry_after
        assert (await limiter.check("ann", FIVE)).allowed
        assert not (await limiter.check("ann", FIVE)).allowed

    async def test_keys_and_limits_do_not_mix(self, limiter: MemoryLimiter) -> None:
        await limiter.check("ann", FIVE, 5)
        assert (await limiter.check("bob", FIVE)).allowed
        assert (await limiter.check("ann", Limit("other", 1, 60))).allowed

    async def test_a_cost_is_taken_whole_or_not_at_all(self, limiter: MemoryLimiter) -> None:
        await limiter.check("ann", FIVE, 3)
        assert not (await limiter.check("ann", FIVE, 3)).allowed
        assert (await limiter.check("ann", FIVE, 2)).allowed

    async def test_a_cost_above_the_limit_is_a_bug(self, limiter: MemoryLimiter) -> None:
        with pytest.raises(ValueError, match="exceeds"):
            await limiter.check("ann", FIVE, 6)

    async def test_gives_units_back_but_never_more_than_all(self, limiter: MemoryLimiter) -> None:
        await limiter.check("ann", FIVE, 5)
        await limiter.check("ann", FIVE, -1)
        assert (await limiter.check("ann", FIVE)).allowed
        await limiter.check("ann", FIVE, -5)
        assert (await limiter.check("ann", FIVE, -5)).remaining == 5

    async def test_looking_takes_nothing(self, limiter: MemoryLimiter) -> None:
        await limiter.check("ann", FIVE, 2)
        assert (await limiter.check("ann", FIVE, 0)).remaining == 3
        assert (await limiter.check("ann", FIVE, 0)).remaining == 3

    async def test_parallel_callers_never_get_more(self, limiter: MemoryLimiter) -> None:
        answers = await asyncio.gather(*(limiter.check("ann", FIVE) for _ in range(50)))
        assert sum(answer.allowed for answer in answers) == 5

    @given(
        count=st.integers(1, 20),
        seconds=st.integers(1, 600),
        steps=st.lists(st.tuples(st.integers(0, 200), st.integers(-2, 3)), max_size=60),
    )
    def test_is_a_token_bucket(
        self, count: int, seconds: int, steps: list[tuple[int, int]]
    ) -> None:
        """The same answers as a bucket of `count` tokens that refills evenly, in exact arithmetic."""
        clock = Clock()
        limiter = MemoryLimiter(clock=clock)
        limit = Limit("x", count, seconds)
        tokens = Fraction(count)
        for wait, cost in steps:
            clock.now += wait
            tokens = min(Fraction(count), tokens + Fraction(wait * count, seconds))
            asked = min(cost, count)
            answer = limiter.check_now("ann", limit, asked)
            allowed = asked <= tokens or asked <= 0
            if allowed:
                tokens = min(Fraction(count), tokens - asked)
            assert answer.allowed == allowed
            assert answer.remaining == int(tokens)
            assert answer.reset_after == pytest.approx(float((count - tokens) * seconds / count))


class TestForget:
    async def test_gives_everything_back(self, limiter: MemoryLimiter) -> None:
        await limiter.check("ann", FIVE, 5)
        await limiter.forget("ann", FIVE)
        assert (await limiter.check("ann", FIVE, 5)).allowed


class TestMemory:
    async def test_unused_keys_cost_nothing(self, clock: Clock) -> None:
        limiter = MemoryLimiter(max_keys=10, clock=clock)
        for name in range(10):
            await limiter.check(str(name), FIVE)
        clock.now += 300
        await limiter.check("late", FIVE)
        assert len(limiter) == 1

    async def test_a_flood_of_keys_does_not_free_the_limited(self, clock: Clock) -> None:
        limiter = MemoryLimiter(max_keys=100, clock=clock)
        await limiter.check("limited", FIVE, 5)
        for name in range(1000):
            await limiter.check(f"flood-{name}", FIVE)
        assert not (await limiter.check("limited", FIVE)).allowed
        assert len(limiter) <= 101

"""What memory can promise beyond the contract: exactness, and bounds on what it keeps."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph_kit.limiter import Limit, MemoryLimiter
from support.counting import Clock

FIVE = Limit("five", 5, 300)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestCheck:
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

"""What every adapter promises."""

import asyncio
import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgraph_kit.ids import new_id
from cgraph_kit.limiter import Limit, Limiter

FIVE = Limit("five", 5, 300)


def about(seconds: float) -> Any:
    """Real time passes too while a test runs."""
    return pytest.approx(seconds, abs=5)


class TestCheck:
    async def test_allows_all_at_once_then_says_when_again(self, limiter: Limiter) -> None:
        answers = [await limiter.check("ann", FIVE) for _ in range(6)]
        assert [answer.allowed for answer in answers] == [True] * 5 + [False]
        assert [answer.remaining for answer in answers] == [4, 3, 2, 1, 0, 0]
        assert [answer.retry_after for answer in answers] == [0, 0, 0, 0, 0, about(60)]
        assert [answer.reset_after for answer in answers] == [
            *(about(60), about(120), about(180), about(240), about(300), about(300))
        ]

    async def test_waiting_as_told_is_enough(self, limiter: Limiter, counting: Any) -> None:
        while (answer := await limiter.check("ann", FIVE)).allowed:
            pass
        await counting.wait(answer.retry_after)
        assert (await limiter.check("ann", FIVE)).allowed
        assert not (await limiter.check("ann", FIVE)).allowed

    async def test_waiting_less_is_not(self, limiter: Limiter, counting: Any) -> None:
        while (answer := await limiter.check("ann", FIVE)).allowed:
            pass
        await counting.wait(answer.retry_after - 30)
        again = await limiter.check("ann", FIVE)
        assert (again.allowed, again.retry_after) == (False, about(30))

    async def test_all_of_it_comes_back(self, limiter: Limiter, counting: Any) -> None:
        await limiter.check("ann", FIVE, 5)
        await counting.wait(1000)
        assert (await limiter.check("ann", FIVE, 5)).allowed
        assert not (await limiter.check("ann", FIVE)).allowed

    async def test_keys_and_limits_do_not_mix(self, limiter: Limiter) -> None:
        await limiter.check("ann", FIVE, 5)
        assert (await limiter.check("bob", FIVE)).allowed
        assert (await limiter.check("ann", Limit("other", 1, 60))).allowed

    async def test_a_cost_is_taken_whole_or_not_at_all(self, limiter: Limiter) -> None:
        await limiter.check("ann", FIVE, 3)
        refused = await limiter.check("ann", FIVE, 3)
        assert (refused.allowed, refused.remaining, refused.retry_after) == (False, 2, about(60))
        assert (await limiter.check("ann", FIVE, 2)).allowed

    async def test_a_cost_above_the_limit_is_a_bug(self, limiter: Limiter) -> None:
        with pytest.raises(ValueError, match="exceeds"):
            await limiter.check("ann", FIVE, 6)

    async def test_gives_units_back_but_never_more_than_all(self, limiter: Limiter) -> None:
        await limiter.check("ann", FIVE, 5)
        await limiter.check("ann", FIVE, -1)
        assert (await limiter.check("ann", FIVE)).allowed
        await limiter.check("ann", FIVE, -5)
        assert (await limiter.check("ann", FIVE, -5)).remaining == 5

    async def test_looking_takes_nothing(self, limiter: Limiter) -> None:
        await limiter.check("ann", FIVE, 2)
        assert (await limiter.check("ann", FIVE, 0)).remaining == 3
        assert (await limiter.check("ann", FIVE, 0)).remaining == 3

    async def test_parallel_callers_never_get_more(self, limiter: Limiter) -> None:
        answers = await asyncio.gather(*(limiter.check("ann", FIVE) for _ in range(50)))
        assert sum(answer.allowed for answer in answers) == 5

    async def test_who_does_not_wait_for_the_answer_harms_nobody(self, limiter: Limiter) -> None:
        asking = [asyncio.create_task(limiter.check("ann", FIVE)) for _ in range(3)]
        await asyncio.sleep(0)
        asking[0].cancel()
        await asyncio.wait(asking)
        assert all(task.result().allowed for task in asking[1:])
        assert (await limiter.check("bob", FIVE)).remaining == 4

    async def test_a_wide_key_is_a_key_like_any_other(self, limiter: Limiter) -> None:
        key = "ünïcode \r\n*1 " * 100
        assert (await limiter.check(key, FIVE)).remaining == 4
        assert (await limiter.check(key, FIVE)).remaining == 3

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        count=st.integers(1, 20),
        seconds=st.integers(60, 600),
        steps=st.lists(st.tuples(st.integers(0, 200), st.integers(-2, 3)), max_size=30),
    )
    async def test_is_a_token_bucket(
        self, counting: Any, count: int, seconds: int, steps: list[tuple[int, int]]
    ) -> None:
        """A bucket of `count` tokens that refills evenly; how much time really passes is known only within bounds."""
        limit, key, check = Limit("x", count, seconds), new_id().hex, counting.limiter.check
        began, passed, least = time.monotonic(), 0, Fraction(count)
        for wait, cost in steps:
            await counting.wait(wait)
            passed += wait
            asked = min(cost, count)
            least = min(Fraction(count), least + Fraction(wait * count, seconds))
            answer = await check(key, limit, asked)
            most = least + Fraction(time.monotonic() - began + 0.01) * count / seconds
            if answer.allowed:
                assert asked <= max(0, most)
                least = min(Fraction(count), least - asked)
                most -= asked
            else:
                assert asked > least
            assert int(least) - 1 <= answer.remaining <= max(0, int(most))
            assert answer.remaining <= count


class TestForget:
    async def test_gives_everything_back(self, limiter: Limiter) -> None:
        await limiter.check("ann", FIVE, 5)
        await limiter.forget("ann", FIVE)
        assert (await limiter.check("ann", FIVE, 5)).allowed

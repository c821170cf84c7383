import pytest

from cgraph_kit.limiter import Limit, MemoryLimiter, ObservedLimiter, Unlimited

TWO = Limit("two", 2, 600)


class TestObservedLimiter:
    async def test_tells_of_every_refusal(self) -> None:
        limited: list[Limit] = []
        limiter = ObservedLimiter(MemoryLimiter(), limited.append)
        answers = [await limiter.check("ann", TWO) for _ in range(4)]
        assert [answer.allowed for answer in answers] == [True, True, False, False]
        assert limited == [TWO, TWO]
        await limiter.forget("ann", TWO)
        assert (await limiter.check("ann", TWO)).allowed

    async def test_a_dry_run_allows_all_the_same(self) -> None:
        limited: list[Limit] = []
        limiter = ObservedLimiter(MemoryLimiter(), limited.append, enforce=False)
        answers = [await limiter.check("ann", TWO) for _ in range(4)]
        assert [(answer.allowed, answer.retry_after) for answer in answers] == [(True, 0)] * 4
        assert answers[-1].remaining == 0
        assert answers[-1].reset_after == pytest.approx(600, abs=5)
        assert limited == [TWO, TWO]


class TestUnlimited:
    async def test_allows_everything(self) -> None:
        limiter = Unlimited()
        await limiter.forget("ann", TWO)
        for _ in range(5):
            answer = await limiter.check("ann", TWO)
            assert (answer.allowed, answer.remaining, answer.retry_after) == (True, 2, 0)

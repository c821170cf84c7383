import asyncio
import time
from collections.abc import Iterator

import pytest

from cgraph.accounts import Hasher
from cgraph_kit.errors import Unavailable

PASSWORD = "correct horse battery"


@pytest.fixture
def slow() -> Iterator[Hasher]:
    """One thread and room for two."""
    hasher = Hasher(time_cost=2, memory_kib=19_456, threads=1, waiting=2)
    yield hasher
    hasher.close()


class TestHash:
    async def test_is_argon2id_with_a_salt_of_its_own(self, hasher: Hasher) -> None:
        one, other = await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)
        assert one.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert one != other


class TestVerify:
    async def test_knows_right_from_wrong(self, hasher: Hasher) -> None:
        hash = await hasher.hash(PASSWORD)
        assert await hasher.verify(hash, PASSWORD)
        assert not await hasher.verify(hash, PASSWORD + "!")
        assert not await hasher.verify(hash, "")

    async def test_composed_differently_is_the_same_password(self, hasher: Hasher) -> None:
        assert await hasher.verify(await hasher.hash("cafe\u0301 noir"), "caf\u00e9 noir")

    async def test_nobody_s_hash_is_worked_on_all_the_same(self, hasher: Hasher) -> None:
        before = hasher.verified
        assert not await hasher.verify(None, PASSWORD)
        assert hasher.verified == before + 1

    async def test_nobody_s_hash_takes_as_long(self, slow: Hasher) -> None:
        """The decoy has today's parameters, so Argon2 does the same work."""
        hash = await slow.hash(PASSWORD)
        assert not slow.outdated(slow._decoy)
        assert len(slow._decoy) == len(hash)

    async def test_a_hash_that_is_none_is_never_right(
        self, hasher: Hasher, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert not await hasher.verify("$2b$12$notargon", PASSWORD)
        assert "cannot be read" in caplog.text


class TestOutdated:
    async def test_tells_when_parameters_have_changed(self, hasher: Hasher, slow: Hasher) -> None:
        assert slow.outdated(await hasher.hash(PASSWORD))
        assert not hasher.outdated(await hasher.hash(PASSWORD))


class TestQueue:
    async def test_is_bounded(self, slow: Hasher) -> None:
        answers = await asyncio.gather(
            *(slow.hash(PASSWORD) for _ in range(5)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Unavailable)]
        assert len(refused) == 3
        assert refused[0].retry_after > 0
        assert await slow.hash(PASSWORD)

    async def test_a_caller_who_leaves_still_holds_its_place(self, slow: Hasher) -> None:
        slow._waiting = 1
        task = asyncio.create_task(slow.hash(PASSWORD))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(Unavailable):
            await slow.hash(PASSWORD)

    async def test_the_loop_goes_on_meanwhile(self, slow: Hasher) -> None:
        task = asyncio.create_task(slow.hash(PASSWORD))
        ticks = 0
        deadline = time.monotonic() + 5
        while not task.done() and time.monotonic() < deadline:
            await asyncio.sleep(0)
            ticks += 1
        assert ticks > 10
        assert await task

import asyncio
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from cgraph_kit.engines import ValkeyServer
from cgraph_kit.errors import Unavailable
from cgraph_kit.limiter import Limit
from cgraph_kit.limiter.valkey import ValkeyLimiter

FIVE = Limit("five", 5, 300)


@asynccontextmanager
async def limiting(url: str, **options: Any) -> AsyncIterator[ValkeyLimiter]:
    limiter = await ValkeyLimiter.connect(url, **options)
    try:
        yield limiter
    finally:
        await limiter.close()


async def answers_again(limiter: ValkeyLimiter, key: str = "probe") -> None:
    """Returns once the limiter has found its server."""
    async with asyncio.timeout(20):
        while True:
            try:
                await limiter.check(key, FIVE, 0)
            except Unavailable:
                await asyncio.sleep(0.01)
            else:
                return


@pytest.fixture
def link() -> Iterator[Path]:
    """Where a server is found that is elsewhere after each start."""
    directory = Path(tempfile.mkdtemp(prefix="limiter-"))
    yield directory / "s"
    shutil.rmtree(directory)


def linked(server: ValkeyServer, link: Path) -> str:
    link.unlink(missing_ok=True)
    link.symlink_to(server.socket_dir)
    return f"unix://{link}/{server.socket_name}"


class TestConnect:
    async def test_says_that_nobody_answers(self, tmp_path: Path) -> None:
        with pytest.raises(ConnectionError, match="no Valkey server answers"):
            await ValkeyLimiter.connect(f"unix://{tmp_path}/nobody.sock")


class TestCheck:
    async def test_nodes_share_one_count(self, valkey: ValkeyServer) -> None:
        async with limiting(valkey.url) as one, limiting(valkey.url) as other:
            asked = [limiter.check("shared", FIVE) for limiter in (one, other) for _ in range(20)]
            answers = await asyncio.gather(*asked)
            assert sum(answer.allowed for answer in answers) == 5

    async def test_installations_with_prefixes_of_their_own_do_not(
        self, valkey: ValkeyServer
    ) -> None:
        async with (
            limiting(valkey.url, prefix="a:") as one,
            limiting(valkey.url, prefix="b:") as other,
        ):
            await one.check("same", FIVE, 5)
            assert (await other.check("same", FIVE)).allowed

    async def test_nothing_is_kept_longer_than_it_matters(self, valkey: ValkeyServer) -> None:
        async with limiting(valkey.url, prefix="kept:") as limiter:
            await limiter.check("ann", FIVE, 2)
            async with redis.asyncio.from_url(valkey.url) as server:
                assert 0 < await server.pttl("kept:five:ann") <= 120_000
                await limiter.check("ann", FIVE, -2)
                assert not await server.exists("kept:five:ann")

    async def test_a_shorter_period_counts_at_once(self, valkey: ValkeyServer) -> None:
        async with limiting(valkey.url) as limiter:
            await limiter.check("strict", Limit("changed", 1, 86_400))
            refused = await limiter.check("strict", Limit("changed", 1, 60))
            assert 0 < refused.retry_after <= 60

    async def test_goes_on_when_the_scripts_are_flushed(self, valkey: ValkeyServer) -> None:
        async with limiting(valkey.url) as limiter:
            await limiter.check("flushed", FIVE)
            async with redis.asyncio.from_url(valkey.url) as server:
                await server.script_flush()
            assert (await limiter.check("flushed", FIVE)).remaining == 3
            assert (await limiter.check("flushed", FIVE)).remaining == 2

    async def test_a_server_that_refuses_is_away(
        self, mortal: ValkeyServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with limiting(mortal.url) as limiter:
            async with redis.asyncio.from_url(mortal.url) as server:
                await server.config_set("maxmemory", 1)
            with pytest.raises(Unavailable):
                await limiter.check("ann", FIVE)
        assert "server refuses: command not allowed" in caplog.text

    async def test_is_away_while_the_server_is_and_back_when_it_is(
        self, mortal: ValkeyServer, link: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with limiting(linked(mortal, link)) as limiter:
            await limiter.check("ann", FIVE)
            await asyncio.to_thread(mortal.stop)
            with pytest.raises(Unavailable) as away:
                await limiter.check("ann", FIVE)
            assert away.value.retry_after == 1
            with pytest.raises(Unavailable):
                await limiter.forget("ann", FIVE)
            await asyncio.to_thread(mortal.start)
            linked(mortal, link)
            await answers_again(limiter)
            assert (await limiter.check("ann", FIVE)).remaining == 4
        assert "server is away" in caplog.text

    async def test_a_silent_server_is_away(
        self, mortal: ValkeyServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        async with limiting(mortal.url, patience=0.05) as limiter:
            os.kill(mortal.pid, signal.SIGSTOP)
            try:
                with pytest.raises(Unavailable):
                    await limiter.check("ann", FIVE)
            finally:
                os.kill(mortal.pid, signal.SIGCONT)
            await answers_again(limiter)
        assert "server is silent" in caplog.text
        assert "server is back" in caplog.text

    async def test_an_idle_connection_is_not_a_silent_one(self, valkey: ValkeyServer) -> None:
        async with limiting(valkey.url, patience=0.2) as limiter:
            await asyncio.sleep(0.5)  # several looks
            assert (await limiter.check("idle", FIVE)).allowed

    async def test_nobody_can_ask_a_closed_one(self, valkey: ValkeyServer) -> None:
        async with limiting(valkey.url) as limiter:
            pass
        with pytest.raises(Unavailable):
            await limiter.check("ann", FIVE)

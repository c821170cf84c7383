import os
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from cgraph_kit.engines import AlreadyRunning, StartFailed, ValkeyServer, embedded_valkey, server

Eventually = Callable[[Callable[[], bool]], bool]


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    return False


@pytest.fixture
def valkey(place: Path) -> Iterator[ValkeyServer]:
    running = ValkeyServer(place / "data", persist=True).start()
    yield running
    running.stop()


class TestStart:
    def test_answers_on_a_private_socket_only(self, valkey: ValkeyServer) -> None:
        with redis.from_url(valkey.url, decode_responses=True) as client:
            assert client.ping()
            assert client.config_get("port") == {"port": "0"}
            assert client.info("server")["redis_version"]
        assert stat.S_IMODE(valkey.socket_dir.stat().st_mode) == 0o700
        assert Path(f"/proc/{valkey.pid}").stat().st_uid == valkey.socket_dir.stat().st_uid
        assert os.geteuid() != 0 or valkey.socket_dir.stat().st_uid != 0

    @pytest.mark.parametrize(("persist", "kept"), [(True, "1"), (False, None)])
    def test_keeps_what_it_is_told_to(self, place: Path, persist: bool, kept: str | None) -> None:
        for expected in (None, kept):
            running = ValkeyServer(place, persist=persist).start()
            with redis.from_url(running.url, decode_responses=True) as client:
                assert client.get("n") == expected
                client.set("n", "1")
            running.stop()

    def test_is_refused_a_second_time_and_harms_nothing(self, valkey: ValkeyServer) -> None:
        with pytest.raises(AlreadyRunning) as refusal:
            ValkeyServer(valkey.data_dir).start()
        assert refusal.value.pid == os.getpid()
        with redis.from_url(valkey.url) as client:
            assert client.ping()

    def test_shows_the_log_when_the_server_refuses(self, valkey: ValkeyServer) -> None:
        valkey.stop()
        for file in (valkey.data_dir / "data" / "appendonlydir").glob("*.manifest"):
            file.write_text("broken\n")
        with pytest.raises(StartFailed, match="manifest"):
            valkey.start()


class TestStop:
    def test_leaves_nothing_and_may_be_repeated(self, valkey: ValkeyServer) -> None:
        valkey.stop()
        valkey.stop()
        assert not alive(valkey.pid)
        assert not valkey.socket_dir.exists()


class TestKilledManager:
    def test_takes_the_server_along_and_loses_nothing(
        self, place: Path, serve: Any, eventually: Eventually
    ) -> None:
        running = serve("valkey", place, persist=True)
        with redis.Redis(unix_socket_path=str(running.socket_dir / "valkey.sock")) as client:
            client.mset({f"key{number}": number for number in range(1000)})
        running.kill()
        assert eventually(lambda: not alive(running.pid))
        again = ValkeyServer(place, persist=True).start()
        with redis.from_url(again.url) as client:
            assert client.dbsize() == 1000
        assert not running.socket_dir.exists()
        again.stop()

    def test_is_followed_by_a_start_that_ends_a_stuck_server(
        self, place: Path, serve: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            server, "LEFTOVER_STEPS", ((0.05, signal.SIGQUIT), (0.05, signal.SIGKILL))
        )
        running = serve("valkey", place)
        os.kill(running.pid, signal.SIGSTOP)
        running.kill()
        ValkeyServer(place).start().stop()
        assert not alive(running.pid)


class TestEmbeddedValkey:
    async def test_serves_until_the_block_ends(self, place: Path) -> None:
        async with embedded_valkey(place) as running:
            client = redis.asyncio.from_url(running.url)
            assert await client.ping()
            await client.aclose()
        assert not running.is_running

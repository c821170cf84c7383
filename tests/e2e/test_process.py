"""The command as an operator meets it: starting, stopping, interrupting, starting twice."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from support.served import PATIENCE, Person, Served, calling, launched, serving

SOON = 5.0
"""Seconds in which everything must have stopped."""


class TestServe:
    def test_says_where_everything_is(self, first_run: Any) -> None:
        assert f"{first_run.address}/api/docs" in first_run.output
        assert first_run.address.replace("http", "ws") + "/socket" in first_run.output
        assert str(first_run.path) in first_run.output
        assert "Ctrl-C" in first_run.output

    def test_is_refused_while_another_serves_the_directory(self, first_run: Any) -> None:
        assert first_run.second_status == 1
        assert str(first_run.pid) in first_run.second_complaints
        assert str(first_run.path) in first_run.second_complaints
        assert "Traceback" not in first_run.second_complaints

    async def test_says_that_the_port_is_taken_before_it_starts_anything(
        self, served: Served, empty_dir: Path
    ) -> None:
        async with launched(empty_dir, port=served.port) as second:
            assert await second.ended() == 1
        [complaint] = second.complaints
        assert f"port {served.port}" in complaint
        assert not (empty_dir / "postgres").exists()

    async def test_says_that_the_directory_is_served_where_the_port_is_taken_by_that(
        self, data_dir: Path
    ) -> None:
        async with serving(data_dir) as served, launched(data_dir, port=served.port) as second:
            assert await second.ended() == 1
        [complaint] = second.complaints
        assert f"{data_dir} is being served already" in complaint

    async def test_uses_the_database_it_is_given(self, served: Served, workspace: Path) -> None:
        async with calling(served.address) as http:
            assert (await http.get("/ready")).status_code == 200
        assert not (workspace / "shared" / "postgres").exists()


class TestLoss:
    async def test_of_the_embedded_database_ends_the_server_and_the_next_one_recovers(
        self, data_dir: Path
    ) -> None:
        async with serving(data_dir) as served, calling(served.address) as http:
            ada = await Person.register(http, "ada")
            noted = (data_dir / "postgres/cluster/postmaster.pid").read_text()
            os.kill(int(noted.split()[0]), signal.SIGKILL)
            assert await served.ended() == 1
            assert any("PostgreSQL has ended by itself" in line for line in served.complaints)
            assert not any("Traceback" in line for line in served.complaints)
        async with serving(data_dir) as served, calling(served.address) as http:
            assert (await ada.at(http).get("/me"))["username"] == ada.username


class TestStop:
    def test_is_soon_and_clean(self, first_run: Any) -> None:
        assert first_run.seconds_to_stop < SOON
        assert first_run.status == 0
        assert not (first_run.path / "postgres/cluster/postmaster.pid").exists()

    def test_tells_clients_to_come_back(self, first_run: Any) -> None:
        assert first_run.close_code == 1012

    async def test_at_any_moment_and_any_number_of_times_loses_nothing(
        self, data_dir: Path
    ) -> None:
        async with launched(data_dir) as starting:
            async with asyncio.timeout(PATIENCE):
                while not (data_dir / "postgres/cluster/postmaster.pid").exists():
                    assert starting.process.returncode is None, starting.complaints
                    await asyncio.sleep(0.005)
            starting.interrupt()
            assert await starting.ended(SOON) != 0
            assert not any("Traceback" in line for line in starting.complaints)
        async with serving(data_dir) as served, calling(served.address) as http:
            ada = await Person.register(http, "ada")
            async with asyncio.timeout(SOON):
                while served.process.returncode is None:
                    served.interrupt()
                    await asyncio.sleep(0.02)
            assert served.process.returncode == 0
            assert not any("Traceback" in line for line in served.complaints)
        async with serving(data_dir) as served, calling(served.address) as http:
            assert (await ada.at(http).get("/me"))["username"] == ada.username

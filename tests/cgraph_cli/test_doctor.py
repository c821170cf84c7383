"""`cgraph doctor`."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Run = Callable[..., Awaitable[Any]]


def lines(ran: Any) -> dict[str, str]:
    """Level by what was looked at."""
    levels = ("ok ", "warn ", "fail ")
    found = [line.split(None, 1) for line in ran.out.splitlines() if line.startswith(levels)]
    return {rest.split("  ")[0]: level for level, rest in found}


class TestDoctor:
    async def test_a_healthy_node(
        self, cgraph: Run, clones: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", await clones.make())
        ran = await cgraph("doctor")
        assert ran.code == 0
        found = lines(ran)
        found.pop("open files")  # is this machine's: an ordinary user may have few
        assert set(found.values()) == {"ok"}
        expected = "settings, data directory, port, database, migrations, clock, valkey"
        expected += (
            ", storage, pg_dump, backups, mail, push, search, search lag, search index, images"
        )
        assert set(expected.split(", ")) <= set(found)

    async def test_what_fails_makes_the_status_and_says_what_to_do(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VALKEY_URL", "redis://127.0.0.1:1")
        ran = await cgraph("doctor")
        assert ran.code == 1
        assert lines(ran)["valkey"] == "fail"
        assert "→ start it" in ran.out

    async def test_every_unusable_setting_is_a_line(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CGRAPH_ENV", "prod")
        monkeypatch.setenv("POOL_SIZE", "many")
        ran = await cgraph("doctor")
        assert ran.code == 1
        assert "POOL_SIZE" in ran.out

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("CGRAPH_QUEUES", '{"mial": 5}'),
            ("CGRAPH_RATE_LIMIT_OVERRIDES", '{"users.sow": "1/min"}'),
        ],
    )
    async def test_a_name_that_nothing_has_is_a_line_and_no_start(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        ran = await cgraph("doctor")
        assert ran.code == 1
        assert f"{name}: " in ran.out
        started = await cgraph("serve")
        assert started.code == 2
        assert f"{name}: " in started.err

    async def test_comes_in_from_outside_where_it_is_told_to(self, cgraph: Run) -> None:
        ran = await cgraph("doctor", "--url", "http://127.0.0.1:1")
        assert ran.code == 1
        assert lines(ran)["public address"] == "fail"

    async def test_an_embedded_database_is_not_made_by_looking(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DATABASE_URL")
        assert "will be made by the first start" in (await cgraph("doctor")).out
        await cgraph("migrate")
        assert lines(await cgraph("doctor"))["migrations"] == "ok"

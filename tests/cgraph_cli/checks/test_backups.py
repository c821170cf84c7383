"""The store and the backups, looked at."""

from datetime import timedelta
from pathlib import Path

import pytest

from cgraph.backups import Manifest, Verification
from cgraph.backups.manifest import write_manifest, write_verification
from cgraph.settings import Settings
from cgraph_cli.checks import backups
from cgraph_cli.checks.finding import Finding
from cgraph_kit import clock
from cgraph_kit.dump import Facts
from cgraph_kit.storage import LocalStorage

PROD = {
    "env": "prod",
    "phx_host": "chat.example.org",
    "secret_key_base": "k" * 32,
    "jwt_secret": "j" * 32,
    "database_url": "postgresql://db.example.org/cgraph",
}


def settings(path: Path, **given: object) -> Settings:
    return Settings(data_dir=path, **given)  # type: ignore[arg-type]


def entries(path: Path) -> list[str]:
    return [entry.name for entry in path.iterdir()]


async def keep(path: Path, *, hours: float, passed: bool | None = True) -> None:
    """A backup that is so old."""
    storage, at = LocalStorage(path / "storage"), clock.now() - timedelta(hours=hours)
    id = f"{at:%Y%m%dT%H%M%SZ}-0000"
    await write_manifest(
        storage, Manifest(id, at, "0", "18", "18", 1, "", 1.0, Facts([], {}, 0, 0))
    )
    if passed is not None:
        problems = [] if passed else ["public.users has 1 rows, not 2"]
        await write_verification(storage, id, Verification(at, passed, 1.0, "18", problems))


class TestStorage:
    async def look(self, given: Settings) -> list[Finding]:
        return [finding async for finding in backups.storage(given)]

    async def test_one_that_works_is_left_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "storage").mkdir()
        [found] = await self.look(settings(tmp_path))
        assert found.level == "ok"
        assert entries(tmp_path / "storage") == []

    async def test_one_that_is_not_there_yet_is_not_made(self, tmp_path: Path) -> None:
        [found] = await self.look(settings(tmp_path))
        assert "will be made" in found.state
        assert entries(tmp_path) == []

    async def test_one_that_cannot_be_written_fails(self, tmp_path: Path) -> None:
        (tmp_path / "storage").touch()
        [found] = await self.look(settings(tmp_path))
        assert found.level == "fail"

    async def test_a_bucket_that_does_not_answer_fails(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(backups, "PATIENCE", 0.2)
        given = {"s3_endpoint": "http://127.0.0.1:1", "s3_access_key": "a", "s3_secret_key": "b"}
        [found] = await self.look(settings(tmp_path, storage_url="s3://bucket", **given))
        assert found.level == "fail"

    async def test_several_nodes_must_share_it(self, tmp_path: Path) -> None:
        found = await self.look(settings(tmp_path, valkey_url="redis://localhost"))
        assert [each.level for each in found] == ["ok", "warn"]


class TestTools:
    async def test_those_that_fit(self, tmp_path: Path, dsn: str) -> None:
        found = await backups.tools(settings(tmp_path), dsn)
        assert found.level == "ok"

    async def test_none(self, tmp_path: Path, dsn: str) -> None:
        found = await backups.tools(settings(tmp_path, pg_bindir=tmp_path), dsn)
        assert found.level == "fail"
        assert "postgresql-client-" in found.state

    async def test_a_database_that_is_away(self, tmp_path: Path) -> None:
        found = await backups.tools(settings(tmp_path), "postgresql://127.0.0.1:1/none")
        assert found.level == "fail"


class TestAge:
    @pytest.mark.parametrize(("given", "level"), [({}, "ok"), (PROD, "warn")])
    async def test_none_yet(self, tmp_path: Path, given: dict[str, object], level: str) -> None:
        found = await backups.age(settings(tmp_path, **given))
        assert (found.level, "none yet" in found.state) == (level, True)
        off = await backups.age(settings(tmp_path, backup_at="off", **given))
        assert (off.level, "CGRAPH_BACKUP_AT" in off.state) == (level, True)

    @pytest.mark.parametrize(
        ("hours", "passed", "level"),
        [(3, True, "ok"), (40, True, "warn"), (3, False, "warn"), (3, None, "warn")],
    )
    async def test_the_newest(
        self, tmp_path: Path, hours: float, passed: bool | None, level: str
    ) -> None:
        await keep(tmp_path, hours=hours, passed=passed)
        assert (await backups.age(settings(tmp_path))).level == level

    async def test_one_not_yet_tried_does_not_hide_one_that_was(self, tmp_path: Path) -> None:
        await keep(tmp_path, hours=20)
        await keep(tmp_path, hours=1, passed=None)
        found = await backups.age(settings(tmp_path))
        assert (found.level, "20 h old" in found.state) == ("ok", True)

    async def test_a_damaged_one_does_not_hide_one_that_is_good(self, tmp_path: Path) -> None:
        await keep(tmp_path, hours=3)
        (tmp_path / "storage" / "backups" / "x").mkdir(parents=True)
        (tmp_path / "storage" / "backups" / "x" / "manifest.json").write_text("{")
        assert "3 h old" in (await backups.age(settings(tmp_path))).state

    async def test_a_store_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "storage").write_text("no directory")
        assert (await backups.age(settings(tmp_path))).level == "fail"

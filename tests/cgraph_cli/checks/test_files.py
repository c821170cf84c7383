"""What looks at files, looked at."""

from pathlib import Path

import pytest

from cgraph.settings import Settings
from cgraph_cli.checks import files
from cgraph_cli.checks.finding import Finding
from cgraph_kit.media import Bounds, Trial, WorkerFailed
from support.clamd import VERSION, clamd


async def scanner(settings: Settings) -> list[Finding]:
    return [finding async for finding in files.scanner(settings)]


class TestImages:
    async def test_this_machine_is_well(self) -> None:
        found = await files.images(Settings())
        assert found.level == "ok"
        assert "2 at a time with 1024 MiB each" in found.state

    @pytest.mark.parametrize(
        ("trial", "level", "said"),
        [
            (Trial("8.1.0", ["image/avif"], held=True), "fail", "not image/avif"),
            (Trial("8.1.0", [], held=False), "warn", "does not hold them to"),
        ],
    )
    async def test_what_it_lacks_is_said(
        self, monkeypatch: pytest.MonkeyPatch, trial: Trial, level: str, said: str
    ) -> None:
        async def try_out(_bounds: Bounds) -> Trial:
            return trial

        monkeypatch.setattr(files, "try_out", try_out)
        found = await files.images(Settings())
        assert (found.level, said in found.state, bool(found.advice)) == (level, True, True)

    async def test_one_that_cannot_be_started(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def try_out(_bounds: Bounds) -> Trial:
            raise WorkerFailed("ModuleNotFoundError: No module named 'pyvips'")

        monkeypatch.setattr(files, "try_out", try_out)
        found = await files.images(Settings())
        assert (found.level, "No module" in found.state) == ("fail", True)


class TestScanner:
    async def test_none_is_nothing_to_tell(self) -> None:
        assert await scanner(Settings()) == []

    async def test_one_that_answers(self, tmp_path: Path) -> None:
        async with clamd(tmp_path / "clamd") as address:
            [found] = await scanner(Settings(clamav_url=address))
        assert (found.level, found.state) == ("ok", VERSION)

    async def test_one_that_is_away(self, tmp_path: Path) -> None:
        [found] = await scanner(Settings(clamav_url=f"unix://{tmp_path}/none"))
        assert (found.level, "CGRAPH_CLAMAV_URL" in found.advice) == ("fail", True)

    async def test_one_that_takes_less_than_people_may_bring(self, tmp_path: Path) -> None:
        async with clamd(tmp_path / "clamd", most=1_000_000) as address:
            settings = Settings(clamav_url=address, file_max=2_000_000)
            version, size = await scanner(settings)
        assert (version.level, size.level) == ("ok", "fail")
        assert "StreamMaxLength" in size.advice

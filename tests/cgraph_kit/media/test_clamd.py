"""Asking a scanner, which here is a few lines that speak its protocol."""

from pathlib import Path

import pytest

from cgraph_kit.media import Scanner, ScannerAway
from support.clamd import EICAR, VERSION, clamd


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


class TestScan:
    async def test_tells_the_infected_from_others(self, tmp_path: Path, file: Path) -> None:
        async with clamd(tmp_path / "clamd") as address:
            write(file, bytes(200_000))
            assert await Scanner(address).scan(file) is None
            write(file, bytes(100_000) + EICAR + bytes(100_000))
            assert await Scanner(address).scan(file) == "Eicar-Signature"

    @pytest.mark.parametrize(
        "says", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: what?\0"]
    )
    async def test_anything_else_is_no_verdict(
        self, tmp_path: Path, file: Path, says: bytes
    ) -> None:
        write(file, b"x")
        async with clamd(tmp_path / "clamd", says=says) as address:
            with pytest.raises(ScannerAway, match="clamd"):
                await Scanner(address).scan(file)

    async def test_one_that_is_away(self, tmp_path: Path, file: Path) -> None:
        write(file, b"x")
        for address in (f"unix://{tmp_path}/none", "tcp://127.0.0.1:1"):
            with pytest.raises(ScannerAway):
                await Scanner(address).scan(file)


class TestAskVersion:
    async def test_is_told(self, tmp_path: Path) -> None:
        async with clamd(tmp_path / "clamd") as address:
            assert await Scanner(address).ask_version() == VERSION

    async def test_by_something_else(self, tmp_path: Path) -> None:
        async with clamd(tmp_path / "clamd", says=b"220 mail.example\r\n") as address:
            with pytest.raises(ScannerAway, match="220 mail"):
                await Scanner(address).ask_version()


class TestTakes:
    async def test_as_much_as_it_looks_at(self, tmp_path: Path) -> None:
        async with clamd(tmp_path / "clamd", most=200_000) as address:
            assert await Scanner(address).takes(200_000)
            assert not await Scanner(address).takes(200_001)

    async def test_one_that_hangs_up_in_the_middle(self, tmp_path: Path) -> None:
        async with clamd(tmp_path / "clamd", most=70_000) as address:
            assert not await Scanner(address).takes(50_000_000)

    async def test_one_that_is_away(self, tmp_path: Path) -> None:
        with pytest.raises(ScannerAway):
            await Scanner(f"unix://{tmp_path}/none").takes(1)


class TestScanner:
    @pytest.mark.parametrize("address", ["", "clamd", "http://localhost", "unix://", "tcp://"])
    def test_addresses_that_are_none(self, address: str) -> None:
        with pytest.raises(ValueError, match="must be tcp"):
            Scanner(address)

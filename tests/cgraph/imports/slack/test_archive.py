"""Exports are other people's files."""

import zipfile
from pathlib import Path

import pytest

from cgraph.imports.records import Unreadable
from cgraph.imports.slack import archive
from cgraph.imports.slack.archive import Refused, open_archive


def packed(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return path


class TestOpenArchive:
    def test_a_zip_and_a_directory_look_alike(self, tmp_path: Path) -> None:
        (tmp_path / "x" / "general").mkdir(parents=True)
        (tmp_path / "x" / "general" / "2020-01-01.json").write_bytes(b"[]")
        path = packed(tmp_path / "x.zip", **{"general/2020-01-01.json": b"[]"})
        for source in (path, tmp_path / "x"):
            opened = open_archive(source)
            assert opened.sizes == {"general/2020-01-01.json": 2}
            assert opened.read("general/2020-01-01.json") == b"[]"
            opened.close()

    @pytest.mark.parametrize("name", ["../out.json", "/etc/out.json", "a/../../out.json"])
    def test_names_that_lead_out_are_no_files_of_it(self, tmp_path: Path, name: str) -> None:
        opened = open_archive(packed(tmp_path / "x.zip", **{name: b"[]", "in.json": b"[]"}))
        assert list(opened.sizes) == ["in.json"]
        with pytest.raises(Refused, match="missing"):
            opened.read(name)
        opened.close()

    def test_links_out_of_a_directory_are_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "secret.json").write_bytes(b"[1]")
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "users.json").symlink_to(tmp_path / "secret.json")
        assert open_archive(tmp_path / "x").sizes == {}

    def test_links_in_a_zip_are_no_files(self, tmp_path: Path) -> None:
        link = zipfile.ZipInfo("users.json")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as target:
            target.writestr(link, "/etc/passwd")
        opened = open_archive(tmp_path / "x.zip")
        assert opened.sizes == {}
        opened.close()

    def test_a_bomb_is_refused_as_a_whole(self, tmp_path: Path) -> None:
        path = packed(tmp_path / "x.zip", **{"users.json": b"\0" * (20 * 1024 * 1024)})
        with pytest.raises(Unreadable, match="unpack"):
            open_archive(path)

    def test_a_bomb_among_honest_files_is_refused_alone(self, tmp_path: Path) -> None:
        noise = bytes(range(256)) * 300
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w") as target:
            target.writestr("users.json", noise)
            target.writestr(
                "general/2020-01-01.json", b"\0" * (11 * 1024 * 1024), zipfile.ZIP_DEFLATED
            )
        opened = open_archive(path)
        assert opened.read("users.json") == noise
        with pytest.raises(Refused, match="bomb"):
            opened.read("general/2020-01-01.json")
        opened.close()

    def test_files_above_the_limit_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive, "MAX_FILE", 10)
        opened = open_archive(packed(tmp_path / "x.zip", **{"users.json": b"[" + b" " * 20}))
        with pytest.raises(Refused, match="at most"):
            opened.read("users.json")
        opened.close()

    def test_broken_contents_are_refused(self, tmp_path: Path) -> None:
        path = packed(tmp_path / "x.zip", **{"users.json": b"hello " * 1000})
        data = bytearray(path.read_bytes())
        data[45:60] = b"\xff" * 15
        path.write_bytes(data)
        opened = open_archive(path)
        with pytest.raises(Refused, match="broken"):
            opened.read("users.json")
        opened.close()

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not really", b"[]"])
    def test_what_is_no_zip_is_refused(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "x.zip").write_bytes(data)
        with pytest.raises(Unreadable, match="zip"):
            open_archive(tmp_path / "x.zip")

    def test_what_is_missing_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match="No such file"):
            open_archive(tmp_path / "x.zip")

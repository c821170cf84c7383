"""Reading what pg_dump writes."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from cgraph.imports import Unreadable
from cgraph.imports.dumps import tables
from cgraph.imports.staging import Staging, Wanted, instant, same
from support.exports import copied

TEA = copied("tea", 'id "name"', (1, "green"), (2, None), (3, "a\tb\nc\\d"))


def dump(path: Path, *blocks: str) -> str:
    text = "SET statement_timeout = 0;\n\n" + "".join(blocks) + "-- done\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def read(path: str, member: str | None = None) -> dict[str, list[list[str | None]]]:
    return {table.name: list(table) for table in tables(path, member)}


def packed(path: Path, **files: bytes) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return str(path)


class TestTables:
    @pytest.mark.parametrize("name", ["dump.sql", "dump.sql.gz"])
    def test_rows_come_unescaped(self, tmp_path: Path, name: str) -> None:
        found = read(dump(tmp_path / name, TEA, copied("empty", "id")))
        assert found == {
            "tea": [["1", "green"], ["2", None], ["3", "a\tb\nc\\d"]],
            "empty": [],
        }

    def test_escapes_of_all_kinds_mean_what_postgresql_means(self, tmp_path: Path) -> None:
        line = "COPY public.t (a) FROM stdin;\n\\b\\f\\v\\101\\x42\\q\\\\N\n\\.\n"
        assert read(dump(tmp_path / "d", line)) == {"t": [["\b\f\vABq\\N"]]}

    def test_blocks_that_nobody_reads_can_be_passed_over(self, tmp_path: Path) -> None:
        path = dump(tmp_path / "d", TEA, copied("cups", "id", (7,)))
        names = []
        for table in tables(path):
            names.append(table.name)
            if table.name == "tea":
                list(table)
        assert names == ["tea", "cups"]

    def test_a_dump_inside_an_archive(self, tmp_path: Path) -> None:
        data = gzip.compress(TEA.encode())
        path = packed(tmp_path / "b.tar.gz", uploads__x_png=b"png", dump_sql_gz=data)
        assert list(read(path, "dump.sql")) == ["tea"]

    def test_what_is_none_is_refused_with_a_reason(self, tmp_path: Path) -> None:
        (tmp_path / "custom").write_bytes(b"PGDMP\x01\x0e")
        empty = packed(tmp_path / "empty.tar.gz", readme_md=b"hello")
        for path, words in (
            (str(tmp_path / "custom"), "pg_restore"),
            (dump(tmp_path / "inserts", "INSERT INTO t VALUES (1);\n"), "no COPY blocks"),
            (dump(tmp_path / "cut", TEA.partition("\\.")[0]), "instead of|cut off"),
            (empty, "no dump.sql"),
            (str(tmp_path / "nowhere"), "nowhere"),
        ):
            with pytest.raises(Unreadable, match=words):
                read(path, "dump.sql")

    def test_a_broken_archive_is_refused(self, tmp_path: Path) -> None:
        whole = gzip.compress(TEA.encode() * 100)
        (tmp_path / "half.gz").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(Unreadable, match="broken or cut off"):
            read(str(tmp_path / "half.gz"))


class TestStaging:
    def test_columns_go_by_name_and_may_be_missing(self, tmp_path: Path) -> None:
        wanted = Wanted({"label": ("title", "name"), **same("id", "added")}, frozenset({"added"}))
        staged = Staging(dump(tmp_path / "d", TEA), {"tea": wanted})
        rows = staged.all("SELECT id, label, added FROM tea WHERE id = ?", "1")
        assert list(rows) == [("1", "green", None)]
        staged.close()

    def test_a_column_or_table_that_is_missing_is_named(self, tmp_path: Path) -> None:
        path = dump(tmp_path / "d", TEA)
        with pytest.raises(Unreadable, match="tea has no column price"):
            Staging(path, {"tea": Wanted(same("id", "price"))})
        with pytest.raises(Unreadable, match="no table cups"):
            Staging(path, {"cups": Wanted(same("id"))})


class TestInstant:
    def test_is_in_utc_unless_it_says_otherwise(self) -> None:
        assert instant("2020-01-02 03:04:05.5").isoformat() == "2020-01-02T03:04:05.500000+00:00"
        assert instant("2020-01-02 03:04:05+02").isoformat() == "2020-01-02T03:04:05+02:00"
        assert instant(None) is None
        with pytest.raises(Unreadable):
            instant("yesterday")

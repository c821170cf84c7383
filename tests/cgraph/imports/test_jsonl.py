"""Our open format, read back; garbage named by its line."""

import gzip
import io
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.imports.jsonl import JsonLines
from cgraph.imports.lines import MAX_LINE
from cgraph.imports.records import Conversation, Item, Message, Problem, Unreadable, User
from support import exports


def read(path: Path) -> list[Item | Problem]:
    return list(JsonLines(str(path)))


def problems(path: Path) -> list[tuple[str, str]]:
    return [(p.where, p.detail) for p in read(path) if isinstance(p, Problem)]


class TestJsonLines:
    def test_reads_each_kind_with_all_that_hangs_on_it(self, tmp_path: Path) -> None:
        path = exports.write_lines(
            tmp_path / "all.jsonl",
            exports.header(),
            exports.user("u1", "Ann", email="ann@example.org"),
            exports.conversation("c1", name="Tea", participants=["u1"]),
            exports.message(
                "c1",
                "m1",
                "u1",
                "hello",
                inserted_at="2020-03-01T13:00:00.25+01:00",
                reactions=[{"emoji": "👍", "users": ["u1"]}],
                pinned={"user": "u1"},
            ),
        )
        ann, tea, hello = [item.record for item in read(path) if isinstance(item, Item)]
        assert isinstance(ann, User)
        assert ann.email == "ann@example.org"
        assert isinstance(tea, Conversation)
        assert tea.participants == ("u1",)
        assert isinstance(hello, Message)
        assert hello.inserted_at.astimezone(UTC) == datetime(2020, 3, 1, 12, 0, 0, 250_000, UTC)
        assert hello.reactions[0].users == ("u1",)
        assert hello.pinned is not None

    def test_names_the_source(self, tmp_path: Path) -> None:
        path = exports.write_lines(tmp_path / "a.jsonl", exports.header("forum-7"))
        assert JsonLines(str(path)).source == "forum-7"
        assert JsonLines(str(path), "other").source == "other"

    def test_reads_compressed_files_whatever_they_are_called(self, tmp_path: Path) -> None:
        path = exports.write_lines(tmp_path / "a.jsonl.gz", exports.header(), exports.user("u1"))
        renamed = path.rename(tmp_path / "a.txt")
        assert len(read(renamed)) == 1

    def test_reads_a_pipe(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        path = exports.write_lines(tmp_path / "a.gz", exports.header(), exports.user("u1"))
        pipe = io.BufferedReader(io.BytesIO(path.read_bytes()))
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(pipe))
        reader = JsonLines("-")
        assert (len(list(reader)), reader.total) == (1, None)

    def test_blank_lines_are_nothing(self, tmp_path: Path) -> None:
        path = exports.write_lines(tmp_path / "a", exports.header(), "", "  ", exports.user("u1"))
        assert [item.where for item in read(path)] == ["line 4"]

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"{", "not valid JSON"),
            (b"\xff\xfe", "not valid JSON"),
            (b'{"a": ' * 50_000, "nested too deeply"),
            (b"[]", "object"),
            (b'{"id": "u1"}', "kind"),
            (b'{"kind": "wish", "id": "u1"}', "kind"),
            (b'{"kind": "user", "id": "u1"}', "username is required"),
            (b'{"kind": "user", "id": "u1", "username": 7}', "username"),
            (b'{"kind": "user", "id": "", "username": "x"}', "id"),
            (b'{"kind": "user", "id": "a\\u0000b", "username": "x"}', "id"),
            (b'{"kind": "user", "id": "u1", "username": "x", "age": 3}', "age"),
            (
                json.dumps(
                    exports.message("c", "m", "u", "x", inserted_at="2020-03-01T12:00:00")
                ).encode(),
                "inserted_at",
            ),
        ],
    )
    def test_a_bad_line_is_a_problem_and_the_rest_is_read(
        self, tmp_path: Path, line: bytes, reason: str
    ) -> None:
        path = exports.write_lines(tmp_path / "a", exports.header(), line, exports.user("u2"))
        bad, good = read(path)
        assert isinstance(bad, Problem)
        assert bad.where == "line 2"
        assert reason in bad.detail
        assert isinstance(good, Item)

    def test_an_endless_line_costs_only_itself(self, tmp_path: Path) -> None:
        long = b'{"kind": "user", "id": "' + b"x" * (3 * MAX_LINE) + b'"}'
        path = exports.write_lines(tmp_path / "a", exports.header(), long, exports.user("u2"))
        bad, good = read(path)
        assert isinstance(bad, Problem)
        assert bad.reason == "too long"
        assert good.where == "line 3"

    def test_a_second_header_is_refused(self, tmp_path: Path) -> None:
        path = exports.write_lines(tmp_path / "a", exports.header(), exports.header())
        assert len(problems(path)) == 1

    def test_a_cut_off_gzip_file_gives_what_it_holds(self, tmp_path: Path) -> None:
        lines = b"\n".join([exports._line(exports.header())] + [b"%d" % n for n in range(100_000)])
        path = tmp_path / "a.gz"
        path.write_bytes(gzip.compress(lines)[:50_000])
        found = read(path)
        assert len(found) > 1000
        assert found[-1].where == "end of file"

    @given(st.binary(max_size=200))
    def test_no_bytes_make_it_fail(self, garbage: bytes) -> None:
        with tempfile.TemporaryDirectory() as directory:
            read(exports.write_lines(Path(directory) / "a", exports.header(), garbage))

    @pytest.mark.parametrize("first", ["", "hello", '{"kind": "user", "id": "1"}', "\x00"])
    def test_a_file_without_header_is_refused(self, tmp_path: Path, first: str) -> None:
        path = exports.write_lines(tmp_path / "a", first)
        with pytest.raises(Unreadable, match="header"):
            JsonLines(str(path))

    def test_a_newer_version_is_refused_by_number(self, tmp_path: Path) -> None:
        path = exports.write_lines(tmp_path / "a", exports.header() | {"version": 2})
        with pytest.raises(Unreadable, match="version 2"):
            JsonLines(str(path))

    def test_chat_logs_are_recognised(self, tmp_path: Path) -> None:
        path = exports.write_lines(
            tmp_path / "a", exports.logged("2020-01-01", 0, "12:00", "ann", "hi")
        )
        with pytest.raises(Unreadable, match="cgraph import irc"):
            JsonLines(str(path))

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match=r"nowhere\.jsonl"):
            JsonLines(str(tmp_path / "nowhere.jsonl"))

"""Chat logs: their people, their days, their clocks."""

from pathlib import Path

import pytest

from cgraph.imports.irc import ChatLog
from cgraph.imports.records import Conversation, Item, Message, Problem, User
from support import exports
from support.exports import logged


def read(path: Path, *lines: exports.Json | str) -> list[Item | Problem]:
    return list(ChatLog(str(exports.write_lines(path, *lines))))


def times(path: Path, *clock: str) -> list[str]:
    lines = [logged("2020-02-28", i, at, "ann", "hi") for i, at in enumerate(clock)]
    records = [item.record for item in read(path, *lines) if isinstance(item, Item)]
    said = [record for record in records if isinstance(record, Message)]
    return [f"{message.inserted_at:%d %H:%M}" for message in said]


class TestChatLog:
    def test_a_day_is_a_conversation_and_a_nick_a_person(self, tmp_path: Path) -> None:
        found = read(
            tmp_path / "log",
            logged("2020-01-01_1", 0, "10:00", "|ann|", "hi"),
            logged("2020-01-01_1", 1, "10:01", "bob", "hello", reply_to=0),
            logged("2020-01-02_1", 0, "09:00", "bob", "again"),
        )
        records = [item.record for item in found if isinstance(item, Item)]
        people = [record.id for record in records if isinstance(record, User)]
        days = [record.id for record in records if isinstance(record, Conversation)]
        said = [record for record in records if isinstance(record, Message)]
        assert people == ["|ann|", "bob"]
        assert days == ["2020-01-01_1", "2020-01-02_1"]
        assert [(message.id, message.reply_to) for message in said] == [
            ("0", None),
            ("1", "0"),
            ("0", None),
        ]

    def test_clocks_run_on_over_midnight(self, tmp_path: Path) -> None:
        assert times(tmp_path / "log", "23:58", "00:02") == ["28 23:58", "29 00:02"]

    def test_twelve_hour_clocks_run_on_over_noon(self, tmp_path: Path) -> None:
        assert times(tmp_path / "log", "12:59", "01:00", "02:30") == [
            "28 12:59",
            "28 13:00",
            "28 14:30",
        ]

    def test_a_clock_set_back_a_little_stands_still(self, tmp_path: Path) -> None:
        assert times(tmp_path / "log", "10:05", "10:03", "10:06") == [
            "28 10:05",
            "28 10:05",
            "28 10:06",
        ]

    @pytest.mark.parametrize(
        "line",
        [
            logged("monday", 0, "10:00", "ann", "hi"),
            logged("2020-13-45", 0, "10:00", "ann", "hi"),
            logged("2020-01-01", -1, "10:00", "ann", "hi"),
            logged("2020-01-01", 0, "24:00", "ann", "hi"),
            logged("2020-01-01", 0, "10:00", "", "hi"),
            "{",
        ],
    )
    def test_a_bad_line_is_a_problem_and_the_rest_is_read(
        self, tmp_path: Path, line: exports.Json | str
    ) -> None:
        good = logged("2020-01-01", 7, "10:00", "ann", "hi")
        first, *rest = read(tmp_path / "log", line, good)
        assert isinstance(first, Problem)
        assert len(rest) == 3

"""Frames as they stand on the wire."""

import pytest

from cgraph_kit.channels.transport import binary_frame, close_frame, pong_frame, text_frame


class TestFrames:
    @pytest.mark.parametrize(
        ("size", "head"),
        [
            (0, b"\x00"),
            (125, b"\x7d"),
            (126, b"\x7e\x00\x7e"),
            (65535, b"\x7e\xff\xff"),
            (65536, b"\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        ],
    )
    def test_take_the_shortest_length(self, size: int, head: bytes) -> None:
        payload = b"*" * size
        assert text_frame(payload) == b"\x81" + head + payload
        assert binary_frame(payload) == b"\x82" + head + payload

    def test_pong(self) -> None:
        assert pong_frame(b"hi") == b"\x8a\x02hi"


class TestCloseFrame:
    def test_carries_code_and_reason(self) -> None:
        assert close_frame(1000) == b"\x88\x02\x03\xe8"
        assert close_frame(4001, "weg") == b"\x88\x05\x0f\xa1weg"

    def test_without_a_code_is_empty(self) -> None:
        assert close_frame(1005, "unsaid") == b"\x88\x00"

    @pytest.mark.parametrize("letter", ["a", "é", "中", "👋"])
    def test_cuts_the_reason_between_characters(self, letter: str) -> None:
        frame = close_frame(1000, letter * 200)
        assert frame[1] == len(frame) - 2 <= 125
        assert set(frame[4:].decode()) == {letter}
        assert len(frame) - 4 > 123 - 4

import json

import pytest

from cgraph_kit.channels.wire import LONGPOLL, WEBSOCKET, negotiate


class TestNegotiate:
    @pytest.mark.parametrize("vsn", ["2.0.0", "2.0.1", "2.0.99"])
    def test_any_2_0_is_version_2(self, vsn: str) -> None:
        assert negotiate(WEBSOCKET, vsn) is negotiate(WEBSOCKET, "2.0.0")

    def test_none_given_is_version_1(self) -> None:
        assert negotiate(WEBSOCKET) is negotiate(WEBSOCKET, "1.0.7")

    @pytest.mark.parametrize("vsn", ["", "1", "2.0", "2.1.0", "3.0.0", "abc", "2.0.x", "2.0.0\n"])
    def test_others_are_not_spoken(self, vsn: str) -> None:
        assert negotiate(WEBSOCKET, vsn) is None

    def test_transports_do_not_share_frames(self) -> None:
        wires = {negotiate(p, v) for p in (WEBSOCKET, LONGPOLL) for v in ("1.0.0", "2.0.0")}

        assert len({wire for wire in wires if wire}) == 4


class TestLongPoll:
    def test_messages_are_json_strings_that_can_be_joined(self) -> None:
        wire = negotiate(LONGPOLL, "2.0.0")
        assert wire is not None

        packed = wire.broadcast(b'"t"', b'"e"', b'{"a":"\xc3\xbc"}') * 2

        texts = json.loads(b"[" + packed[:-1] + b"]")
        assert [json.loads(text) for text in texts] == [[None, None, "t", "e", {"a": "ü"}]] * 2

    def test_bytes_that_are_text_are_said_and_others_are_not(self) -> None:
        wire = negotiate(LONGPOLL, "2.0.0")
        assert wire is not None

        assert json.loads(wire.binary_broadcast(b'"t"', b'"e"', b"abc")[:-1]).endswith("teabc")
        assert wire.binary_broadcast(b'"t"', b'"e"', b"\xff") == b""


class TestVersion1:
    def test_cannot_be_told_bytes(self) -> None:
        wire = negotiate(WEBSOCKET, "1.0.0")
        assert wire is not None

        assert wire.binary_broadcast(b'"t"', b'"e"', b"abc") == b""

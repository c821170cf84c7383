import json
from itertools import product

import pytest

from cgraph_kit.channels.wire import COMPRESSED, LONGPOLL, WEBSOCKET, Wire, negotiate
from cgraph_kit.presence import Payload
from support.websocket import unpacked

LONG = json.dumps({"people": ["ann", "bob", "cid"] * 200}).encode()


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
        kinds = product((WEBSOCKET, COMPRESSED, LONGPOLL), ("1.0.0", "2.0.0"))
        wires = {negotiate(packing, vsn) for packing, vsn in kinds}

        assert len({wire for wire in wires if wire}) == 6


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


def wired(packing: object, vsn: str = "2.0.0") -> Wire:
    wire = negotiate(packing, vsn)  # type: ignore[arg-type]
    assert wire is not None
    return wire


def said(frame: bytes) -> bytes:
    """The text of a frame, compressed or not."""
    head = {126: 4, 127: 10}.get(frame[1], 2)
    assert frame[0] in {0x81, 0xC1}
    assert len(frame) - head == (int.from_bytes(frame[2:head], "big") if head > 2 else frame[1])
    return unpacked(frame[head:]) if frame[0] == 0xC1 else frame[head:]


class TestCompressed:
    def test_says_long_things_in_less_and_short_ones_as_they_are(self) -> None:
        plain, compressed = wired(WEBSOCKET), wired(COMPRESSED)
        for data in (b"{}", LONG):
            expected, frame = (wire.broadcast(b'"t"', b'"e"', data) for wire in (plain, compressed))
            if data is LONG:
                assert len(frame) < len(expected) / 10
                assert said(frame) == said(expected)
            else:
                assert frame == expected

    def test_bytes_too(self) -> None:
        frame = wired(COMPRESSED).binary_broadcast(b'"t"', b'"e"', bytes(5000))
        assert frame[0] == 0xC2
        assert unpacked(frame[2:]).endswith(bytes(5000))


class TestEnveloped:
    @pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
    @pytest.mark.parametrize("join_ref", [b"null", b'"1"', b'"a\\n\\"b"', b"1234567"])
    def test_says_what_a_message_says(self, vsn: str, join_ref: bytes) -> None:
        words = join_ref, b"null", '"tüpfel"'.encode(), b'"presence_state"'
        whole = said(wired(WEBSOCKET, vsn).message(*words, LONG))
        for packing in (WEBSOCKET, COMPRESSED):
            join, _, topic, event = words
            frame = wired(packing, vsn).enveloped(join, topic, event, Payload(LONG))
            assert said(frame) == whole

    def test_compresses_a_payload_once_for_all(self) -> None:
        payload = Payload(LONG)
        one = wired(COMPRESSED).enveloped(b'"1"', b'"t"', b'"e"', payload)
        kept = payload.deflated
        assert kept
        for vsn, join_ref in product(("1.0.0", "2.0.0"), (b'"2"', b'"3"')):
            assert kept in wired(COMPRESSED, vsn).enveloped(join_ref, b'"t"', b'"e"', payload)
        assert kept in one
        assert payload.deflated is kept

    def test_leaves_a_short_payload_alone(self) -> None:
        words = b'"1"', b'"t"', b'"e"'
        frame = wired(COMPRESSED).enveloped(*words, Payload(b"{}"))
        assert frame == wired(WEBSOCKET).enveloped(*words, Payload(b"{}"))

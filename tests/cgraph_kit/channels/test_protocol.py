"""The bytes, apart from what they do: recorded frames of a Phoenix 1.8.12 server and its clients."""

import json
from typing import Any

import pytest

from cgraph_kit.channels import protocol
from cgraph_kit.channels.protocol import BinaryMessage, Malformed


class TestDecodeV2:
    @pytest.mark.parametrize(
        ("text", "join_ref", "ref"),
        [
            ('["3","4","room:1","say",{"a":1}]', "3", "4"),
            ('[null,"4","room:1","say",{"a":1}]', None, "4"),
            ('[3,4.5,"room:1","say",{"a":1}]', 3, 4.5),
            ('[{"a":[1]},true,"room:1","say",{"a":1}]', {"a": [1]}, True),
            ('["3","4","room:1","say",{"a":1},"more",6]', "3", "4"),
            (' [ "3" , "4" , "room:1" , "say" , {"a":1} ] ', "3", "4"),
        ],
    )
    def test_takes_five_elements_and_any_refs(self, text: str, join_ref: Any, ref: Any) -> None:
        message = protocol.decode_v2(text.encode())

        assert (message.join_ref, message.ref) == (join_ref, ref)
        assert (message.topic, message.event) == ("room:1", "say")
        assert json.loads(bytes(message.payload)) == {"a": 1}

    @pytest.mark.parametrize("payload", ["null", "1", '"text"', "[1,2]", "{}"])
    def test_takes_any_payload(self, payload: str) -> None:
        message = protocol.decode_v2(f'["1","2","t","e",{payload}]'.encode())

        assert bytes(message.payload) == payload.encode()

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello",
            "[",
            "null",
            '{"topic":"t","event":"e","payload":{},"ref":"1"}',
            '["1","2","t","e"]',
            '["1","2",3,"e",{}]',
            '["1","2","t",null,{}]',
            '["1","2","t","e",{"a":}]',
            '["1","2","t","e",{}] x',
            '["1","2","t","e",NaN]',
            "[" * 5000 + "]" * 5000,
            '["1","2","t",' + "[" * 5000 + "]" * 5000 + "]",
            '["1","2",3,"e",' + "[" * 5000 + "]" * 5000 + "]",
            '["1" "2","t","e",' + "[" * 5000 + "]" * 5000 + "]",
        ],
    )
    def test_refuses_what_is_no_message(self, text: str) -> None:
        with pytest.raises(Malformed):
            protocol.decode_v2(text.encode())

    @pytest.mark.parametrize("start", ['["1","2","t","e",', ' [ "1" , "2","t"\n,"e"\t, '])
    def test_keeps_what_can_be_answered_of_a_payload_too_deep(self, start: str) -> None:
        for deep in ("[" * 5000 + "]" * 5000, '{"a":' * 5000 + "1" + "}" * 5000):
            message = protocol.decode_v2(f"{start}{deep}]".encode())
            assert (message.join_ref, message.ref, message.topic) == ("1", "2", "t")
            assert message.payload is protocol.TOO_DEEP


class TestDecodeV1:
    def test_takes_an_object_with_or_without_join_ref(self) -> None:
        plain = protocol.decode_v1(b'{"topic":"t","event":"e","payload":{},"ref":"1","x":1}')
        with_join_ref = protocol.decode_v1(
            b'{"topic":"t","event":"e","payload":{},"ref":null,"join_ref":"7"}'
        )

        assert (plain.join_ref, plain.ref, plain.topic, plain.event) == (None, "1", "t", "e")
        assert (with_join_ref.join_ref, with_join_ref.ref) == ("7", None)

    @pytest.mark.parametrize("missing", ["topic", "event", "payload", "ref"])
    def test_refuses_an_object_without_a_key(self, missing: str) -> None:
        whole = {"topic": "t", "event": "e", "payload": {}, "ref": "1"}
        del whole[missing]

        with pytest.raises(Malformed):
            protocol.decode_v1(json.dumps(whole).encode())

    @pytest.mark.parametrize(
        "frame",
        [
            '{"topic":"t","event":"e","payload":%s,"ref":"2","join_ref":"1"}',
            ' { "payload" : %s , "x":{"y":[1,"}"]},"join_ref":"1","ref":"2","event":"e",\n"topic":"t" } ',
            '{"ref":"2","topic":"t","event":"e","join_ref":"1","payload":%s}',
        ],
    )
    def test_keeps_what_can_be_answered_of_a_payload_too_deep(self, frame: str) -> None:
        for inside in ("", '"]}\\"[[", '):
            deep = "[" * 5000 + inside + "1" + "]" * 5000
            for payload in (deep, '{"a":%s}' % deep):  # noqa: UP031
                message = protocol.decode_v1((frame % payload).encode())
                assert (message.join_ref, message.ref, message.topic) == ("1", "2", "t")
                assert (message.event, message.payload) == ("e", protocol.TOO_DEEP)

    @pytest.mark.parametrize(
        "frame",
        [
            '{"topic":"t","event":"e","payload":%s,"ref":"2"',
            '{"topic":"t","event":"e","payload":%s,"ref":"2"} x',
            '{"topic":"t","event":"e","payload":%s}',
            '{"topic":3,"event":"e","payload":%s,"ref":"2"}',
            '{"topic":"t","event":"e","payload":{},"ref":%s}',
            '{"topic":"t","event":"e","payload":1,"ref":"2","x":%s}',
            '{"topic":"t","event":"e","payload":[%s,"ref":"2"}',
            "[%s]",
            "{%s}",
        ],
    )
    def test_refuses_what_is_too_deep_and_no_message(self, frame: str) -> None:
        with pytest.raises(Malformed):
            protocol.decode_v1((frame % ("[" * 5000 + "]" * 5000)).encode())

    @pytest.mark.parametrize("end", ["", "\\", '"'])
    def test_reads_nothing_twice(self, end: str) -> None:
        """What would take minutes if each quote were looked at from each quote before it."""
        strings = '"' + '\\"' * 1_000_000 + end
        with pytest.raises(Malformed):
            protocol.decode_v1(('{"payload":' + "[" * 5000 + strings).encode())


class TestDecodeBinary:
    def test_reads_a_recorded_push(self) -> None:
        message = protocol.decode_binary(b"\x00\x02\x02\x07\x0356" + b"60proto:abin\x01\x02\xff")

        assert message == BinaryMessage("56", "60", "proto:a", "bin", b"\x01\x02\xff")

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\x00\x01\x01\x01",
            b"\x01\x00\x00\x01\x01te",
            b"\x03\x00\x00\x01\x01te",
            b"\x00\x00\x00\x05\x01te",
            b"\x00\x00\x00\x01\x01\xffe",
        ],
    )
    def test_refuses_other_kinds_and_wrong_lengths(self, data: bytes) -> None:
        with pytest.raises(Malformed):
            protocol.decode_binary(data)


class TestEncode:
    def test_v2_is_an_array(self) -> None:
        text = protocol.encode_v2(b'"3"', b"4", b'"t"', b'"e"', b'{"a":1}')

        assert json.loads(text) == ["3", 4, "t", "e", {"a": 1}]

    def test_v1_never_tells_the_join_ref(self) -> None:
        text = protocol.encode_v1(b'"3"', b"4", b'"t"', b'"e"', b'{"a":1}')

        assert json.loads(text) == {"topic": "t", "event": "e", "payload": {"a": 1}, "ref": 4}


class TestBinary:
    """As recorded in the protocol notes."""

    def test_reply(self) -> None:
        frame = protocol.binary_reply(b'"56"', b'"60"', b'"proto:a"', b'"ok"', b"\x01\x02\xff")

        assert frame == b"\x01\x02\x02\x07\x02" + b"5660proto:aok" + b"\x01\x02\xff"

    def test_broadcast(self) -> None:
        frame = protocol.binary_broadcast(b'"proto:a"', b'"bin_event"', b"\x01\x02\xff")

        assert frame == b"\x02\x07\x09" + b"proto:abin_event" + b"\x01\x02\xff"

    def test_push(self) -> None:
        frame = protocol.binary_push(b'"56"', b'"proto:a"', b'"bin_event"', b"\x01\x02\xff")

        assert frame == b"\x00\x02\x07\x09" + b"56proto:abin_event" + b"\x01\x02\xff"

    def test_refs_that_are_no_strings_are_written_as_json_and_null_as_nothing(self) -> None:
        assert protocol.binary_push(b"56", b'"t"', b'"e"', b"")[4:] == b"56te"
        assert protocol.binary_push(b"null", b'"t"', b'"e"', b"")[1] == 0

    def test_lengths_count_bytes_not_characters(self) -> None:
        frame = protocol.binary_broadcast('"ü"'.encode(), b'"\\u00fc"', b"")

        assert frame == b"\x02\x02\x02" + "üü".encode()

    def test_refuses_a_field_that_one_byte_cannot_measure(self) -> None:
        with pytest.raises(ValueError, match="255"):
            protocol.binary_broadcast(b'"' + b"t" * 256 + b'"', b'"e"', b"")

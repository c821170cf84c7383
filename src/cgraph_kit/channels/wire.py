"""How frames leave: a protocol version on a kind of connection, six in all."""

import logging
import re
from collections.abc import Callable
from typing import Final

import msgspec

from cgraph_kit.presence import Payload

from . import deflate, protocol
from .protocol import NULL, Message, to_json
from .transport import binary_frame, compressed_binary_frame, compressed_text_frame, text_frame

_log = logging.getLogger(__name__)
Encode = Callable[[bytes, bytes, bytes, bytes, bytes], bytes]
_GAP: Final = b"\n"  # never in the JSON that we write


class Packing(msgspec.Struct, frozen=True):
    """How a connection takes one message; packed ones can be joined."""

    text: Callable[[bytes], bytes]
    binary: Callable[[bytes], bytes]
    compresses: bool = False


class Wire(msgspec.Struct, frozen=True, eq=False):
    """What it takes to talk to one kind of client. Frames are packed once per wire and shared."""

    decode_text: Callable[[bytes], Message]
    decode_binary: Callable[[bytes], Message]
    encode: Encode
    encode_reply: Encode
    packing: Packing
    has_binary: bool

    def message(
        self, join_ref: bytes, ref: bytes, topic: bytes, event: bytes, payload: bytes
    ) -> bytes:
        return self.packing.text(self.encode(join_ref, ref, topic, event, payload))

    def enveloped(self, join_ref: bytes, topic: bytes, event: bytes, payload: Payload) -> bytes:
        """A message whose payload others get too, in envelopes of their own: it is compressed once for all of them."""
        blocks = _blocks(payload) if self.packing.compresses else b""
        if not blocks:
            return self.message(join_ref, NULL, topic, event, payload.json)
        head, tail = self.encode(join_ref, NULL, topic, event, _GAP).split(_GAP)
        return compressed_text_frame(deflate.enveloped(head, blocks, tail))

    def broadcast(self, topic: bytes, event: bytes, payload: bytes) -> bytes:
        return self.packing.text(self.encode(NULL, NULL, topic, event, payload))

    def reply(
        self, join_ref: bytes, ref: bytes, topic: bytes, status: bytes, response: bytes
    ) -> bytes:
        return self.packing.text(self.encode_reply(join_ref, ref, topic, status, response))

    def binary_push(self, join_ref: bytes, topic: bytes, event: bytes, data: bytes) -> bytes:
        return self._binary(protocol.binary_push(join_ref, topic, event, data))

    def binary_broadcast(self, topic: bytes, event: bytes, data: bytes) -> bytes:
        return self._binary(protocol.binary_broadcast(topic, event, data))

    def binary_reply(
        self, join_ref: bytes, ref: bytes, topic: bytes, status: bytes, data: bytes
    ) -> bytes:
        return self._binary(protocol.binary_reply(join_ref, ref, topic, status, data))

    def _binary(self, frame: bytes) -> bytes:
        if self.has_binary:
            return self.packing.binary(frame)
        _log.warning("dropped a binary message to a client of protocol version 1")
        return b""


def _blocks(payload: Payload) -> bytes:
    """The payload deflated, empty if that is not worthwhile."""
    if payload.deflated is None:
        payload.deflated = deflate.blocks(payload.json)
    return payload.deflated


def _compressed_text(text: bytes) -> bytes:
    blocks = deflate.blocks(text)
    return compressed_text_frame(deflate.message(blocks)) if blocks else text_frame(text)


def _compressed_binary(data: bytes) -> bytes:
    blocks = deflate.blocks(data)
    return compressed_binary_frame(deflate.message(blocks)) if blocks else binary_frame(data)


def _string(text: bytes) -> bytes:
    return to_json(text.decode()) + b","


def _binary_string(frame: bytes) -> bytes:
    try:
        return _string(frame)
    except UnicodeDecodeError:
        _log.warning("dropped a binary message to a long-polling client: it is not UTF-8")
        return b""


WEBSOCKET: Final = Packing(text_frame, binary_frame)
"""RFC 6455 frames."""
COMPRESSED: Final = Packing(_compressed_text, _compressed_binary, compresses=True)
"""The same, long messages deflated (RFC 7692)."""
LONGPOLL: Final = Packing(_string, _binary_string)
"""JSON strings, each followed by a comma. Bytes that are not UTF-8 cannot be said (Phoenix breaks the poll)."""


def _version_1(packing: Packing) -> Wire:
    return Wire(
        protocol.decode_v1,
        protocol.decode_v1,
        protocol.encode_v1,
        protocol.encode_reply_v1,
        packing,
        has_binary=False,
    )


def _version_2(packing: Packing) -> Wire:
    return Wire(
        protocol.decode_v2,
        protocol.decode_binary,
        protocol.encode_v2,
        protocol.encode_reply_v2,
        packing,
        has_binary=True,
    )


_WIRES: Final = {
    (WEBSOCKET, "1"): _version_1(WEBSOCKET),
    (WEBSOCKET, "2"): _version_2(WEBSOCKET),
    (COMPRESSED, "1"): _version_1(COMPRESSED),
    (COMPRESSED, "2"): _version_2(COMPRESSED),
    (LONGPOLL, "1"): _version_1(LONGPOLL),
    (LONGPOLL, "2"): _version_2(LONGPOLL),
}
_VSN: Final = re.compile(r"([12])\.0\.[0-9]+")


def negotiate(packing: Packing, vsn: str = "1.0.0") -> Wire | None:
    """The wire for what the client asked for with `vsn`: any 1.0.x or 2.0.x; None if it cannot be served."""
    version = _VSN.fullmatch(vsn)
    return _WIRES[packing, version[1]] if version else None

"""The Phoenix channel protocol, versions 1 and 2: bytes to messages and messages to bytes.

Version 2 is the array `[join_ref, ref, topic, event, payload]` or a binary frame with one-byte lengths; version 1 the
object `{topic, event, payload, ref}`. Refs are any JSON value and are echoed as such; here they travel as JSON text.
"""

import json
import re
from typing import Any, Final, TypeAlias

import msgspec

NULL: Final = b"null"
EMPTY: Final = b"{}"
_PUSH, _REPLY, _BROADCAST = 0, 1, 2
_MAX_FIELD = 255  # a binary frame gives every length one byte

to_json: Final = msgspec.json.Encoder().encode


class Malformed(Exception):
    """Not a message at all: Phoenix closes the connection with 1011."""


class TextMessage(msgspec.Struct, array_like=True, gc=False):
    """What a client says; the payload is still JSON text, and checked only for its syntax."""

    join_ref: Any
    ref: Any
    topic: str
    event: str
    payload: msgspec.Raw


class ObjectMessage(msgspec.Struct, gc=False, kw_only=True):
    """The same in version 1. Only `join_ref` may be missing."""

    join_ref: Any = None
    ref: Any
    topic: str
    event: str
    payload: msgspec.Raw


class BinaryMessage(msgspec.Struct, gc=False):
    """A push whose payload is bytes. Its refs are always strings: an absent one is ""."""

    join_ref: str
    ref: str
    topic: str
    event: str
    payload: bytes


Message: TypeAlias = TextMessage | ObjectMessage | BinaryMessage

_NAMES = ("ref", "topic", "event", "payload")
_HALF_A_PAIR: Final = b'"\\ud800"'
TOO_DEEP: Final = msgspec.Raw(_HALF_A_PAIR)
"""Stands for a payload that is nested too deeply to be read."""
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*+"?|[\[{\]}]', re.DOTALL)
"""A string, or a bracket outside of one. A string that does not end goes to the end: nothing is read twice."""
_read: Final = json.JSONDecoder().raw_decode
_decode_array = msgspec.json.Decoder(TextMessage).decode
_decode_object = msgspec.json.Decoder(ObjectMessage).decode


def decode_v2(data: bytes) -> Message:
    """The first five elements count; raises Malformed."""
    try:
        return _decode_array(data)
    except RecursionError as error:
        return _shallow(data, error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _salvage(data, list, error)


def decode_v1(data: bytes) -> Message:
    """Raises Malformed."""
    try:
        return _decode_object(data)
    except RecursionError as error:
        return _shallow_object(data, error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _salvage(data, dict, error)


def _salvage(data: bytes, kind: type[list[Any] | dict[str, Any]], error: Exception) -> Message:
    """A frame in which the payload alone is at fault, so that it gets an error reply; raises Malformed for any other.

    Half a surrogate pair is valid JSON (JavaScript writes one when an emoji is cut in two), but no text can hold it.
    The payload is put aside for one that any decoder refuses.
    """
    try:
        whole = json.loads(data, parse_constant=_refuse)
        if kind is dict:
            whole = [whole.get("join_ref"), *(whole[name] for name in _NAMES)]
        join_ref, ref, topic, event, _payload, *_ = whole[:]  # of an object: KeyError, TypeError
        message = _decode_array(to_json([join_ref, ref, topic, event, None]))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise Malformed(str(error)) from None
    message.payload = msgspec.Raw(_HALF_A_PAIR)
    return message


def _shallow(data: bytes, error: RecursionError) -> Message:
    """A frame whose payload is too deep: what stands before it says what is to be answered. Raises Malformed."""
    try:
        text, at, head = data.decode(), 0, []
        for opening in "[,,,":
            at = _past(text, at, opening)
            value, at = _read(text, at)
            head.append(value)
            at = _blank(text, at)
        _past(text, at, ",")
        message = _decode_array(to_json([*head, None]))
    except (ValueError, RecursionError, msgspec.DecodeError):
        raise Malformed(str(error)) from None
    message.payload = TOO_DEEP
    return message


def _shallow_object(data: bytes, error: RecursionError) -> Message:
    """The same of an object, in which the payload may stand anywhere. Raises Malformed."""
    try:
        text, found, mark = data.decode(), dict[str, Any](), "{"
        at = 0
        while not found or text.startswith(",", at):
            name, at = _read(text, _past(text, at, mark))
            at = _past(text, at, ":")
            deep = name == "payload" and text.startswith(("[", "{"), at)
            found[name], at = (None, _end(text, at)) if deep else _read(text, at)
            at, mark = _blank(text, at), ","
        if text[at:].strip() != "}":
            raise ValueError("expected '}'")  # noqa: TRY301
        message = _decode_array(to_json([found.get("join_ref"), *(found[name] for name in _NAMES)]))
    except (ValueError, TypeError, LookupError, RecursionError, msgspec.DecodeError):
        raise Malformed(str(error)) from None
    message.payload = TOO_DEEP
    return message


def _end(text: str, at: int) -> int:
    """Where an object or array ends that cannot be read. Raises ValueError."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        if token.group() in "[{":
            depth += 1
        elif token.group() in "]}":
            depth -= 1
            if depth == 0:
                return token.end()
    raise ValueError("it does not end")


def _past(text: str, at: int, mark: str) -> int:
    """Where what follows a mark begins. Raises ValueError if something else stands there."""
    at = _blank(text, at)
    if not text.startswith(mark, at):
        raise ValueError(f"expected {mark!r}")
    return _blank(text, at + 1)


def _blank(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _refuse(constant: str) -> None:
    """NaN and its like are no JSON."""
    raise ValueError(constant)


def decode_binary(data: bytes) -> Message:
    """A version 2 push: kind 0, four lengths, join_ref ref topic event, the rest is the payload; raises Malformed."""
    if len(data) < 5 or data[0] != _PUSH:  # noqa: PLR2004
        raise Malformed("not a binary push")
    at, fields = 5, []
    for length in data[1:5]:
        fields.append(data[at : at + length])
        at += length
    if at > len(data):
        raise Malformed("a binary push shorter than its lengths")
    try:
        join_ref, ref, topic, event = (field.decode() for field in fields)
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from None
    return BinaryMessage(join_ref, ref, topic, event, data[at:])


def encode_v2(join_ref: bytes, ref: bytes, topic: bytes, event: bytes, payload: bytes) -> bytes:
    """All parts are JSON text already."""
    return b"[%b,%b,%b,%b,%b]" % (join_ref, ref, topic, event, payload)


def encode_v1(_join_ref: bytes, ref: bytes, topic: bytes, event: bytes, payload: bytes) -> bytes:
    """All parts are JSON text already; version 1 never tells the join_ref."""
    return b'{"topic":%b,"event":%b,"payload":%b,"ref":%b}' % (topic, event, payload, ref)


def encode_reply_v2(
    join_ref: bytes, ref: bytes, topic: bytes, status: bytes, response: bytes
) -> bytes:
    """All parts are JSON text already."""
    return b'[%b,%b,%b,"phx_reply",{"status":%b,"response":%b}]' % (
        join_ref,
        ref,
        topic,
        status,
        response,
    )


def encode_reply_v1(
    join_ref: bytes, ref: bytes, topic: bytes, status: bytes, response: bytes
) -> bytes:
    """All parts are JSON text already."""
    payload = b'{"status":%b,"response":%b}' % (status, response)
    return encode_v1(join_ref, ref, topic, b'"phx_reply"', payload)


def binary_push(join_ref: bytes, topic: bytes, event: bytes, data: bytes) -> bytes:
    """Raises ValueError, as the two below, for a field of more than 255 bytes."""
    return _binary(_PUSH, _plain(join_ref), _plain(topic), _plain(event)) + data


def binary_reply(join_ref: bytes, ref: bytes, topic: bytes, status: bytes, data: bytes) -> bytes:
    return _binary(_REPLY, _plain(join_ref), _plain(ref), _plain(topic), _plain(status)) + data


def binary_broadcast(topic: bytes, event: bytes, data: bytes) -> bytes:
    return _binary(_BROADCAST, _plain(topic), _plain(event)) + data


def _binary(kind: int, *fields: bytes) -> bytes:
    if any(len(field) > _MAX_FIELD for field in fields):
        raise ValueError("a field of a binary frame is longer than 255 bytes")
    return bytes((kind, *map(len, fields))) + b"".join(fields)


def _plain(field: bytes) -> bytes:
    """Strings without their quotes, null as nothing, other JSON values as they are written."""
    if field == NULL:
        return b""
    if field.startswith(b'"'):
        text: str = msgspec.json.decode(field)
        return text.encode()
    return field

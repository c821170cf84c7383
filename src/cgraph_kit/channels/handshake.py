"""The opening handshake (RFC 6455 §4.2): what a request says, what is wrong with it, and the bytes that answer it."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

import httptools

from .transport import Handshake

Headers = Sequence[tuple[bytes, bytes]]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = "base64url.bearer.phx."  # noqa: S105  (a prefix, as phoenix.js writes it)
_KEY_BYTES = 16
_MAX_PARAMS = 200
_SCHEMES = {"ws": "http", "wss": "https"}


class Malformed(ValueError):
    """A request target, a query or an offer of extensions that cannot be read: 400."""


def request_scope(data: bytes) -> dict[str, Any]:
    """The ASGI scope of a request head, as far as its bytes tell. Raises `Malformed`."""
    request, *lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    method, target, _version = request.split(b" ", 2)
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        raise Malformed("bad request target") from None
    return {
        "type": "websocket",
        "method": method.decode("latin-1"),
        "path": unquote((url.path or b"/").decode("latin-1")),
        "query_string": url.query or b"",
        "headers": [_field(line) for line in lines],
    }


def handshake_of(scope: Mapping[str, Any]) -> Handshake:
    """What an ASGI request (http or websocket) says to an acceptor. Raises `Malformed` for an unreadable query."""
    headers = _joined(scope["headers"])
    query = scope["query_string"].decode("latin-1")
    client = scope.get("client")
    scheme = scope.get("scheme", "http")
    subprotocols, token = _subprotocols(headers.get("sec-websocket-protocol", ""))
    return Handshake(
        path=scope["path"],
        query=query,
        params=_params(query),
        headers=headers,
        client=client[0] if client else "",
        scheme=_SCHEMES.get(scheme, scheme),
        host=headers.get("host", ""),
        subprotocols=subprotocols,
        auth_token=headers.get("x-phoenix-authtoken") if token is None else token,
    )


def upgrade_fault(method: str, headers: Headers) -> str | None:
    """Why a request on a mount cannot become a WebSocket, in the words Phoenix answers with; None if it can.

    The text is the body of a 400, empty for a method other than GET.
    """
    if method != "GET":
        return ""
    if not _values(headers, b"host"):
        return "'host' header is absent"
    for name, token in ((b"connection", "upgrade"), (b"upgrade", "websocket")):
        if not _contains(headers, name, token):
            got = _shown(_values(headers, name))
            return f"'{name.decode()}' header must contain '{token}', got {got}"
    return _key_fault(headers) or _version_fault(headers)


def switching(key: bytes, subprotocol: str | None, extension: str | None = None) -> bytes:
    """The 101 that answers `Sec-WebSocket-Key: key`."""
    chosen = f"sec-websocket-protocol: {subprotocol}\r\n".encode() if subprotocol else b""
    if extension:
        chosen += f"sec-websocket-extensions: {extension}\r\n".encode()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: %b\r\n%b\r\n" % (accept_key(key), chosen)
    )


def refusal(status: int, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """A whole HTTP response after which the connection closes. A body without a content type is text."""
    phrase = HTTPStatus(status).phrase.encode()
    fields = [*headers, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    if body and not header(fields, b"content-type"):
        fields.append((b"content-type", b"text/plain; charset=utf-8"))
    lines = [b"HTTP/1.1 %d %b" % (status, phrase), *(b"%b: %b" % field for field in fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def accept_key(key: bytes) -> bytes:
    """RFC 6455 §4.2.2, step 5.4."""
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def header(headers: Headers, name: bytes) -> bytes:
    """The first value of a header, or nothing."""
    return next((value for key, value in headers if key == name), b"")


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")


def _joined(headers: Headers) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _params(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMS
        )
    except ValueError:
        raise Malformed("bad query") from None
    return dict(pairs)


def _subprotocols(value: str) -> tuple[tuple[str, ...], str | None]:
    offered = _list(value)
    tokens = [name for name in offered if name.startswith(_TOKEN)]
    others = tuple(name for name in offered if not name.startswith(_TOKEN))
    return others, _token(tokens[0].removeprefix(_TOKEN)) if tokens else None


def _token(encoded: str) -> str:
    """Either base64 alphabet, padding optional; empty if it is neither, so that no acceptor takes it for "no token"."""
    plain = encoded.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except ValueError:
        return ""


def _list(value: str) -> list[str]:
    return [part for item in value.split(",") if (part := item.strip())]


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


def _contains(headers: Headers, name: bytes, token: str) -> bool:
    return any(token == part.lower() for value in _values(headers, name) for part in _list(value))


def _shown(values: list[str]) -> str:
    return "[" + ", ".join(json.dumps(value, ensure_ascii=False) for value in values) + "]"


def _key_fault(headers: Headers) -> str | None:
    keys = _values(headers, b"sec-websocket-key")
    if not keys:
        return "'sec-websocket-key' header is absent"
    try:
        valid = len(base64.b64decode(keys[0], validate=True)) == _KEY_BYTES and len(keys) == 1
    except (binascii.Error, ValueError):
        valid = False
    return None if valid else f"'sec-websocket-key' header must hold 16 bytes, got {_shown(keys)}"


def _version_fault(headers: Headers) -> str | None:
    versions = _values(headers, b"sec-websocket-version")
    if versions == ["13"]:
        return None
    return f"'sec-websocket-version' header must equal '13', got {_shown(versions)}"

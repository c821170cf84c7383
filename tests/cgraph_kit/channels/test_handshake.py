"""The opening handshake: what a request says, what is wrong with it, and the bytes of the answer."""

from typing import Any

import pytest

from cgraph_kit.channels.handshake import (
    Malformed,
    accept_key,
    handshake_of,
    refusal,
    request_scope,
    switching,
    upgrade_fault,
)
from cgraph_kit.channels.transport import Handshake
from support.websocket import upgrade_request

TOKEN = "base64url.bearer.phx."


def handshake(path: str = "/socket/websocket", **headers: str) -> Handshake:
    return handshake_of(request_scope(upgrade_request(path, headers)))


class TestRequestScope:
    def test_takes_the_head_apart(self) -> None:
        scope = request_scope(b"GET /a%20b?x=1&y HTTP/1.1\r\nHost: h\r\nX-Odd:  a: b \r\n\r\n")
        assert scope["method"] == "GET"
        assert scope["path"] == "/a b"
        assert scope["query_string"] == b"x=1&y"
        assert scope["headers"] == [(b"host", b"h"), (b"x-odd", b"a: b")]

    def test_takes_an_absolute_target(self) -> None:
        scope = request_scope(b"GET http://h/socket?vsn=2.0.0 HTTP/1.1\r\n\r\n")
        assert (scope["path"], scope["query_string"]) == ("/socket", b"vsn=2.0.0")

    def test_refuses_a_target_that_is_none(self) -> None:
        with pytest.raises(Malformed):
            request_scope(b"GET http://[bad HTTP/1.1\r\n\r\n")


class TestHandshakeOf:
    def test_decodes_the_query_and_the_last_value_wins(self) -> None:
        got = handshake("/s?vsn=1.0.0&vsn=2.0.0&token=a%2Bb+c&empty=&bare&a[]=1")
        assert got.query == "vsn=1.0.0&vsn=2.0.0&token=a%2Bb+c&empty=&bare&a[]=1"
        assert got.params == {
            "vsn": "2.0.0",
            "token": "a+b c",
            "empty": "",
            "bare": "",
            "a[]": "1",
        }

    @pytest.mark.parametrize("query", ["a=%ff", "a=%c0%af", "&".join(["a=1"] * 300)])
    def test_refuses_a_query_it_cannot_read(self, query: str) -> None:
        with pytest.raises(Malformed):
            handshake(f"/s?{query}")

    def test_joins_repeated_headers(self) -> None:
        scope = request_scope(b"GET / HTTP/1.1\r\nAccept: a\r\naccept: b\r\n\r\n")
        assert handshake_of(scope).headers["accept"] == "a, b"

    def test_takes_client_and_scheme_from_the_scope(self) -> None:
        scope: dict[str, Any] = request_scope(upgrade_request())
        assert handshake_of(scope).client == ""
        got = handshake_of(scope | {"client": ("10.0.0.1", 4), "scheme": "wss"})
        assert (got.client, got.scheme, got.host) == ("10.0.0.1", "https", "chat.test:4000")

    def test_lists_the_offered_subprotocols(self) -> None:
        got = handshake(sec_websocket_protocol="phoenix , other,,")
        assert got.subprotocols == ("phoenix", "other")
        assert got.auth_token is None

    @pytest.mark.parametrize(
        ("encoded", "token"),
        [
            ("c2VjcmV0", "secret"),
            ("c2VjcmV0IQ", "secret!"),
            ("c2VjcmV0IQ==", "secret!"),
            ("Pz8/Pj4+", "???>>>"),
            ("Pz8_Pj4-", "???>>>"),
            ("", ""),
            ("not base64!", ""),
            ("_____w", ""),
        ],
    )
    def test_takes_the_auth_token_out(self, encoded: str, token: str) -> None:
        got = handshake(sec_websocket_protocol=f"phoenix, {TOKEN}{encoded}")
        assert got.subprotocols == ("phoenix",)
        assert got.auth_token == token

    def test_takes_the_auth_token_of_a_long_poll(self) -> None:
        assert handshake(x_phoenix_authtoken="secret").auth_token == "secret"

    def test_shows_no_secrets(self) -> None:
        offered = f"phoenix, {TOKEN}c2VjcmV0"
        got = handshake("/s?token=secret", sec_websocket_protocol=offered, cookie="secret")
        assert got.auth_token == "secret"
        assert "secret" not in repr(got)
        assert "c2VjcmV0" not in repr(got)


class TestUpgradeFault:
    @pytest.mark.parametrize(
        ("changed", "fault"),
        [
            ({}, None),
            ({"connection": "keep-alive, Upgrade"}, None),
            ({"upgrade": "WebSocket"}, None),
            ({"host": ""}, "'host' header is absent"),
            ({"connection": ""}, "'connection' header must contain 'upgrade', got []"),
            (
                {"connection": "keep-alive"},
                "'connection' header must contain 'upgrade', got [\"keep-alive\"]",
            ),
            ({"upgrade": ""}, "'upgrade' header must contain 'websocket', got []"),
            ({"upgrade": "h2c"}, "'upgrade' header must contain 'websocket', got [\"h2c\"]"),
            ({"sec-websocket-key": ""}, "'sec-websocket-key' header is absent"),
            (
                {"sec-websocket-key": "c2hvcnQ="},
                "'sec-websocket-key' header must hold 16 bytes, got [\"c2hvcnQ=\"]",
            ),
            (
                {"sec-websocket-version": ""},
                "'sec-websocket-version' header must equal '13', got []",
            ),
            (
                {"sec-websocket-version": "8"},
                "'sec-websocket-version' header must equal '13', got [\"8\"]",
            ),
        ],
    )
    def test_says_what_phoenix_says(self, changed: dict[str, str], fault: str | None) -> None:
        scope = request_scope(upgrade_request(headers=changed))
        assert upgrade_fault("GET", scope["headers"]) == fault

    @pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
    def test_has_no_words_for_other_methods(self, method: str) -> None:
        scope = request_scope(upgrade_request(method=method))
        assert upgrade_fault(method, scope["headers"]) == ""


class TestResponses:
    def test_accept_key_is_that_of_the_rfc(self) -> None:
        assert accept_key(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    def test_switching_has_no_extra_headers(self) -> None:
        assert switching(b"dGhlIHNhbXBsZSBub25jZQ==", None).split(b"\r\n") == [
            b"HTTP/1.1 101 Switching Protocols",
            b"upgrade: websocket",
            b"connection: Upgrade",
            b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            b"",
            b"",
        ]
        assert b"\r\nsec-websocket-protocol: phoenix\r\n\r\n" in switching(b"k", "phoenix")

    def test_refusal_says_how_long_it_is(self) -> None:
        assert refusal(403) == (
            b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        assert b"content-length: 4\r\n" in refusal(400, b"why?", [(b"date", b"today")])

"""check_origin in all of its modes."""

import pytest

from cgraph_kit.channels.origin import OriginMode, origin_allowed
from cgraph_kit.channels.transport import Handshake

A, OTHER = "https://a.com", "https://b.com"


def of(host: str, scheme: str = "https") -> Handshake:
    return Handshake("/socket/websocket", host=host, scheme=scheme)


class TestOriginAllowed:
    @pytest.mark.parametrize("mode", [True, "conn", [], [A], lambda _uri: False])
    def test_without_an_origin_always(self, mode: OriginMode) -> None:
        assert origin_allowed(None, mode, of("a.com"), "a.com")

    @pytest.mark.parametrize("origin", ["null", "", "garbage", "https://", "https://a.com:port"])
    def test_without_a_host_only_when_off(self, origin: str) -> None:
        for mode in (True, "conn", ["//a.com"], lambda _uri: True):
            assert not origin_allowed(origin, mode, of("a.com"), "a.com")
        assert origin_allowed(origin, False, of("a.com"), "a.com")

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            (A, True),
            ("http://a.com:8080", True),
            ("https://A.com", True),
            (OTHER, False),
            ("https://sub.a.com", False),
            ("https://a.com.evil.org", False),
            ("https://a.com@evil.org", False),
        ],
    )
    def test_true_compares_the_host_only(self, origin: str, allowed: bool) -> None:
        assert origin_allowed(origin, True, of("elsewhere"), "a.com") is allowed

    @pytest.mark.parametrize(
        ("origin", "request_", "allowed"),
        [
            (A, of("a.com"), True),
            (A, of("a.com:443"), True),
            ("https://a.com:443", of("a.com"), True),
            ("http://a.com:4000", of("a.com:4000", "http"), True),
            ("http://a.com", of("a.com"), False),
            ("https://a.com:8443", of("a.com"), False),
            (OTHER, of("a.com"), False),
            (A, of(""), False),
            ("http://[::1]:4000", of("[::1]:4000", "http"), True),
        ],
    )
    def test_conn_compares_scheme_host_and_port(
        self, origin: str, request_: Handshake, allowed: bool
    ) -> None:
        assert origin_allowed(origin, "conn", request_) is allowed

    @pytest.mark.parametrize(
        ("pattern", "yes", "no"),
        [
            (A, [A, "https://a.com:443"], ["http://a.com", "https://a.com:8443", OTHER]),
            ("//a.com", [A, "http://a.com:99"], [OTHER, "https://x.a.com"]),
            ("//a.com:888", ["http://a.com:888", "https://a.com:888"], [A]),
            ("http://a.com:8080", ["http://a.com:8080"], ["https://a.com:8080", "http://a.com"]),
            (
                "//*.a.com",
                ["https://x.a.com", "https://x.y.a.com", A],
                ["https://xa.com", "https://a.com.b.org", OTHER],
            ),
            ("https://*.a.com", ["https://x.a.com"], ["http://x.a.com"]),
            ("not a pattern", [], [A]),
        ],
    )
    def test_a_list_matches_each_part_given(
        self, pattern: str, yes: list[str], no: list[str]
    ) -> None:
        for origin in yes:
            assert origin_allowed(origin, ["https://first.org", pattern], of("z")), origin
        for origin in no:
            assert not origin_allowed(origin, ["https://first.org", pattern], of("z")), origin

    def test_a_function_decides(self) -> None:
        def mode(uri: object) -> bool:
            return getattr(uri, "hostname", None) == "a.com"

        assert origin_allowed(A, mode, of("z"))
        assert not origin_allowed(OTHER, mode, of("z"))

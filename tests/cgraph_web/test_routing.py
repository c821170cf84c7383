"""Finding what answers at an address."""

import pytest

from cgraph_web.errors import MethodNotAllowed, NoRoute
from cgraph_web.routing import Routes

ROUTES = Routes(
    [
        ("GET", "/users", "list"),
        ("POST", "/users", "create"),
        ("GET", "/users/me", "me"),
        ("GET", "/users/{id}", "show"),
        ("DELETE", "/users/{user_id}/blocks/{block_id}", "unblock"),
        ("GET", "/users/me/blocks", "my blocks"),
    ]
)


class TestFind:
    @pytest.mark.parametrize(
        ("method", "path", "found", "parameters"),
        [
            ("GET", "/users", "list", {}),
            ("POST", "/users", "create", {}),
            ("GET", "/users/me", "me", {}),
            ("GET", "/users/7", "show", {"id": "7"}),
            ("GET", "/users/me/blocks", "my blocks", {}),
            ("DELETE", "/users/7/blocks/8", "unblock", {"user_id": "7", "block_id": "8"}),
        ],
    )
    def test_finds_by_word_before_parameter(
        self, method: str, path: str, found: str, parameters: dict[str, str]
    ) -> None:
        assert ROUTES.find(method, path) == (found, parameters)

    def test_a_word_that_leads_nowhere_may_be_a_parameter(self) -> None:
        assert ROUTES.find("DELETE", "/users/me/blocks/8") == (
            "unblock",
            {"user_id": "me", "block_id": "8"},
        )

    @pytest.mark.parametrize("path", ["//users/", "/users//me", "/users/me/"])
    def test_empty_segments_do_not_count(self, path: str) -> None:
        assert ROUTES.find("GET", path)[0] in {"list", "me"}

    @pytest.mark.parametrize("path", ["/", "/user", "/users/7/blocks", "/users/{id}/x", "/Users"])
    def test_nothing_elsewhere(self, path: str) -> None:
        with pytest.raises(NoRoute):
            ROUTES.find("GET", path)

    @pytest.mark.parametrize("path", ["", "/", "//"])
    def test_the_bare_address_may_be_a_route(self, path: str) -> None:
        assert Routes([("GET", "/", "root")]).find("GET", path) == ("root", {})

    def test_says_which_methods_are_known(self) -> None:
        with pytest.raises(MethodNotAllowed) as refused:
            ROUTES.find("PATCH", "/users")
        assert refused.value.extra["allow"] == ["GET", "HEAD", "OPTIONS", "POST"]


class TestRoutes:
    def test_refuses_two_answers_to_one_question(self) -> None:
        with pytest.raises(ValueError, match="twice"):
            Routes([("GET", "/a/{b}", 1), ("GET", "/a/{c}", 2)])

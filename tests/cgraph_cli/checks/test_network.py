"""Valkey, and what production must not have."""

from pathlib import Path

import pytest

from cgraph.settings import Settings
from cgraph_cli.checks import network
from cgraph_kit.engines import ValkeyServer

PROD = {
    "env": "prod",
    "phx_host": "chat.example.org",
    "secret_key_base": "k" * 32,
    "jwt_secret": "j" * 32,
    "database_url": "postgresql://db.example.org/cgraph?sslmode=verify-full",
    "trusted_proxies": ("10.0.0.0/8",),
}


def warned(**given: object) -> set[str]:
    found = network.production(Settings(**(PROD | given)))  # type: ignore[arg-type]
    return {finding.what for finding in found if finding.level == "warn"}


class TestValkey:
    async def test_not_set_is_well(self) -> None:
        assert (await network.valkey(Settings())).level == "ok"

    async def test_answers_with_its_version(self, tmp_path: Path) -> None:
        server = ValkeyServer(tmp_path).start()
        try:
            found = await network.valkey(Settings(valkey_url=server.url))
        finally:
            server.stop()
        assert found.level == "ok"
        assert "version" in found.state

    @pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "nonsense"])
    async def test_what_does_not_answer_fails(self, url: str) -> None:
        assert (await network.valkey(Settings(valkey_url=url))).level == "fail"


class TestProduction:
    def test_nothing_is_asked_of_developers(self) -> None:
        assert list(network.production(Settings(check_origin=False))) == []

    def test_a_careful_setup_has_no_warning(self) -> None:
        assert warned() == set()

    @pytest.mark.parametrize(
        ("given", "what"),
        [
            ({"public_url": "http://chat.example.org"}, "tls"),
            ({"trusted_proxies": ()}, "proxy"),
            ({"database_url": "postgresql://db.example.org/cgraph"}, "database tls"),
            ({"check_origin": False}, "origins"),
            ({"cors_origins": ("*",)}, "origins"),
            ({"jwt_secret": "k" * 32}, "secrets"),
        ],
    )
    def test_each_carelessness_is_named(self, given: dict[str, object], what: str) -> None:
        assert warned(**given) == {what}

    def test_a_database_on_this_machine_needs_no_tls(self) -> None:
        assert warned(database_url="postgresql://localhost/cgraph") == set()

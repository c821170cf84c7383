"""What operators write into the environment and the file, and what they are told about it."""

from pathlib import Path

import pytest

from cgraph import configuration
from cgraph.settings import SettingsError


def told(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """What is said of this environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        configuration.read()
    return str(refused.value).splitlines()


class TestRead:
    @pytest.mark.parametrize("name", ["CGRAPH_TRUSTED_PROXIES", "CGRAPH_CORS_ORIGINS"])
    @pytest.mark.parametrize("value", ["10.0.0.1", "a,b", "['10.0.0.1']", '"10.0.0.1"', "{}"])
    def test_a_list_that_is_none_is_shown_what_one_looks_like(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        told_of = told(monkeypatch, **{name: value})
        assert told_of == [f'{name}: must be a list, in the environment as JSON such as ["…"]']

    @pytest.mark.parametrize("value", ["mail=5", "{'mail': 5}", "[]"])
    def test_a_map_that_is_none_is_shown_what_one_looks_like(
        self, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        told_of = told(monkeypatch, CGRAPH_QUEUES=value)
        assert told_of == [
            'CGRAPH_QUEUES: must be a map, in the environment as JSON such as {"name": …}'
        ]

    def test_everything_wrong_is_told_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told_of = told(
            monkeypatch,
            CGRAPH_QUEUES="mail",
            PORT="http",
            CGRAPH_PUBLIC_URL="chat.example.org",
            CGRAPH_BACKUP_AT="25:00",
            CGRAPH_STORAGE_URL="ftp://files.example.org",
        )
        named = [line.partition(":")[0] for line in told_of]
        assert named == [
            "PORT",
            "CGRAPH_PUBLIC_URL",
            "CGRAPH_STORAGE_URL",
            "CGRAPH_BACKUP_AT",
            "CGRAPH_QUEUES",
        ]

    def test_what_is_wrong_within_a_list_or_a_map_is_pointed_at(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        network, rate = told(
            monkeypatch,
            CGRAPH_TRUSTED_PROXIES='["10.0.0.1", "10.0.0.0/99"]',
            CGRAPH_RATE_LIMIT_OVERRIDES='{"users.show": "often"}',
        )
        assert network.startswith("CGRAPH_TRUSTED_PROXIES[1]: '10.0.0.0/99'")
        assert rate.startswith("CGRAPH_RATE_LIMIT_OVERRIDES[users.show]: 'often'")

    def test_an_origin_without_brackets_is_told_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (line,) = told(monkeypatch, CGRAPH_CHECK_ORIGIN="https://chat.example.org")
        assert line.startswith("CGRAPH_CHECK_ORIGIN: must be true, false, conn or a JSON list")

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("true", True),
            ("false", False),
            ("conn", "conn"),
            ('["https://chat.example.org"]', ("https://chat.example.org",)),
        ],
    )
    def test_origins_are_checked_in_four_ways(
        self, monkeypatch: pytest.MonkeyPatch, written: str, meant: object
    ) -> None:
        monkeypatch.setenv("CGRAPH_CHECK_ORIGIN", written)
        assert configuration.read().check_origin == meant

    def test_the_environment_wins_over_the_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "cgraph.toml"
        file.write_text('port = 5000\ntrusted_proxies = ["unix", "10.0.0.0/8"]\n')
        monkeypatch.setenv("CGRAPH_CONFIG", str(file))
        monkeypatch.setenv("PORT", "6000")
        settings = configuration.read()
        assert settings.port == 6000
        assert settings.trusted_proxies == ("unix", "10.0.0.0/8")

    def test_a_name_in_the_file_that_is_none_is_told(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "cgraph.toml"
        file.write_text("prot = 5000\n")
        assert told(monkeypatch, CGRAPH_CONFIG=str(file)) == [f"{file}: prot is not a setting"]

    def test_a_file_that_is_not_there_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told_of = told(monkeypatch, CGRAPH_CONFIG="/nowhere/cgraph.toml")
        assert told_of == ["/nowhere/cgraph.toml: No such file or directory"]

    def test_an_address_of_opensearch_is_not_quoted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (line,) = told(monkeypatch, CGRAPH_SEARCH_URL="https://me:secret@search.example.org")
        assert line.startswith("CGRAPH_SEARCH_URL: must be as opensearch+https://")
        assert "secret" not in line

    def test_a_token_is_one_of_opensearch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert told(monkeypatch, CGRAPH_SEARCH_TOKEN="secret") == [
            "CGRAPH_SEARCH_TOKEN needs CGRAPH_SEARCH_URL"
        ]

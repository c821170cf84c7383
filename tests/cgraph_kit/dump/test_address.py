"""One address for two clients."""

from pathlib import Path

import pytest

from cgraph_kit.dump import DumpError, demands_tls, with_database
from cgraph_kit.dump.address import for_clients


class TestForClients:
    @pytest.mark.parametrize(
        "dsn",
        [
            "postgresql://ada:pass%40word@db:5432/chat?sslmode=require",
            "postgres://ada@db:5432/chat?sslmode=require&password=pass%40word",
        ],
    )
    def test_the_password_is_not_in_the_address(self, dsn: str) -> None:
        address = for_clients(dsn)
        assert address.url == "postgresql://ada@db:5432/chat?sslmode=require"
        assert address.environment["PGPASSWORD"] == "pass@word"
        assert "pass" not in repr(address)

    def test_what_libpq_does_not_know_becomes_a_session_setting(self) -> None:
        address = for_clients("postgresql://db/chat?search_path=a b&database=x&jit=off")
        assert address.url == "postgresql://db/chat?dbname=x"
        assert address.environment["PGOPTIONS"].endswith(r"-c search_path=a\ b -c jit=off")

    def test_a_socket_and_several_hosts_stay(self) -> None:
        for dsn in (
            "postgresql://postgres@/cgraph?host=%2Frun%2Fpg&port=5432",
            "postgresql://ada@one:5432,two:5433/chat",
        ):
            assert for_clients(dsn).url == dsn

    def test_the_password_of_a_key_is_in_no_address_and_no_variable(self) -> None:
        address = for_clients("postgresql://ada@db/chat?sslkey=a.key&sslpassword=pass%20word")
        assert address.url == "postgresql://ada@db/chat?sslkey=a.key"
        assert "pass word" not in repr(address) + "".join(address.environment.values())
        with address.at_hand() as environment:
            file = Path(environment["PGSERVICEFILE"])
            assert file.stat().st_mode & 0o077 == 0
            assert file.read_text() == "[cgraph]\nsslpassword=pass word\n"
            assert environment["PGSERVICE"] == "cgraph"
        assert not file.exists()

    def test_a_password_that_would_say_more_than_itself_is_refused(self) -> None:
        with pytest.raises(DumpError, match="more than one line"):
            for_clients("postgresql://db/chat?sslpassword=a%0Ahost=evil")

    def test_without_a_password_the_environment_s_own_counts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGPASSWORD", "from outside")
        assert for_clients("postgresql://db/chat").environment["PGPASSWORD"] == "from outside"


class TestWithDatabase:
    @pytest.mark.parametrize(
        ("dsn", "expected"),
        [
            (
                "postgresql://a:b@db:1/chat?sslmode=require",
                "postgresql://a:b@db:1/x?sslmode=require",
            ),
            ("postgresql:///chat", "postgresql:///x"),
            ("postgresql://db/?dbname=chat&database=y", "postgresql://db/x"),
        ],
    )
    def test_only_the_database_changes(self, dsn: str, expected: str) -> None:
        assert with_database(dsn, "x") == expected


class TestDemandsTls:
    @pytest.mark.parametrize(
        ("mode", "expected"), [("prefer", False), ("require", True), ("verify-full", True)]
    )
    def test_by_mode(self, mode: str, expected: bool) -> None:
        assert demands_tls(f"postgresql://db/chat?sslmode={mode}") is expected

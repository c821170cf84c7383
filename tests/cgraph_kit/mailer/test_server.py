import pytest

from cgraph_kit.mailer import parse_server


class TestParseServer:
    @pytest.mark.parametrize(
        "url",
        [
            "http://mail.example.org",
            "smtp://",
            "mail.example.org:25",
            "smtp://mail.example.org:0",
            "smtp://mail.example.org:99999",
            "smtp://mail.example.org?starttls=maybe",
            "smtp://mail.example.org?tls=no",
            "smtps://mail.example.org?starttls=always",
            "smtp://[::1",
        ],
    )
    def test_refuses_what_is_no_address(self, url: str) -> None:
        with pytest.raises(ValueError, match="must be smtp"):
            parse_server(url)

    @pytest.mark.parametrize(
        ("url", "port", "encryption"),
        [
            ("smtp://mail.example.org", 25, "offered"),
            ("smtp://u:p@mail.example.org", 587, "always"),
            ("smtp://u:p@127.0.0.1:25", 25, "never"),
            ("smtp://[::1]:2525", 2525, "never"),
            ("smtp://localhost", 25, "never"),
            ("smtps://u:p@mail.example.org", 465, "implicit"),
            ("smtp://localhost?starttls=always", 25, "always"),
            ("smtp://mail?starttls=never", 25, "never"),
        ],
    )
    def test_a_password_leaves_the_machine_in_clear_only_where_somebody_says_so(
        self, url: str, port: int, encryption: str
    ) -> None:
        server = parse_server(url)
        assert (server.port, server.encryption) == (port, encryption)

    def test_user_and_password_are_written_as_in_any_address(self) -> None:
        server = parse_server("smtp://cgraph%40example.org:p%40ss@mail.example.org")
        assert (server.user, server.password) == ("cgraph@example.org", "p@ss")
        assert "p@ss" not in repr(server)

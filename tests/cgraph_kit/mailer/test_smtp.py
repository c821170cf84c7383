import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from cgraph_kit.mailer import Mail, MailError, SmtpMailer

MAIL = Mail("ann@example.org", "Hello", "Dear Ann,\nbye.\n")


class Inbox:
    """What the mail server was handed; recipients named here are refused with the reply given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refused: dict[str, str] = {}
        self.logins: list[Any] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if reply := self.refused.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 OK"

    def authenticate(self, *args: Any) -> AuthResult:
        self.logins.append(args[-1])
        return AuthResult(success=True)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Controller]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=port,
        authenticator=inbox.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def url(server: Controller) -> str:
    return f"smtp://{server.hostname}:{server.port}"


class TestSmtpMailer:
    async def test_hands_the_mail_over(self, url: str, inbox: Inbox) -> None:
        await SmtpMailer(url, sender="CGraph <no-reply@example.org>").send(MAIL)
        (envelope,) = inbox.mails
        assert envelope.mail_from == "no-reply@example.org"
        assert envelope.rcpt_tos == ["ann@example.org"]
        assert b"Dear Ann," in envelope.content

    async def test_logs_in_with_the_address_s_user(self, url: str, inbox: Inbox) -> None:
        with_user = url.replace("smtp://", "smtp://cgraph:p%40ss@")
        await SmtpMailer(with_user, sender="a@b.org").send(MAIL)
        (login,) = inbox.logins
        assert (login.login, login.password) == (b"cgraph", b"p@ss")
        assert len(inbox.mails) == 1

    async def test_says_whether_trying_again_makes_sense(self, url: str, inbox: Inbox) -> None:
        mailer = SmtpMailer(url, sender="a@b.org")
        for reply, permanent in (("550 no such user", True), ("450 come back later", False)):
            inbox.refused[MAIL.to] = reply
            with pytest.raises(MailError) as failed:
                await mailer.send(MAIL)
            assert failed.value.permanent is permanent

    async def test_a_server_that_is_away_is_worth_another_try(self) -> None:
        with pytest.raises(MailError) as failed:
            await SmtpMailer("smtp://127.0.0.1:1", sender="a@b.org").send(MAIL)
        assert not failed.value.permanent

    @pytest.mark.parametrize("url", ["http://mail.example.org", "smtp://", "mail.example.org:25"])
    def test_refuses_what_is_no_address(self, url: str) -> None:
        with pytest.raises(ValueError, match="must be smtp"):
            SmtpMailer(url, sender="a@b.org")

    @pytest.mark.parametrize(
        ("url", "port", "tls", "upgrade"),
        [
            ("smtp://mail.example.org", 25, False, None),
            ("smtp://u:p@mail.example.org", 587, False, True),
            ("smtp://u:p@127.0.0.1:25", 25, False, None),
            ("smtps://u:p@mail.example.org", 465, True, False),
        ],
    )
    def test_a_password_never_leaves_the_machine_in_clear(
        self, url: str, port: int, tls: bool, upgrade: bool | None
    ) -> None:
        mailer = SmtpMailer(url, sender="a@b.org")
        assert (mailer._port, mailer._tls, mailer._start_tls()) == (port, tls, upgrade)

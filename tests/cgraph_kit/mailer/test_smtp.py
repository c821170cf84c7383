import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme

from cgraph_kit.mailer import Mail, MailError, SmtpMailer
from support.smtp import Inbox, mail_server

MAIL = Mail("ann@example.org", "Hello", "Dear Ann,\n.\nbye.\n", html="<p>Dear Ann</p>")
Make = Callable[..., SmtpMailer]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with mail_server(inbox) as port:
        yield port


@pytest.fixture
async def mailer(port: int) -> AsyncIterator[Make]:
    """`mailer(**options)`, or of another address; closed when the test is over."""
    made: list[SmtpMailer] = []

    def make(url: str = f"smtp://127.0.0.1:{port}", **options: Any) -> SmtpMailer:
        made.append(SmtpMailer(url, **{"sender": "CGraph <no-reply@example.org>", **options}))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def refusal(mailer: SmtpMailer) -> MailError:
    with pytest.raises(MailError) as refused:
        await mailer.send(MAIL)
    return refused.value


class TestSend:
    async def test_hands_the_mail_over(self, mailer: Make, inbox: Inbox) -> None:
        await mailer().send(MAIL)
        (envelope,) = inbox.envelopes
        assert envelope.mail_from == "no-reply@example.org"
        assert envelope.rcpt_tos == ["ann@example.org"]
        (mail,) = inbox.mails
        text = mail.get_body(("plain",))
        assert text is not None
        assert text.get_content().replace("\r\n", "\n") == MAIL.text

    async def test_signs_in(self, mailer: Make, inbox: Inbox, port: int) -> None:
        await mailer(f"smtp://cgraph:p%40ss@127.0.0.1:{port}").send(MAIL)
        (login,) = inbox.logins
        assert (login.login, login.password) == (b"cgraph", b"p@ss")
        assert len(inbox.mails) == 1

    async def test_a_mail_that_is_none_never_gets_there(self, mailer: Make, inbox: Inbox) -> None:
        with pytest.raises(MailError):
            await mailer().send(Mail("ann", "s", "t"))
        assert inbox.connections == set()

    async def test_refuses_a_sender_that_is_none(self) -> None:
        with pytest.raises(ValueError, match="must be an address"):
            SmtpMailer("smtp://localhost", sender="nobody")


class TestOutcome:
    @pytest.mark.parametrize(
        ("reply", "permanent", "said"),
        [
            ("550 5.1.1 <ann@example.org> unknown", True, "550 5.1.1"),
            ("450 4.2.0 <ann@example.org> greylisted", False, "450 4.2.0"),
            ("452 mailbox of ann@example.org full", False, "452"),
        ],
    )
    async def test_of_the_recipient(
        self, mailer: Make, inbox: Inbox, reply: str, permanent: bool, said: str
    ) -> None:
        inbox.refused[MAIL.to] = reply
        error = await refusal(mailer())
        assert error.permanent is permanent
        assert str(error) == f"the recipient was refused: {said}"

    @pytest.mark.parametrize(
        ("reply", "permanent"), [("554 5.7.1 spam", True), ("451 4.3.0 try later", False)]
    )
    async def test_of_the_content(
        self, mailer: Make, inbox: Inbox, reply: str, permanent: bool
    ) -> None:
        inbox.data_reply = reply
        assert (await refusal(mailer())).permanent is permanent

    async def test_a_sender_nobody_likes_is_not_the_mails_fault(
        self, mailer: Make, inbox: Inbox
    ) -> None:
        inbox.mail_reply = "550 5.7.1 not yours"
        error = await refusal(mailer())
        assert not error.permanent
        assert "sender" in str(error)

    async def test_nor_is_a_password_that_is_wrong(
        self, mailer: Make, inbox: Inbox, port: int
    ) -> None:
        inbox.knows = False
        error = await refusal(mailer(f"smtp://cgraph:wrong@127.0.0.1:{port}"))
        assert not error.permanent
        assert "let us in" in str(error)
        assert "wrong" not in str(error)

    async def test_names_nobody(self, mailer: Make, inbox: Inbox) -> None:
        inbox.refused[MAIL.to] = "550 <ann@example.org> unknown"
        error = await refusal(mailer())
        assert error.__cause__ is None
        assert error.__suppress_context__
        assert MAIL.to not in str(error)

    async def test_a_server_that_is_away_may_come_back(self, mailer: Make) -> None:
        assert not (await refusal(mailer("smtp://127.0.0.1:1"))).permanent

    @pytest.mark.parametrize("greeting", [b"", b"421 busy\r\n", b"554 go away\r\n", b"what?\r\n"])
    async def test_one_that_hangs_or_sends_us_off_too(self, mailer: Make, greeting: bytes) -> None:
        async with speaking(greeting) as port:
            error = await refusal(mailer(f"smtp://127.0.0.1:{port}", timeout=0.2))
        assert not error.permanent

    async def test_one_that_falls_silent_in_the_middle_too(self, mailer: Make) -> None:
        greeting = b"220 hi\r\n250-me\r\n250 8BITMIME\r\n250 OK\r\n250 OK\r\n354 go\r\n"
        async with speaking(greeting) as port:
            error = await refusal(mailer(f"smtp://127.0.0.1:{port}", timeout=0.2))
        assert not error.permanent


@asynccontextmanager
async def speaking(lines: bytes) -> AsyncIterator[int]:
    """A server that says one thing after the other, whatever it hears, and then nothing more."""
    rest = lines.splitlines(keepends=True)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for line in rest:
                writer.write(line)
                if line[3:4] == b" ":
                    await reader.readline()
            await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


class TestConnections:
    async def test_are_used_again(self, mailer: Make, inbox: Inbox) -> None:
        one = mailer()
        for _ in range(5):
            await one.send(MAIL)
        assert len(inbox.mails) == 5
        assert len(inbox.connections) == 1

    async def test_also_after_a_refusal(self, mailer: Make, inbox: Inbox) -> None:
        one = mailer()
        await one.send(MAIL)
        inbox.refused[MAIL.to] = "550 no"
        await refusal(one)
        del inbox.refused[MAIL.to]
        await one.send(MAIL)
        assert len(inbox.connections) == 1

    async def test_are_so_many_and_no_more(self, mailer: Make, inbox: Inbox) -> None:
        one = mailer(connections=2)
        await asyncio.gather(*(one.send(MAIL) for _ in range(10)))
        assert len(inbox.mails) == 10
        assert len(inbox.connections) == 2

    async def test_are_not_missed_when_the_server_has_started_anew(
        self, mailer: Make, inbox: Inbox
    ) -> None:
        with mail_server(inbox) as port:
            one = mailer(f"smtp://127.0.0.1:{port}")
            await one.send(MAIL)
        with mail_server(inbox, port=port):
            await one.send(MAIL)
        assert len(inbox.mails) == 2

    async def test_are_let_go_when_idle(self, mailer: Make, inbox: Inbox) -> None:
        one = mailer(idle=0)
        await one.send(MAIL)
        await asyncio.sleep(0)  # the timer
        await one.send(MAIL)
        assert len(inbox.connections) == 2

    async def test_one_whose_mail_was_given_up_is_not_used_again(
        self, mailer: Make, inbox: Inbox
    ) -> None:
        one = mailer(connections=1)
        inbox.open.clear()
        sending = asyncio.create_task(one.send(MAIL))
        assert await asyncio.to_thread(inbox.reached.wait, 5)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        inbox.open.set()
        await one.send(MAIL)
        assert inbox.sessions == 2


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certified(authority: trustme.CA) -> ssl.SSLContext:
    """A server's, for 127.0.0.1."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class TestTls:
    async def test_from_the_first_byte(
        self, mailer: Make, inbox: Inbox, certified: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        with mail_server(inbox, implicit=certified) as port:
            await mailer(f"smtps://127.0.0.1:{port}", tls=trusting).send(MAIL)
        assert len(inbox.mails) == 1

    async def test_by_upgrade(
        self, mailer: Make, inbox: Inbox, certified: ssl.SSLContext, trusting: ssl.SSLContext
    ) -> None:
        with mail_server(inbox, starttls=certified) as port:
            url = f"smtp://u:p@127.0.0.1:{port}?starttls=always"
            await mailer(url, tls=trusting).send(MAIL)
        assert inbox.encrypted == [True]
        assert len(inbox.logins) == 1

    async def test_strangers_certificates_are_refused(
        self, mailer: Make, inbox: Inbox, certified: ssl.SSLContext
    ) -> None:
        with mail_server(inbox, starttls=certified) as port:
            error = await refusal(mailer(f"smtp://127.0.0.1:{port}?starttls=always"))
        assert not error.permanent
        assert inbox.mails == []

    async def test_where_it_is_demanded_nothing_is_sent_without(
        self, mailer: Make, inbox: Inbox, port: int
    ) -> None:
        error = await refusal(mailer(f"smtp://u:p@127.0.0.1:{port}?starttls=always"))
        assert "STARTTLS" in str(error)
        assert inbox.logins == []


class TestProbe:
    async def test_tells_that_it_works_without_a_mail(self, mailer: Make, inbox: Inbox) -> None:
        await mailer().probe()
        assert inbox.mails == []

    async def test_tells_why_it_does_not(self, mailer: Make) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(MailError, match="cannot be used: ConnectionRefused"):
                await mailer(f"smtp://127.0.0.1:{taken.getsockname()[1]}").probe()

"""A mail server of our own: what it was handed, what it refuses, and how it is spoken to."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Inbox:
    """What the mail server was handed, and how; how it answers is the test's to say."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []
        self.connections: set[Any] = set()
        """By which something arrived."""
        self.sessions = 0
        """How often somebody said hello."""
        self.encrypted: list[bool] = []
        """Whether each of them came after STARTTLS."""
        self.refused: dict[str, str] = {}
        """Recipients, and what they are answered."""
        self.mail_reply: str | None = None
        self.data_reply: str | None = None
        self.logins: list[Any] = []
        self.knows = True
        """Whether any password is right."""
        self.reached = threading.Event()
        """Set by every mail that arrives."""
        self.open = threading.Event()
        """Mails that arrive are answered once it is set."""
        self.open.set()

    @property
    def mails(self) -> list[EmailMessage]:
        """What arrived, parsed."""
        return [message_from_bytes(one.content, policy=policy.default) for one in self.envelopes]

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.mail_reply is not None:
            return self.mail_reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if reply := self.refused.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.reached.set()
        await asyncio.to_thread(self.open.wait, 10)
        if self.data_reply is not None:
            return self.data_reply
        self.envelopes.append(envelope)
        self.connections.add(session.peer)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, *args: Any) -> AuthResult:
        self.logins.append(args[-1])
        return AuthResult(success=self.knows, handled=False)


class _Controller(Controller):
    """One that hangs up before it stops: its library leaves connections under STARTTLS to the garbage collector."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sessions: list[SMTP] = []

    def factory(self) -> Any:
        self._sessions.append(super().factory())
        return self._sessions[-1]

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result()
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        for session in self._sessions:
            for transport in (session.transport, session._original_transport):
                if transport is not None:
                    transport.abort()
        for _ in range(3):  # until the transports have told
            await asyncio.sleep(0)


@contextmanager
def mail_server(
    inbox: Inbox,
    *,
    port: int = 0,
    implicit: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Serve until the block ends; the port, free unless given."""
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    controller = _Controller(
        inbox,
        hostname="127.0.0.1",
        port=port,
        ssl_context=implicit,
        tls_context=starttls,
        require_starttls=starttls is not None,
        authenticator=inbox.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()

"""Mail over SMTP (RFC 5321)."""

import asyncio
import re
import socket
import ssl

import aiosmtplib

from .base import Mail, MailError
from .connections import FAILURES, Connections
from .mime import message, parse_sender
from .server import SmtpServer, parse_server

PERMANENT = 500
"""SMTP replies from here on say no for good."""

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


class SmtpMailer:
    """Hands mail to the server of an address as `parse_server` takes it, over connections that are used again.

    A mail is refused for good only where the server says so of its recipient or its content. Not being let in, a server
    that is away, or one that does not like the sender, is the operator's to mend, and the mail's to wait for. `timeout` in
    seconds for each step. `tls`: whom to trust, instead of the system's authorities. It needs a running loop.

    Raises `ValueError` for an address or a sender that is none.
    """

    def __init__(
        self,
        url: str,
        *,
        sender: str,
        timeout: float = 20.0,
        connections: int = 4,
        idle: float = 30.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = parse_server(url)
        self._sender = parse_sender(sender)
        self._timeout = timeout
        self._tls = tls
        self._own_name: str | None = None
        self._connections = Connections(self._open, most=connections, idle=idle)

    async def send(self, mail: Mail) -> None:
        built = message(mail, self._sender)
        try:
            async with self._connections.one() as client:
                await client.send_message(built)
        except FAILURES as error:
            raise failure(error) from None  # its own words name the recipient

    async def probe(self) -> None:
        """Connect and sign in, and send nothing. Raises `MailError` saying why that does not work."""
        try:
            async with self._connections.one() as client:
                await client.noop()
        except FAILURES as error:
            raise failure(error) from None  # its own words name the recipient

    async def close(self) -> None:
        await self._connections.close()

    async def _open(self) -> aiosmtplib.SMTP:
        if self._own_name is None:
            self._own_name = await asyncio.to_thread(socket.getfqdn)
        client = _client(self._server, self._own_name, self._timeout, self._tls)
        await client.connect()
        return client


def _client(
    server: SmtpServer, own_name: str, timeout: float, tls: ssl.SSLContext | None
) -> aiosmtplib.SMTP:
    upgrade = {"always": True, "offered": None}.get(server.encryption, False)
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        local_hostname=own_name,
        use_tls=server.encryption == "implicit",
        start_tls=upgrade,
        tls_context=tls,
        timeout=timeout,
    )


def failure(error: BaseException) -> MailError:
    """What went wrong with a mail, without the server's own words, which quote addresses."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused, *_]):
            return _refusal("the recipient was refused", refused)
        case aiosmtplib.SMTPDataError():
            return _refusal("the mail was refused", error)
        case aiosmtplib.SMTPResponseException():
            what = next((words for kind, words in _NOT_THE_MAIL if isinstance(error, kind)))
            return MailError(f"{what}: {_reply(error)}")
        case aiosmtplib.SMTPNotSupported():
            return MailError(error.message)
    if type(error) is aiosmtplib.SMTPException:  # a STARTTLS or AUTH that is not offered
        return MailError(error.message)
    cause = error.__cause__ or error
    return MailError(f"the mail server cannot be used: {type(cause).__name__}")


_NOT_THE_MAIL: tuple[tuple[type[aiosmtplib.SMTPResponseException], str], ...] = (
    (aiosmtplib.SMTPAuthenticationError, "the mail server did not let us in"),
    (aiosmtplib.SMTPSenderRefused, "the mail server refused the sender"),
    (aiosmtplib.SMTPResponseException, "the mail server is not willing"),
)
"""What the operator has to mend, or time."""


def _refusal(what: str, error: aiosmtplib.SMTPResponseException) -> MailError:
    return MailError(f"{what}: {_reply(error)}", permanent=error.code >= PERMANENT)


def _reply(error: aiosmtplib.SMTPResponseException) -> str:
    """The code and, where there is one, the enhanced status (RFC 3463): `550 5.1.1`."""
    enhanced = _ENHANCED.match(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)

"""Mail over SMTP (RFC 5321)."""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib

from .base import Mail, MailError, message

PERMANENT = 500
"""SMTP replies from here on say no for good."""


class SmtpMailer:
    """Hands mail to the server of an `smtp://` or `smtps://[user:password@]host[:port]` address.

    smtps speaks TLS from the start (port 465). smtp (port 25, or 587 with a user) upgrades by STARTTLS where the server
    offers it, and must do so before a password is sent anywhere but to this machine. `timeout` in seconds. Raises
    `ValueError` for an address that is none.
    """

    def __init__(self, url: str, *, sender: str, timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("must be smtp[s]://[user:password@]host[:port]")
        self._sender = sender
        self._timeout = timeout
        self._host = parts.hostname
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587 if self._user else 25)

    async def send(self, mail: Mail) -> None:
        try:
            await aiosmtplib.send(
                message(mail, self._sender),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                start_tls=self._start_tls(),
                timeout=self._timeout,
            )
        except aiosmtplib.SMTPResponseException as error:
            raise MailError(
                f"the mail server answered {error.code}", permanent=error.code >= PERMANENT
            ) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            permanent = all(one.code >= PERMANENT for one in error.recipients)
            raise MailError("the mail server refused the recipient", permanent=permanent) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailError(f"the mail server cannot be used: {type(error).__name__}") from error

    def _start_tls(self) -> bool | None:
        """None: if offered."""
        if self._tls:
            return False
        return True if self._password and not _is_here(self._host) else None


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

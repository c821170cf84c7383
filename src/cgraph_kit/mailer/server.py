"""Where an SMTP server is and how it is spoken to, from an address."""

from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

Encryption = Literal["implicit", "always", "offered", "never"]
"""From the first byte; by STARTTLS, or not at all; by STARTTLS where the server offers it; not."""

SHAPE = "must be smtp[s]://[user:password@]host[:port][?starttls=always|never]"


class SmtpServer(msgspec.Struct, frozen=True):
    """Never logged whole: it holds a password."""

    host: str
    port: int
    user: str | None
    password: str | None
    encryption: Encryption

    def __repr__(self) -> str:
        return f"SmtpServer({self.host!r}, {self.port})"


def parse_server(url: str) -> SmtpServer:
    """The server of an `smtp://` or `smtps://` address.

    smtps speaks TLS from the start (port 465). smtp (port 25, or 587 with a user) upgrades by STARTTLS: where the server
    offers it; always, before a password is sent; never on this machine itself. `?starttls=always` and `?starttls=never`
    overrule that. Certificates are verified. Raises `ValueError` for what is no such address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(SHAPE) from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    implicit = parts.scheme == "smtps"
    starttls = options.pop("starttls", None)
    bad = parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == 0
    if bad or options or starttls not in {None, "always", "never"} or (implicit and starttls):
        raise ValueError(SHAPE)
    host = str(parts.hostname)
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return SmtpServer(
        host=host,
        port=port or (465 if implicit else 587 if user else 25),
        user=user,
        password=password,
        encryption="implicit" if implicit else _starttls(starttls, host, password),
    )


def _starttls(asked: str | None, host: str, password: str | None) -> Encryption:
    if asked is not None:
        return "always" if asked == "always" else "never"
    if _is_here(host):
        return "never"
    return "always" if password else "offered"


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

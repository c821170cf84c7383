"""One mail, and the interface of whoever carries it."""

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Protocol

import msgspec

from cgraph_kit import clock


class MailError(Exception):
    """A mail was not taken. `permanent`: trying again is pointless."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Mail(msgspec.Struct, frozen=True):
    """A plain-text mail to one person."""

    to: str
    """A bare address."""
    subject: str
    text: str

    def __repr__(self) -> str:
        """Neither whom it is for nor what it says: both may be secrets, and this ends up in logs."""
        return f"Mail({self.subject!r})"


class Mailer(Protocol):
    """Carries mail."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Raises `MailError`; anything else is a bug."""
        ...


def message(mail: Mail, sender: str) -> EmailMessage:
    """The mail as MIME; `sender` is `Name <address>`.

    Raises `MailError` for an address or subject that could not be a header's: there is no way to inject one.
    """
    built = EmailMessage(policy=SMTP)
    try:
        name, address = parseaddr(sender)
        built["From"] = Address(name, addr_spec=address)
        built["To"] = Address(addr_spec=mail.to)
        built["Subject"] = mail.subject
    except (ValueError, IndexError, HeaderParseError) as error:
        raise MailError(f"the mail has an unusable header: {error}", permanent=True) from None
    built["Date"] = format_datetime(clock.now())
    built["Message-ID"] = make_msgid(domain=built["From"].addresses[0].domain or "localhost")
    # RFC 3834: keeps out-of-office robots from answering.
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(mail.text)
    return built

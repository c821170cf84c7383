"""A mail as it travels (RFC 5322): nothing a value holds can become a header of its own."""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any, cast

from cgraph_kit import clock
from cgraph_kit.ids import new_id

from .base import Mail, MailError

LONGEST_SUBJECT = 250
"""Characters."""
LARGEST = 1_000_000
"""Bytes of a whole mail. What is larger is a mistake here, and a refusal elsewhere."""

_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_NAME_LENGTH = 128
_LINK = re.compile(r"https?://[!-;=?-~]{1,800}")


class _Verbatim(UnstructuredHeader):
    """A value that is one long word. The library would fold it as an encoded word, which is no address to anybody."""

    name: str  # the registry mixes its base class in

    def fold(self, *, policy: Any) -> str:  # noqa: ARG002 (as the library calls it)
        return f"{self.name}: {self}\r\n"


def _policy() -> "EmailPolicy[EmailMessage]":
    registry = HeaderRegistry()
    for name in ("list-unsubscribe", "in-reply-to", "references", "message-id"):
        registry.map_to_type(name, cast("Any", _Verbatim))
    return EmailPolicy(message_factory=EmailMessage, linesep="\r\n", header_factory=registry)


_POLICY = _policy()


def parse_sender(sender: str) -> Address:
    """`Name <address>`, or an address. Raises `ValueError` for anything else."""
    name, address = parseaddr(sender)
    try:
        parsed = Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        raise ValueError("must be an address, or a name and an <address>") from None
    if not parsed.domain or not sender.isprintable():
        raise ValueError("must be an address, or a name and an <address>")
    return parsed


def message(mail: Mail, sender: Address) -> EmailMessage:
    """The mail as MIME.

    Raises `MailError`, permanent, for what could not be a header's value (there is no way to inject one) and for what is
    too large.
    """
    built = EmailMessage(policy=_POLICY)
    try:
        built["From"] = sender
        built["To"] = Address(addr_spec=mail.to)
        built["Subject"] = _subject(mail.subject)
        _identify(built, mail, sender.domain)
        if mail.unsubscribe is not None:
            _unsubscribe(built, mail.unsubscribe)
        built.set_content(mail.text)
        if mail.html is not None:
            built.add_alternative(mail.html, subtype="html")
            built.set_boundary(f"={new_id()}")  # the library's own is random, and not short
    except (ValueError, IndexError, HeaderParseError) as error:
        # The library's words may quote the value, which is not for logs.
        raise MailError(f"a header is unusable: {type(error).__name__}", permanent=True) from None
    if len(bytes(built)) > LARGEST:
        raise MailError(f"the mail is larger than {LARGEST} bytes", permanent=True)
    return built


def _identify(built: EmailMessage, mail: Mail, domain: str) -> None:
    built["Date"] = format_datetime(clock.now())
    built["Message-ID"] = _message_id(str(new_id()) if mail.id is None else mail.id, domain)
    if mail.thread is not None:
        # No mail has this id; that all of a thread answer it is enough to be shown together.
        built["In-Reply-To"] = built["References"] = _message_id(f"about.{mail.thread}", domain)
    # RFC 3834, and its like at Microsoft: keeps out-of-office robots from answering.
    built["Auto-Submitted"] = "auto-generated"
    built["X-Auto-Response-Suppress"] = "All"


def _message_id(name: str, domain: str) -> str:
    if len(name) > _NAME_LENGTH or not _NAME.fullmatch(name):
        raise ValueError("no name for a mail")
    return f"<{name}@{domain}>"


def _unsubscribe(built: EmailMessage, link: str) -> None:
    """RFC 2369 §3.2, and RFC 8058 §3.1 where the address is as safe as it demands."""
    if not _LINK.fullmatch(link):
        raise ValueError("no address")
    built["List-Unsubscribe"] = f"<{link}>"
    if link.startswith("https:"):
        built["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _subject(subject: str) -> str:
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise ValueError("no subject")
    return subject

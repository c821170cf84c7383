"""One mail, and the interface of whoever carries it."""

from typing import Protocol

import msgspec


class MailError(Exception):
    """A mail was not taken. The message names neither whom it was for nor what it said.

    `permanent`: this mail will never be taken, trying again is pointless. Anything that may pass, or that only says how the
    server is set up, is not.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Mail(msgspec.Struct, frozen=True):
    """A mail to one person."""

    to: str
    """A bare address."""
    subject: str
    text: str
    html: str | None = None
    """The same for programs that show HTML."""
    id: str | None = None
    """What the mail is called (letters, digits, `.`, `_`, `-`): sent twice under one id, it is one mail to most programs
    that receive it. None: a new name each time."""
    thread: str | None = None
    """What the mail is about, written like an id: programs show the mails of one thread together."""
    unsubscribe: str | None = None
    """An address that ends mails like this one when it is posted to (RFC 8058)."""

    def __repr__(self) -> str:
        """Neither whom it is for nor what it says: both may be secrets, and this ends up in logs."""
        return "Mail(…)"


class Mailer(Protocol):
    """Carries mail."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Raises `MailError`; anything else is a bug."""
        ...

    async def close(self) -> None:
        """Let go of what is held open."""
        ...

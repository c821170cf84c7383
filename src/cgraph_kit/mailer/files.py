"""Mail as files, for development and for machines without a mail server: written, listed and read again."""

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import msgspec

from cgraph_kit.ids import new_id

from .base import Mail
from .mime import message, parse_sender

log = logging.getLogger(__name__)

KEPT = 1000
"""Mails; the oldest make room."""


class FileMailer:
    """Writes each mail to `directory/<id>.eml`, oldest first by name, readable by the owner alone, and logs where.

    Raises `ValueError` for a sender that is none.
    """

    def __init__(self, directory: Path, *, sender: str, kept: int = KEPT) -> None:
        self._directory = directory
        self._sender = parse_sender(sender)
        self._kept = kept

    async def send(self, mail: Mail) -> None:
        path = self._directory / f"{new_id()}.eml"
        await asyncio.to_thread(self._write, path, bytes(message(mail, self._sender)))
        log.info("a mail was written to %s", path)

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, path: Path, content: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever watches the directory sees whole mails only.
        partial = path.with_suffix(".part")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.rename(path)
        for old in _newest_first(self._directory)[self._kept :]:
            old.unlink(missing_ok=True)


class Filed(msgspec.Struct, frozen=True):
    """A mail that was written."""

    id: UUID
    to: str
    subject: str
    sent_at: datetime
    headers: Sequence[tuple[str, str]]
    """All of them, in order, decoded."""
    text: str
    html: str | None


class Mailbox:
    """The mails of a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def newest(self, most: int) -> list[Filed]:
        """The last so many, newest first."""
        return await asyncio.to_thread(self._newest, most)

    async def find(self, id: UUID) -> Filed | None:
        """One of them."""
        return await asyncio.to_thread(self._find, self._directory / f"{id}.eml")

    def _newest(self, most: int) -> list[Filed]:
        found = (self._find(path) for path in _newest_first(self._directory)[:most])
        return [mail for mail in found if mail is not None]

    def _find(self, path: Path) -> Filed | None:
        try:
            content = path.read_bytes()
            id = UUID(path.stem)
        except (FileNotFoundError, ValueError):  # made room meanwhile, or is none of ours
            return None
        mail = message_from_bytes(content, policy=policy.default)
        return Filed(
            id=id,
            to=str(mail["To"]),
            subject=str(mail["Subject"]),
            sent_at=mail["Date"].datetime,
            headers=[(name, str(value)) for name, value in mail.items()],
            text=_part(mail, "plain") or "",
            html=_part(mail, "html"),
        )


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return None if part is None else str(part.get_content()).replace("\r\n", "\n")


def _newest_first(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.eml"), reverse=True)

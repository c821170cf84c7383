"""Mail as files: for development, and for machines without a mail server."""

import asyncio
import logging
import os
from pathlib import Path

from cgraph_kit.ids import new_id

from .base import Mail, message

log = logging.getLogger(__name__)


class FileMailer:
    """Writes each mail to `directory/<id>.eml`, oldest first by name, readable by the owner alone, and logs where."""

    def __init__(self, directory: Path, *, sender: str) -> None:
        self._directory = directory
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        path = self._directory / f"{new_id()}.eml"
        await asyncio.to_thread(self._write, path, bytes(message(mail, self._sender)))
        log.info("mail %r was written to %s", mail.subject, path)

    def _write(self, path: Path, content: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever watches the directory sees whole mails only.
        partial = path.with_suffix(".part")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.rename(path)

"""Sends mail behind people's backs: nobody waits for a mail server, and a moment's outage loses nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from cgraph_kit.errors import Unavailable

from .base import Mail, Mailer, MailError

log = logging.getLogger(__name__)

Letter = Callable[[], Awaitable[Mail | None]]
"""Makes the mail when its turn comes; None: there is nothing to send after all. `Unavailable`: try again later."""

RETRIES = (1.0, 5.0, 30.0)
"""Seconds between the tries of one mail."""


class Outbox:
    """A bounded queue of letters in memory: what a stopped process had not sent is lost, so nothing may hang on it.

    `most` letters wait at once, the rest are refused with a log line; `parallel` are under way. It needs a running loop.
    """

    def __init__(
        self,
        mailer: Mailer,
        *,
        retries: Sequence[float] = RETRIES,
        most: int = 1000,
        parallel: int = 4,
    ) -> None:
        self._mailer = mailer
        self._retries = tuple(retries)
        self._most = most
        self._turn = asyncio.Semaphore(parallel)
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, letter: Letter) -> bool:
        """Send this soon, without waiting; False when the queue is full."""
        if len(self._tasks) >= self._most:
            log.error("mail dropped: %d wait already", len(self._tasks))
            return False
        task = asyncio.get_running_loop().create_task(self._deliver(letter))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def drain(self, seconds: float) -> bool:
        """Wait at most so many seconds for what is under way; whether all of it was sent or given up."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        return not self._tasks

    async def close(self, seconds: float = 3.0) -> None:
        """Send what can be sent in so many seconds, then stop."""
        if not await self.drain(seconds):
            log.warning("stopping with %d mails unsent", len(self._tasks))
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, letter: Letter) -> None:
        mail: Mail | None = None
        for wait in (*self._retries, None):
            try:
                async with self._turn:
                    mail = mail or await letter()
                    if mail is not None:
                        await self._mailer.send(mail)
            except (MailError, Unavailable) as error:
                if wait is None or (isinstance(error, MailError) and error.permanent):
                    log.error("%s was given up: %s", mail or "a mail", error)  # noqa: TRY400
                    return
                log.warning("%s is tried again in %g s: %s", mail or "a mail", wait, error)
            except Exception:
                log.exception("a mail could not be made or sent")
                return
            else:
                return
            await asyncio.sleep(wait)

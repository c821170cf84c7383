"""Argon2id (RFC 9106) in threads of its own: a hash takes tens of milliseconds, which the event loop does not have."""

import asyncio
import base64
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from cgraph_kit.errors import Unavailable

from . import password as passwords

log = logging.getLogger(__name__)

T = TypeVar("T")

_SALT_BYTES = 16
_HASH_BYTES = 32


class Hasher:
    """Hashes and verifies passwords; at most `waiting` at once, then `Unavailable`.

    The defaults are OWASP's first choice for Argon2id: two passes over 19 MiB, one lane.
    """

    def __init__(
        self,
        *,
        time_cost: int = 2,
        memory_kib: int = 19_456,
        threads: int = 2,
        waiting: int = 64,
    ) -> None:
        self._argon2 = PasswordHasher(
            time_cost, memory_kib, 1, _HASH_BYTES, _SALT_BYTES, type=Type.ID
        )
        self._decoy = _decoy(time_cost, memory_kib)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._waiting = waiting
        self._pending = 0
        self.hashed = 0
        """Hashes made so far."""
        self.verified = 0
        """Passwords compared so far, those of nobody's account included."""

    async def hash(self, password: str) -> str:
        """The password as it may be kept, with its salt and parameters."""
        hashed = await self._run(self._argon2.hash, passwords.normalize(password))
        self.hashed += 1
        return hashed

    async def verify(self, hash: str | None, password: str) -> bool:
        """Whether this is the password; without a hash the same work is done for nothing."""
        same = await self._run(self._verify, hash or self._decoy, passwords.normalize(password))
        self.verified += 1
        return same and hash is not None

    def outdated(self, hash: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(hash)

    def close(self) -> None:
        """Drop what waits; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(hash, password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError):
            log.exception("a kept password hash cannot be read")
            return False

    async def _run(self, work: Callable[..., T], *args: str) -> T:
        if self._pending >= self._waiting:
            raise Unavailable("too many passwords are being checked", retry_after=1.0)
        self._pending += 1
        future = self._threads.submit(work, *args)
        # When the work is over, not when its caller has gone: an abandoned hash is still computed.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _done: loop.call_soon_threadsafe(self._done))
        return await asyncio.wrap_future(future)

    def _done(self) -> None:
        self._pending -= 1


def _decoy(time_cost: int, memory_kib: int) -> str:
    """A hash of no password at all, which takes as long to compare as any."""
    salt, digest = (
        base64.b64encode(os.urandom(size)).rstrip(b"=").decode()
        for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p=1${salt}${digest}"

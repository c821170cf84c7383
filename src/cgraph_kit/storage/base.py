"""Where big things are kept: the interface of an object store, and how it fails."""

import re
from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from typing import Protocol

import msgspec

LONGEST_KEY = 512
PART = 16 * 1024 * 1024
"""Bytes written or read by one request. S3 takes 10,000 parts: objects of up to 156 GiB."""
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class StorageError(Exception):
    """The store did not do it: away, full, or not ours to use. For the operator; holds no secret."""


class NotStored(StorageError):
    """There is no such object."""


class AlreadyStored(StorageError):
    """`create` met an object of this key."""


class Stored(msgspec.Struct, frozen=True):
    """What a store knows of an object. Its content type is the caller's to remember."""

    key: str
    size: int
    """In bytes."""
    modified: datetime
    tag: str
    """Changes with the content."""


class Storage(Protocol):
    """Objects by key: `a/b/c`, of letters, digits and `._-`. Every method raises `StorageError`.

    An object is there whole or not at all, whatever ends the writer; readers never see a part. A key that is none
    raises `ValueError`.
    """

    @property
    def place(self) -> str:
        """Where it is, in words for the operator."""
        ...

    async def put(
        self, key: str, content: bytes | AsyncIterable[bytes], *, part: int = PART
    ) -> None:
        """Store, or replace. What `content` raises, this raises, and then nothing was stored.

        `part`: bytes written by one request, at least 5 MiB; four of them are held in memory at most.
        """
        ...

    async def create(self, key: str, content: bytes) -> None:
        """Store what is not there yet; of several at once, one. Raises `AlreadyStored`."""
        ...

    async def get(self, key: str) -> bytes:
        """All of a small object. Raises `NotStored`."""
        ...

    def stream(
        self, key: str, *, start: int = 0, end: int | None = None, part: int = PART
    ) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in pieces of `part`. Raises `NotStored`.

        An object that is replaced meanwhile raises `StorageError`: never a mixture.
        """
        ...

    async def head(self, key: str) -> Stored | None:
        """What is known of an object; None where there is none."""
        ...

    def list(self, folder: str) -> AsyncIterator[Stored]:
        """Every object below `folder/`, in no order."""
        ...

    async def delete(self, *keys: str) -> None:
        """Remove; what is not there is well."""
        ...

    async def sweep(self, *, older_than: float) -> int:
        """Remove what killed writers left more than so many seconds ago. How many that were."""
        ...


def checked(key: str) -> str:
    """The key, if it is one."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"not a key: {key!r}")
    return key

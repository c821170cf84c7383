"""What every store has in common: the object_store library does the work, its errors become ours."""

from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore

from .base import PART, AlreadyStored, NotStored, Storage, StorageError, Stored, checked

WRITERS = 4
"""Parts under way at once, so a writer holds at most 64 MiB unless it says otherwise."""


class Objects(Storage):
    """An object store, wherever it is."""

    def __init__(self, place: str) -> None:
        self._place = place

    @property
    @abstractmethod
    def _store(self) -> ObjectStore:
        """The library's. Raises `FileNotFoundError` where nothing was ever stored."""

    def _prepare(self, key: str) -> None:
        """Before something is stored under a key."""

    @property
    def place(self) -> str:
        return self._place

    async def put(
        self, key: str, content: bytes | AsyncIterable[bytes], *, part: int = PART
    ) -> None:
        with self._failing(checked(key)):
            self._prepare(key)
            await obstore.put_async(
                self._store, key, content, chunk_size=part, max_concurrency=WRITERS
            )

    async def create(self, key: str, content: bytes) -> None:
        with self._failing(checked(key)):
            self._prepare(key)
            await obstore.put_async(self._store, key, content, mode="create")

    async def get(self, key: str) -> bytes:
        with self._failing(checked(key)):
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())

    async def stream(
        self, key: str, *, start: int = 0, end: int | None = None, part: int = PART
    ) -> AsyncIterator[bytes]:
        found = await self.head(key)
        if found is None:
            raise NotStored(f"{self._place} has no {key}")
        # One request per part: each has a time-out of its own, and is tried again by itself.
        end = found.size if end is None else min(end, found.size)
        for first in range(start, end, part):
            yield await self._part(found, first, min(first + part, end))

    async def _part(self, found: Stored, start: int, end: int) -> bytes:
        with self._failing(found.key):
            result = await obstore.get_async(
                self._store, found.key, options={"range": (start, end), "if_match": found.tag}
            )
            return bytes(await result.bytes_async())

    async def head(self, key: str) -> Stored | None:
        try:
            with self._failing(checked(key)):
                meta = await obstore.head_async(self._store, key)
        except NotStored:
            return None
        return Stored(key, meta["size"], meta["last_modified"], meta["e_tag"] or "")

    async def list(self, folder: str) -> AsyncIterator[Stored]:
        with suppress(NotStored), self._failing(checked(folder)):
            async for page in obstore.list(self._store, folder):
                for meta in page:
                    yield Stored(
                        meta["path"], meta["size"], meta["last_modified"], meta["e_tag"] or ""
                    )

    async def delete(self, *keys: str) -> None:
        for key in keys:
            try:
                with self._failing(checked(key)):
                    await obstore.delete_async(self._store, key)
            except NotStored:
                continue

    async def sweep(self, *, older_than: float) -> int:  # noqa: ARG002  (stores that need it do more)
        return 0

    @contextmanager
    def _failing(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise NotStored(f"{self._place} has no {key}") from None
        except AlreadyExistsError:
            raise AlreadyStored(f"{self._place} has {key} already") from None
        except (BaseError, OSError) as error:
            raise StorageError(f"{self._place}, {key}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    # what follows is the library's own debug output, pages of it
    return (str(error).splitlines() or [type(error).__name__])[0]

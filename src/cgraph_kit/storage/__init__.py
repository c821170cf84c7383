"""Object stores: a directory, or a bucket."""

from pathlib import Path

from .base import AlreadyStored, NotStored, Storage, StorageError, Stored
from .local import LocalStorage
from .s3 import S3Options, S3Storage

__all__ = [
    "AlreadyStored",
    "LocalStorage",
    "NotStored",
    "S3Options",
    "S3Storage",
    "Storage",
    "StorageError",
    "Stored",
    "open_storage",
]


def open_storage(url: str, options: S3Options | None = None) -> Storage:
    """The store at `s3://bucket[/prefix]`, `file:///directory` or a plain path. Asks nobody yet."""
    if url.startswith("s3://"):
        return S3Storage(url, options or S3Options())
    return LocalStorage(Path(url.removeprefix("file://")))

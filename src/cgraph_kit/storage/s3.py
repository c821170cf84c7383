"""A bucket of S3, or of anything that speaks its protocol, as an object store."""

from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
from obstore.exceptions import BaseError
from obstore.store import S3Store

from .base import StorageError
from .objects import Objects

REQUEST = timedelta(minutes=2)
"""One part of 16 MiB must make it within this, which takes a line of 1 Mbit/s."""
CONNECT = timedelta(seconds=5)
TRYING = timedelta(minutes=3)
"""How long one request is tried again."""


class S3Options(msgspec.Struct, frozen=True):
    """How to get into a bucket. Without keys: the machine's own role, or the variables of the AWS tools."""

    region: str = "us-east-1"
    endpoint: str | None = None
    """For stores that are not Amazon's: `https://host[:port]`; the bucket goes into the path."""
    access_key: str | None = None
    secret_key: str | None = None
    patience: timedelta = TRYING

    def __repr__(self) -> str:
        return f"S3Options({self.region!r}, {self.endpoint!r})"


class S3Storage(Objects):
    """Objects below `s3://bucket[/prefix]`.

    A writer that is killed leaves the parts of its upload in the bucket, invisible but paid for: give the bucket a
    lifecycle rule that aborts incomplete uploads. Raises `StorageError` for options that do not fit.
    """

    def __init__(self, url: str, options: S3Options) -> None:
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.hostname:
            raise StorageError(f"{url}: must be s3://bucket[/prefix]")
        given = {
            "endpoint": options.endpoint,
            "access_key_id": options.access_key,
            "secret_access_key": options.secret_key,
        }
        plain = bool(options.endpoint and options.endpoint.startswith("http://"))
        try:
            self._bucket = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                region=options.region,
                client_options={
                    "allow_http": plain,
                    "timeout": REQUEST,
                    "connect_timeout": CONNECT,
                },
                retry_config={"max_retries": 8, "retry_timeout": options.patience},
                **{name: value for name, value in given.items() if value},  # type: ignore[arg-type]
            )
        except (BaseError, ValueError) as error:
            raise StorageError(f"{url}: {str(error).splitlines()[0]}") from error
        super().__init__(f"s3://{parts.netloc}{parts.path}".rstrip("/"))

    @property
    def _store(self) -> S3Store:
        return self._bucket

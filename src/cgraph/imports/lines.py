"""Lines of a file that may be compressed, endless or garbage: bounded memory, whatever comes."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from .records import Unreadable

MAX_LINE = 1_048_576
"""Longest line, in bytes: far above any record we write."""
_GZIP = b"\x1f\x8b"


class Lines:
    """The lines of a file, of a gzip file, or of standard input (`-`), with their numbers from 1.

    A line longer than `MAX_LINE` comes as None, its bytes skipped. Raises `Unreadable` where the file cannot be
    opened, and where a compressed one is broken or ends early.
    """

    def __init__(self, path: str) -> None:
        self._raw, self.total = _open(path)
        self.done = 0
        self.broken: str | None = None
        """Why reading stopped before the end; what came before is good."""

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        with self._raw:
            head = self._raw.peek(2)[:2]
            stream = gzip.GzipFile(fileobj=self._raw) if head == _GZIP else self._raw
            yield from self._numbered(cast("BinaryIO", stream))

    def _numbered(self, stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
        number = 0
        try:
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                self.done = self._position()
                if len(line) > MAX_LINE:
                    while line and not line.endswith(b"\n"):
                        line = stream.readline(MAX_LINE)
                    yield number, None
                else:
                    yield number, line
        except (OSError, EOFError, zlib.error) as error:
            self.broken = f"after line {number}: {error}"

    def _position(self) -> int:
        return self._raw.tell() if self.total is not None else 0


def _open(path: str) -> tuple[io.BufferedReader, int | None]:
    if path == "-":
        return cast("io.BufferedReader", sys.stdin.buffer), None
    try:
        file = Path(path).open("rb")  # noqa: SIM115 (closed where it is read)
        return file, Path(path).stat().st_size
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None

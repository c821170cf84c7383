"""What pg_dump writes as plain text: the rows of its COPY blocks, one at a time.

Rows are as PostgreSQL documents COPY's text format: columns parted by tabs, `\\N` for null, backslash escapes. Columns
go by their names, so dumps of versions with others beside them are read alike.
"""

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO, cast

from .records import Unreadable

Row = list[str | None]

MAX_LINE = 64 * 1024 * 1024
"""Longest row, in bytes: far above any post."""
_GZIP = b"\x1f\x8b"
_CUSTOM = b"PGDMP"
_TAR = b"ustar"
_TAR_AT = 257
_HEAD = 512
_COPY = re.compile(rb'^COPY (?:"?\w+"?\.)?"?(\w+)"? \((.*)\) FROM stdin;\r?\n$')
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_BROKEN = (OSError, EOFError, zlib.error, tarfile.TarError)


class Table:
    """One COPY block: a table's name, its columns in order, and its rows, to be read once before the next block."""

    def __init__(self, name: str, columns: Sequence[str], lines: Iterator[bytes]) -> None:
        self.name = name
        self.columns = columns
        self._lines = lines

    def __iter__(self) -> Iterator[Row]:
        """Raises `Unreadable` where the dump ends inside, or a row has other columns than it should."""
        for line in self._lines:
            if line.rstrip(b"\r\n") == b"\\.":
                return
            row = _row(line)
            if len(row) != len(self.columns):
                raise Unreadable(
                    f"a row of {self.name} has {len(row)} columns instead of {len(self.columns)}"
                )
            yield row
        raise Unreadable(f"the dump ends inside {self.name}: it is cut off")


def tables(path: str, member: str | None = None) -> Iterator[Table]:
    """The blocks of a dump: a file, compressed by gzip or not; in a tar archive, the file of that name.

    Raises `Unreadable` where it is none, and as reading goes on.
    """
    with ExitStack() as stack:
        try:
            yield from _blocks(_lines(_open(Path(path), member, stack)))
        except _BROKEN as error:
            raise Unreadable(f"{path}: broken or cut off: {error}") from None


def _open(path: Path, member: str | None, stack: ExitStack) -> IO[bytes]:
    file = _unpacked(stack.enter_context(path.open("rb")))
    head = file.peek(_HEAD)[:_HEAD]  # type: ignore[attr-defined]  # both kinds have it
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        if member is None:
            raise Unreadable(f"{path}: an archive, where a dump was expected")
        file = _unpacked(_inside(file, member, path, stack))
        head = file.peek(len(_CUSTOM))  # type: ignore[attr-defined]
    if head.startswith(_CUSTOM):
        raise Unreadable(
            f"{path}: a dump in pg_dump's own format; `pg_restore -f dump.sql {path.name}` makes it readable"
        )
    return file


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    head = file.peek(len(_GZIP))  # type: ignore[attr-defined]
    return cast("IO[bytes]", gzip.open(file)) if head.startswith(_GZIP) else file


def _inside(file: IO[bytes], member: str, path: Path, stack: ExitStack) -> IO[bytes]:
    """A file of an archive, read as it comes: nothing is unpacked to disk."""
    archive = tarfile.open(fileobj=file, mode="r|")  # noqa: SIM115 (closed with the file)
    stack.callback(archive.close)
    for entry in archive:
        name = PurePosixPath(entry.name).name
        if entry.isfile() and name in {member, f"{member}.gz"}:
            found = archive.extractfile(entry)
            if found is not None:
                return found
    raise Unreadable(f"{path}: no {member} in this archive")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise Unreadable(f"a line of more than {MAX_LINE:,} bytes: not a dump of text")
        yield line


def _blocks(lines: Iterator[bytes]) -> Iterator[Table]:
    any_ = False
    for line in lines:
        if match := _COPY.match(line):
            any_ = True
            columns = [name.strip().strip('"') for name in match[2].decode().split(",")]
            table = Table(match[1].decode(), columns, lines)
            yield table
    if not any_:
        raise Unreadable("no COPY blocks in it: not a dump that pg_dump wrote as plain text")


def _row(line: bytes) -> Row:
    text = line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    return [None if cell == r"\N" else _unescaped(cell) for cell in text.split("\t")]


def _unescaped(cell: str) -> str:
    return _ESCAPE.sub(_meant, cell) if "\\" in cell else cell


def _meant(match: re.Match[str]) -> str:
    """What an escape stands for; unknown ones for themselves."""
    what = match[1]
    if what[0] in "01234567":
        return chr(int(what, 8) & 0xFF)
    if len(what) > 1:
        return chr(int(what[1:], 16))
    return _LETTERS.get(what, what)

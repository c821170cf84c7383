"""Our open format: one JSON object a line. Documented in docs/guides/import.md."""

from collections.abc import Iterator
from typing import Any

import msgspec

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import decode

from .lines import MAX_LINE, Lines
from .records import (
    FORMAT,
    VERSION,
    Header,
    Item,
    Problem,
    Record,
    Unreadable,
)

_Line: Any = Header | Record


class _Foreign(msgspec.Struct):
    """Enough of a line to tell the chat-log shape from ours."""

    channel: str
    i: int
    at: str


class JsonLines:
    """A file of our format. Raises `Unreadable` when it does not begin with a header this version knows."""

    def __init__(self, path: str, source: str | None = None) -> None:
        self._lines = Lines(path)
        self.total = self._lines.total
        self._rest = iter(self._lines)
        header = self._header()
        self.source = source or header.source

    @property
    def done(self) -> int:
        return self._lines.done

    def __iter__(self) -> Iterator[Item | Problem]:
        for number, line in self._rest:
            where = f"line {number}"
            if line is None:
                yield Problem(where, "too long", f"a line holds at most {MAX_LINE} bytes")
            elif line.strip():
                yield _record(where, line)
        if self._lines.broken:
            yield Problem("end of file", "the file is cut off or broken", self._lines.broken)

    def _header(self) -> Header:
        _, line = next(self._rest, (0, b""))
        try:
            header = decode(line or b"", Header)
        except Invalid as error:
            raise Unreadable(_no_header(line or b"", error)) from None
        if header.version != VERSION:
            raise Unreadable(
                f"the file is {FORMAT} version {header.version}; this is version {VERSION}"
            )
        return header


def _record(where: str, line: bytes) -> Item | Problem:
    try:
        record: Header | Record = decode(line, _Line)
    except Invalid as error:
        return Problem(where, "not a record of the format", reason_of(error))
    if isinstance(record, Header):
        return Problem(where, "a header may only come first")
    return Item(where, record)


def reason_of(error: Invalid) -> str:
    """What is wrong, in one line."""
    if not error.fields:
        return error.message.removeprefix("the body is ")
    return "; ".join(f"{field} {', '.join(why)}" for field, why in error.fields.items())


def _no_header(line: bytes, error: Invalid) -> str:
    try:
        msgspec.json.decode(line, type=_Foreign)
    except msgspec.MsgspecError:
        return f"no {FORMAT} header on the first line: {reason_of(error)}"
    return "this looks like chat logs: read it with `cgraph import irc`"

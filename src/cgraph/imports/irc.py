"""Chat logs as JSON lines: one log is one day of one channel, its lines numbered from 0.

A line is `{"channel": "2004-11-15_03", "i": 0, "at": "12:18", "user": "nick", "text": "…", "reply_to": null}`:
`channel` begins with the day, `at` is the minute in UTC, `reply_to` the number of a line of the same log.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import decode

from .jsonl import reason_of
from .lines import MAX_LINE, Lines
from .records import Conversation, ExternalId, Item, Message, Problem, User

SOURCE = "irc"
_HALF_DAY = timedelta(hours=12)
_JITTER = timedelta(hours=1)


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    channel: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}", max_length=100)]
    i: Annotated[int, msgspec.Meta(ge=0)]
    at: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    user: ExternalId
    text: str
    reply_to: Annotated[int, msgspec.Meta(ge=0)] | None = None


class ChatLog:
    """Reads the logs one after another; the lines of one log must stand together, in order."""

    def __init__(self, path: str, source: str | None = None) -> None:
        self._lines = Lines(path)
        self.total = self._lines.total
        self.source = source or SOURCE
        self._nicks: set[str] = set()
        self._channel: str | None = None
        self._time = datetime.min.replace(tzinfo=UTC)

    @property
    def done(self) -> int:
        return self._lines.done

    def __iter__(self) -> Iterator[Item | Problem]:
        for number, raw in self._lines:
            where = f"line {number}"
            if raw is None:
                yield Problem(where, "too long", f"a line holds at most {MAX_LINE} bytes")
            elif raw.strip():
                yield from self._read(where, raw)
        if self._lines.broken:
            yield Problem("end of file", "the file is cut off or broken", self._lines.broken)

    def _read(self, where: str, raw: bytes) -> Iterator[Item | Problem]:
        try:
            line = decode(raw, _Line)
            at = self._instant(line)
        except Invalid as error:
            yield Problem(where, "not a line of a chat log", reason_of(error))
            return
        if line.user not in self._nicks:
            self._nicks.add(line.user)
            yield Item(where, User(id=line.user, username=line.user, inserted_at=at))
        if line.channel != self._channel:
            self._channel = line.channel
            yield Item(where, Conversation(id=line.channel, name=line.channel, inserted_at=at))
        yield Item(where, _message(line, at))

    def _instant(self, line: _Line) -> datetime:
        """The day and the minute, made to run forwards.

        Logs run over midnight, and some were written with twelve-hour clocks: a clock that falls back by an hour or
        more has gone on by as many half days as it takes; one that falls back by less has been set, and stands still.
        """
        try:
            at = datetime.fromisoformat(f"{line.channel[:10]}T{line.at}:00+00:00")
        except ValueError as error:
            raise Invalid.field("channel", f"does not begin with a day: {error}") from None
        if line.channel != self._channel:
            self._time = at
        if self._time - at >= _JITTER:
            at += -((at - self._time) // _HALF_DAY) * _HALF_DAY
        self._time = max(self._time, at)
        return self._time


def _message(line: _Line, at: datetime) -> Message:
    return Message(
        id=str(line.i),
        conversation=line.channel,
        author=line.user,
        content=line.text,
        inserted_at=at,
        reply_to=None if line.reply_to is None else str(line.reply_to),
    )

"""One line of the doctor's report."""

from typing import Literal

import msgspec

Level = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and what to do about it."""

    level: Level
    what: str
    state: str
    advice: str = ""


def ok(what: str, state: str) -> Finding:
    return Finding("ok", what, state)


def warn(what: str, state: str, advice: str) -> Finding:
    return Finding("warn", what, state, advice)


def fail(what: str, state: str, advice: str) -> Finding:
    return Finding("fail", what, state, advice)

"""Values and errors as text that PostgreSQL's jsonb can hold."""

import re
from typing import Any

import msgspec

LONGEST = 10_000
"""Characters kept of one error; of a longer one, its beginning and its end."""
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def as_json(value: Any) -> str:
    """A value for a jsonb column. Raises `ValueError` for a NUL character, which PostgreSQL would refuse."""
    encoded = msgspec.json.encode(value)
    if b"\\u0000" in encoded and _NUL.search(encoded):
        raise ValueError("a job's arguments cannot hold a NUL character")
    return encoded.decode()


def printable(error: str) -> str:
    """An error's text, whatever is in it: NUL and lone surrogates are spelled out, too long a one is cut in the middle."""
    if len(error) > LONGEST:
        error = f"{error[: LONGEST // 2]}\n[…]\n{error[-LONGEST // 2 :]}"
    return error.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")

"""Decoding input into structs: every failure becomes `Invalid` with the field and the reason.

Input structs are the changeset: they state types, lengths and patterns (`msgspec.Meta`), refuse unknown fields
(`forbid_unknown_fields=True`) and may normalise or check more in `__post_init__` (raise `ValueError`, or `Invalid`).
"""

import json
import re
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec

from . import clock
from .errors import Invalid
from .reasons import one_of, plain

T = TypeVar("T")

NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, msgspec.Meta(pattern=NO_NUL)]
"""Text PostgreSQL can keep: anything but NUL."""

FARTHEST = timedelta(days=36525)
"""How far ahead an end may lie: well within what every calendar and the database can add to."""

_WHERE = re.compile(r" - at (?P<key>`key` in )?`\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]+)`")


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of input structs: frozen, and a field nobody knows is an error that names it."""


def decode(data: bytes | memoryview | msgspec.Raw, type: type[T]) -> T:
    """JSON bytes to a typed value. Raises `Invalid` naming field and reason; never anything else."""
    try:
        return msgspec.json.decode(data, type=type)
    except msgspec.ValidationError as error:
        raise invalid(error, type) from None
    except UnicodeDecodeError:
        raise Invalid("the body is not valid UTF-8") from None
    except msgspec.DecodeError as error:
        raise Invalid(f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise Invalid("the body is nested too deeply") from None


def convert(value: Any, type: type[T]) -> T:
    """A decoded value (query parameters, imports) to a typed one; text is read as numbers and dates."""
    try:
        return msgspec.convert(value, type=type, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error, type, from_text=True) from None


def refuse_repeats(data: bytes | memoryview | msgspec.Raw) -> None:
    """Raises `Invalid` where an object of this JSON, which has been decoded before, names a field twice.

    Which of the two counts is nowhere said (RFC 8259 §4), so whoever checked the text before us may have read the other.
    """
    text = bytes(data)
    if text.count(b":") > 1:
        try:
            _read_names(text.decode())
        except RecursionError:
            raise Invalid("the input is nested too deeply") from None


def demand_end(field: str, at: datetime | None) -> None:
    """Raises `Invalid` for an aware instant at which something is to end, unless it lies in the next hundred years."""
    now = clock.now()
    if at is not None and at <= now:
        raise Invalid.field(field, "must be in the future")
    if at is not None and at > now + FARTHEST:
        raise Invalid.field(field, "must be at most a hundred years from now")


def invalid(error: msgspec.ValidationError, type: Any = Any, *, from_text: bool = False) -> Invalid:
    """What msgspec found, as a field and a reason; `type` is what was wanted, `from_text` as in `reasons.plain`."""
    text = str(error)
    where = _WHERE.search(text)
    path = where["path"] if where else ""
    reason = text[: where.start()] if where else text
    for pattern, message in ((_MISSING, "is required"), (_UNKNOWN, "is not a known field")):
        if match := pattern.match(reason):
            path = f"{path}.{match['name']}" if path else match["name"]
            return Invalid.field(path, message)
    choices = None
    if reason.startswith("Invalid enum value"):
        choices = one_of(type, path, key=bool(where and where["key"]))
    return Invalid.field(path or "body", choices or plain(reason, from_text=from_text))


def _once(pairs: list[tuple[str, None]]) -> None:
    if len(dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise Invalid.field(repeated, "is given more than once")


_read_names = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=str, parse_float=str, strict=False
).decode

"""Decoding input into structs: every failure becomes `Invalid` with the field and the reason.

Input structs are the changeset: they state types, lengths and patterns (`msgspec.Meta`), refuse unknown fields
(`forbid_unknown_fields=True`) and may normalise or check more in `__post_init__` (raise `ValueError`, or `Invalid`).
"""

import re
from typing import Annotated, Any, TypeVar

import msgspec

from .errors import Invalid

T = TypeVar("T")

NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, msgspec.Meta(pattern=NO_NUL)]
"""Text PostgreSQL can keep: anything but NUL."""

_WHERE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]+)`")

_PLAIN = [
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"Expected str of length >= 1$", "can't be blank"),
        (r"Expected str of length >= (\d+)$", r"must have at least \1 characters"),
        (r"Expected str of length <= (\d+)$", r"must have at most \1 characters"),
        (r"Expected array of length >= (\d+)$", r"must have at least \1 items"),
        (r"Expected array of length <= (\d+)$", r"must have at most \1 items"),
        (r"Expected (?:int|float) >= (\S+)$", r"must be at least \1"),
        (r"Expected (?:int|float) <= (\S+)$", r"must be at most \1"),
        (r"Expected str matching regex", "contains characters that are not allowed"),
        (r"Expected (.*)$", r"must be \1"),
        (r"Invalid (.*)$", r"must be a valid \1"),
    )
]


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of input structs: frozen, and a field nobody knows is an error that names it."""


def decode(data: bytes | memoryview | msgspec.Raw, type: type[T]) -> T:
    """JSON bytes to a typed value. Raises `Invalid` naming field and reason; never anything else."""
    try:
        return msgspec.json.decode(data, type=type)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise Invalid("the body is nested too deeply") from None


def convert(value: Any, type: type[T]) -> T:
    """A decoded value (query parameters, imports) to a typed one; text is read as numbers and dates."""
    try:
        return msgspec.convert(value, type=type, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def invalid(error: msgspec.ValidationError) -> Invalid:
    """What msgspec found, as a field and a reason."""
    text = str(error)
    where = _WHERE.search(text)
    path = where["path"] if where else ""
    reason = text[: where.start()] if where else text
    for pattern, message in ((_MISSING, "is required"), (_UNKNOWN, "is not a known field")):
        if match := pattern.match(reason):
            path = f"{path}.{match['name']}" if path else match["name"]
            return Invalid.field(path, message)
    return Invalid.field(path or "body", _plain(reason))


def _plain(reason: str) -> str:
    """msgspec's sentence, as one that follows a field name."""
    reason = reason.replace("`", "")
    for pattern, plain in _PLAIN:
        if match := pattern.match(reason):
            return match.expand(plain)
    return reason[:1].lower() + reason[1:]

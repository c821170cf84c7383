"""From the JSON of a message to the type a handler asks for, with errors a client can act on."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from cgraph_kit.errors import Invalid

_PATH = re.compile(r"^(?P<text>.*?)(?: - at `(?P<where>key in )?\$?(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]+)`$")


def decoder(kind: Any) -> Callable[[bytes | msgspec.Raw], Any]:
    """A function from raw JSON to `kind` that raises `Invalid` with the field at fault."""
    decode = msgspec.json.Decoder(kind).decode

    def decode_payload(raw: bytes | msgspec.Raw) -> Any:
        try:
            return decode(raw)
        except msgspec.ValidationError as error:
            raise refusal(str(error)) from None
        except msgspec.DecodeError as error:
            raise Invalid(str(error)) from None
        except RecursionError:
            raise Invalid("the payload is nested too deeply") from None

    return decode_payload


def refusal(text: str) -> Invalid:
    """msgspec's sentence about the first thing wrong, as `Invalid` with the field's path.

    Nested fields are `author.name`, elements `items[0]`; what concerns the whole payload has no field.
    """
    found = _PATH.match(text)
    reason, path = (found["text"], found["path"] or "") if found else (text, "")
    if missing := _MISSING.match(reason):
        return _field(path, missing["name"], "is required")
    if unknown := _UNKNOWN.match(reason):
        return _field(path, unknown["name"], "is not a known field")
    reason = reason[:1].lower() + reason[1:]
    if not path:
        return Invalid(reason)
    return _field(path, "", reason)


def _field(path: str, name: str, reason: str) -> Invalid:
    return Invalid.field(".".join(part for part in (path.removeprefix("."), name) if part), reason)

"""How a channel's method wants to be called: read once from its signature."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, get_type_hints

import msgspec

from cgraph_kit import validation
from cgraph_kit.errors import Error, Invalid

from .protocol import TOO_DEEP

EVENT: Final = "__channel_event__"
ERRORS: Final = "__channel_errors__"
Decode = Callable[[Any], Any]


class Handler(msgspec.Struct, frozen=True):
    """A method that answers an event."""

    name: str
    call: Callable[[Any, Any], Any]
    """Calls it with a channel and a raw payload; raises Invalid if the payload does not fit."""
    binary: bool
    """The payload parameter is `bytes`: it takes binary pushes, and only those."""
    asynchronous: bool
    errors: Sequence[type[Error]] = ()
    """What it may refuse with, for the documentation."""

    @classmethod
    def of(cls, name: str, method: Callable[..., Any]) -> "Handler":
        """Raises TypeError, when the class is made, for a method that could never be called."""
        kinds = _parameters(method)
        if len(kinds) > 1:
            raise TypeError(f"{method.__qualname__} may take only the payload besides self")
        return cls(
            name=name,
            call=_caller(method, kinds),
            binary=kinds == [bytes],
            asynchronous=inspect.iscoroutinefunction(method),
            errors=getattr(method, ERRORS, ()),
        )


def join_params(join: Callable[..., Any]) -> Decode:
    """What decodes the payload of a join for `join(self, id, params)`."""
    kinds = _parameters(join)
    if len(kinds) != 2:  # noqa: PLR2004
        raise TypeError(f"{join.__qualname__} must take the topic's id and the join's params")
    return decoder(kinds[1])


def payload_kind(method: Callable[..., Any]) -> Any:
    """The type a handler's payload is decoded into; None if it takes none."""
    return next(iter(_parameters(method)), None)


def params_kind(join: Callable[..., Any]) -> Any:
    """The type the params of a join are decoded into."""
    return _parameters(join)[1]


def _caller(method: Callable[..., Any], kinds: list[Any]) -> Callable[[Any, Any], Any]:
    if not kinds:
        return lambda channel, _payload: method(channel)
    if kinds == [bytes]:
        return method
    decode = decoder(kinds[0])
    return lambda channel, payload: method(channel, decode(payload))


def decoder(kind: Any) -> Decode:
    """From JSON text to `kind`; raises Invalid with the field at fault."""
    decode = msgspec.json.Decoder(kind).decode

    def decode_payload(raw: bytes | msgspec.Raw) -> Any:
        try:
            value = decode(raw)
        except msgspec.ValidationError as error:
            raise validation.invalid(error, kind) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if raw is TOO_DEEP:
                raise Invalid("the payload is nested too deeply") from None
            raise Invalid(f"the payload is not valid JSON: {error}") from None
        except RecursionError:
            raise Invalid("the payload is nested too deeply") from None
        validation.refuse_repeats(raw)
        return value

    return decode_payload


def _parameters(method: Callable[..., Any]) -> list[Any]:
    hints = get_type_hints(method)
    names = list(inspect.signature(method).parameters)[1:]
    return [hints.get(name, Any) for name in names]

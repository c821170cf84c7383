"""From a request to a handler's arguments: path, query, body and the named ones, prepared once per route."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import signature
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from cgraph_kit.errors import Invalid, NotFound
from cgraph_kit.reasons import members
from cgraph_kit.validation import Input, convert, decode, refuse_repeats

from .action import BodyMarker, FormMarker, QueryMarker, Route

NAMED = ("db", "actor", "app", "site", "exchange", "incoming", "idempotency_key")
PARAMETER = re.compile(r"\{(\w+)\}")
MAX_PARAMETERS = 100
UUID_LENGTH = 36
WHOLE = re.compile(r"-?[0-9]{1,19}")
"""An integer as text; msgspec also takes 1e1 and 1.0."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where each argument of a route's handler comes from."""

    path: Mapping[str, Any]
    """Path parameters and their types."""
    query: tuple[str, type[Input]] | None
    body: tuple[str, Any] | None
    form: bool
    """Whether the body is a form."""
    named: tuple[str, ...]
    returns: Any


@cache
def bind(route: Route) -> Binding:
    """Read a handler's signature, once. Raises `TypeError` for one that no request could satisfy."""
    fn = route.action.fn
    hints = get_type_hints(fn, include_extras=True)
    in_path = PARAMETER.findall(route.path)
    query: tuple[str, type[Input]] | None = None
    body: tuple[str, Any] | None = None
    form = False
    named: list[str] = []
    path: dict[str, Any] = {}
    for name in signature(fn).parameters:
        kind, inner = _marked(hints[name])
        if kind in {BodyMarker, FormMarker}:
            body, form = (name, inner), kind is FormMarker
        elif kind is QueryMarker:
            query = (name, inner)
        elif name in in_path:
            path[name] = hints[name]
        elif name in NAMED:
            named.append(name)
        else:
            raise TypeError(f"{route.action.name}: nothing provides the parameter {name!r}")
    if missing := set(in_path) - set(path):
        raise TypeError(f"{route.action.name}: does not take {', '.join(sorted(missing))}")
    returns = route.action.returns or hints.get("return", Any)
    return Binding(path, query, body, form, tuple(named), returns)


def path_parser(types: Mapping[str, Any]) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    """Path parameters to typed values. What is no such value names nothing: `NotFound`."""

    def parse(values: Mapping[str, str]) -> dict[str, Any]:
        return {name: _path_value(values[name], type) for name, type in types.items()}

    return parse


@cache
def query_parser(type: type[Input]) -> Callable[[bytes], Input]:
    """A query string to its struct. Raises `Invalid` for unknown, repeated and ill-typed parameters."""
    fields = msgspec.structs.fields(type)
    many = frozenset(field.encode_name for field in fields if _is_list(field.type))
    whole = frozenset(
        field.encode_name for field in fields if {*members(field.type)} - {NoneType} == {int}
    )

    def parse(query: bytes) -> Input:
        values: dict[str, Any] = {name: [] for name in many} if many and query else {}
        for name, value in query_pairs(query):
            if name in many:
                values[name].append(value)
            elif name in values:
                raise Invalid.field(name, "is given more than once")
            elif name in whole and not WHOLE.fullmatch(value):
                raise Invalid.field(name, "must be a whole number")
            else:
                values[name] = value
        return convert({k: v for k, v in values.items() if v != []}, type)

    return parse


def no_query(query: bytes) -> None:
    """For handlers without query parameters: every one is unknown."""
    if query:
        unknown = {name: ["is not a known parameter"] for name, _ in query_pairs(query)}
        if unknown:
            raise Invalid("unknown query parameters", fields=unknown)


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """Names and values in order. Raises `Invalid` when they are not UTF-8 or beyond count."""
    try:
        text = query.decode("ascii")
        if "%" in text or "+" in text:
            return parse_qsl(
                text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
            )
    except UnicodeDecodeError:
        raise Invalid.field("query", "is not percent-encoded UTF-8") from None
    except ValueError:
        raise Invalid.field("query", "has too many parameters") from None
    parts = text.split("&")  # nothing is encoded: a third of the time
    if len(parts) > MAX_PARAMETERS:
        raise Invalid.field("query", "has too many parameters")
    return [(name, value) for name, _, value in (part.partition("=") for part in parts if part)]


def body_parser(type: Any) -> Callable[[bytes], Any]:
    """JSON to the body's type; no body at all is an empty object, so that the missing fields are named."""

    def parse(body: bytes) -> Any:
        value = decode(body or b"{}", type)
        refuse_repeats(body)
        return value

    return parse


def _marked(hint: Any) -> tuple[type[BodyMarker | FormMarker | QueryMarker] | None, Any]:
    if get_origin(hint) is Annotated:
        inner, *marks = get_args(hint)
        for mark in marks:
            if isinstance(mark, BodyMarker | FormMarker | QueryMarker):
                return type(mark), inner
    return None, hint


def _path_value(text: str, type: Any) -> Any:
    if type is UUID and len(text) != UUID_LENGTH:  # msgspec also takes them without dashes
        raise NotFound
    try:
        value = convert(text, type)
    except Invalid:
        raise NotFound from None
    if isinstance(value, str) and "\x00" in value:
        raise NotFound
    return value


def _is_list(type: Any) -> bool:
    return get_origin(type) is list or any(get_origin(arg) is list for arg in get_args(type))

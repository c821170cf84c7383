"""What msgspec finds wrong, in words that follow a field's name: "must be a whole number"."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

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
        (r"Invalid RFC3339 encoded datetime$", "must be a time such as 2026-01-31T12:00:00Z"),
        (r"Invalid RFC3339 encoded date$", "must be a date such as 2026-01-31"),
        (r"Invalid (.*)$", r"must be a valid \1"),
    )
]
_KIND = re.compile(r"Expected (?P<kinds>\w+(?: \| \w+)*)(?:, got (?P<got>\w+))?$")
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "an object",
    "datetime": "a time",
    "date": "a date",
    "uuid": "a UUID",
}
_STEP = re.compile(r"\[[^\]]*\]|[^.\[\]]+")


def plain(reason: str, *, from_text: bool) -> str:
    """msgspec's sentence in ours; `from_text`: everything was text, so that is no news, and null cannot be said."""
    reason = reason.replace("`", "")
    if match := _KIND.match(reason):
        kinds = match["kinds"].split(" | ")
        if from_text:
            kinds = [kind for kind in kinds if kind != "null"] or kinds
        wanted = "must be " + " or ".join(map(_kind, kinds))
        known = match["got"] is None or (from_text and match["got"] == "str")
        return wanted if known else f"{wanted}, got {_kind(match['got'])}"
    for pattern, words in _PLAIN:
        if match := pattern.match(reason):
            return match.expand(words)
    return reason[:1].lower() + reason[1:]


def one_of(type: Any, path: str, *, key: bool) -> str | None:
    """What an enumeration at a path within a type admits, in words; None where there is none.

    `key`: the keys of the mapping at that path.
    """
    kinds = list(members(type))
    for step in _STEP.findall(path):
        kinds = [inner for kind in kinds for inner in _within(kind, step)]
    if key:
        kinds = [
            inner for kind in kinds if _is_mapping(kind) for inner in members(get_args(kind)[0])
        ]
    choices = [str(choice) for kind in kinds for choice in _choices(kind)]
    return f"must be one of {', '.join(choices)}" if choices else None


def _kind(name: str) -> str:
    return _KINDS.get(name, name)


def members(type: Any) -> Iterator[Any]:
    """The types a union is made of, or the one it is, without annotations."""
    origin = get_origin(type)
    if origin is Annotated:
        yield from members(get_args(type)[0])
    elif origin in {Union, UnionType}:
        for member in get_args(type):
            yield from members(member)
    else:
        yield type


def _within(kind: Any, step: str) -> Iterable[Any]:
    """What a step of a path leads to: a field, an item or a value."""
    if step.startswith("["):
        arguments = get_args(kind)
        return members(arguments[1 if _is_mapping(kind) else 0]) if arguments else ()
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return ()
    return (
        inner
        for field in msgspec.structs.fields(kind)
        if field.encode_name == step
        for inner in members(field.type)
    )


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _choices(kind: Any) -> Iterable[Any]:
    if get_origin(kind) is Literal:
        return (choice for choice in get_args(kind) if choice is not None)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return (member.value for member in kind)
    return ()

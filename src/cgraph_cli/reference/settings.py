"""docs/reference/settings.md, from the fields of Settings."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from annotated_types import Ge, Gt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from cgraph.settings import PREFIX, Settings, variable

_INTRODUCTION = f"""# Settings

Read once, when a command starts: from the environment, and from the TOML file that `{PREFIX}CONFIG` names (there a
setting has the name in the third column; where both name one, the environment wins). Unknown names, bad values and
contradictions stop the start with a list of all of them. Lists and maps are JSON in the environment.

In development every setting has a default that works. In production (`{PREFIX}ENV=prod`) four are required:
`DATABASE_URL`, `SECRET_KEY_BASE`, `JWT_SECRET` and `PHX_HOST`.
"""
_SECTION = re.compile(r"^    # -- (?P<title>.+)$|^    (?P<name>[a-z0-9_]+): ")


def text() -> str:
    """The page."""
    return "\n".join([_INTRODUCTION, *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    for title, names in _titled():
        yield f"## {title[:1].upper()}{title[1:]}\n"
        yield "| variable | what it is | in the file | type | default |"
        yield "|---|---|---|---|---|"
        for name in names:
            yield _row(name, Settings.model_fields[name])
        yield ""


def _titled() -> list[tuple[str, list[str]]]:
    """The settings under the headings they stand under in the source."""
    sections: list[tuple[str, list[str]]] = []
    for line in inspect.getsource(Settings).splitlines():
        match = _SECTION.match(line)
        if match and match["title"]:
            sections.append((match["title"], []))
        elif match and match["name"] in Settings.model_fields:
            sections[-1][1].append(match["name"])
    return sections


def _row(name: str, field: FieldInfo) -> str:
    doc = (field.description or "").replace("|", "\\|")
    kind = _type(field.annotation, field.metadata)
    return f"| `{variable(name)}` | {doc} | `{name}` | {kind} | {_default(field)} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "—"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | dict):
        return f"`{msgspec.json.encode(value).decode()}`"
    if isinstance(value, int) and value >= 10_000:  # noqa: PLR2004 (digits are worth grouping)
        return f"`{value}` ({value:,})"
    return f"`{value}`" if isinstance(value, str | int | float | Path) else f"`{value!r}`"


def _type(annotation: Any, metadata: list[Any]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], list(arguments[1:]))
    if origin in {Union, UnionType}:
        return " or ".join(_type(each, []) for each in arguments if each is not type(None))
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin is tuple:
        return "list of text"
    if origin is dict:
        return f"map of text to {_type(arguments[1], [])}"
    plain: str = _PLAIN.get(annotation) or annotation.__name__
    return plain + _bounds(metadata)


_PLAIN = {
    str: "text",
    SecretStr: "secret text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
}


def _bounds(metadata: list[Any]) -> str:
    found = [entry for one in metadata for entry in (getattr(one, "metadata", None) or [one])]
    for bound in found:
        if isinstance(bound, Gt):
            return f" above {bound.gt}"
        if isinstance(bound, Ge):
            return f" from {bound.ge} up"
    return ""

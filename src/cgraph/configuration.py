"""Reading the settings: from the environment, a file and a command's options, with everything that is wrong at once."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .settings import PREFIX, Settings, SettingsError, variable


def read(**overrides: Any) -> Settings:
    """Settings from the environment and the file it may name; `overrides` win (a command's options).

    Raises `SettingsError` with every problem at once: unknown names, bad values, contradictions.
    """
    problems = [
        f"{name} is not a setting"
        for name in sorted(os.environ)
        if name.startswith(PREFIX)
        and name != PREFIX + "CONFIG"
        and name.removeprefix(PREFIX).lower() not in Settings.model_fields
    ]
    values = _file(os.environ.get(PREFIX + "CONFIG"), problems) | overrides
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems += [_problem(entry) for entry in error.errors()]
        raise SettingsError("\n".join(problems)) from None
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _file(path: str | None, problems: list[str]) -> dict[str, Any]:
    if not path:
        return {}
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return {}
    except ValueError as error:
        problems.append(f"{path}: {error}")
        return {}
    unknown = [name for name in values if name not in Settings.model_fields]
    problems += [f"{path}: {name} is not a setting" for name in unknown]
    # The environment wins over the file: what both name is left to the environment.
    return {
        name: value
        for name, value in values.items()
        if name not in unknown and variable(name) not in os.environ
    }


_WORDS = {
    "dict_type": 'must be a map, in the environment as JSON such as {"name": …}',
    "tuple_type": 'must be a list, in the environment as JSON such as ["…"]',
    "string_pattern_mismatch": "must be a time as 02:00, or off",
}
"""For kinds of errors that pydantic tells in the terms of its own; one setting alone has a pattern."""


def _problem(entry: Any) -> str:
    message = _WORDS.get(entry["type"]) or str(entry["msg"]).removeprefix("Value error, ")
    if not entry["loc"]:
        return message
    name, *inside = entry["loc"]
    return f"{variable(str(name))}{''.join(f'[{part}]' for part in inside)}: {message}"

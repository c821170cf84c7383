"""The catalogue of error codes, derived from the classes themselves."""

import inspect
from collections.abc import Iterator
from itertools import groupby

from cgraph_kit.errors import Error

from . import router
from .errors import status_of

HEADER = """\
# Errors

Made by `make docs` from the error classes; do not edit.

Over HTTP a failure is `{{"error": {{"code", "message", "fields", "request_id"}}}}` with the status below; on a channel it \
is the error reply `{{"reason": code, …}}`. Codes are stable, messages are not. {count} codes.
"""


def every_error() -> list[type[Error]]:
    """Every error class of ours that has a code of its own, by status and code. Loading the routes has loaded them all."""
    if not router.ROUTES:
        raise LookupError("there are no routes")
    ours = {
        error
        for error in _below(Error)
        if error.__module__.startswith("cgraph") and "code" in vars(error)
    }
    return sorted(ours, key=lambda error: (status_of(error), error.code))


def errors_reference() -> str:
    """The text of `docs/reference/errors.md`."""
    errors = every_error()
    parts = [HEADER.format(count=len(errors))]
    for status, group in groupby(errors, key=status_of):
        parts.append(f"\n## {status}\n\n| code | message | where | |\n| --- | --- | --- | --- |\n")
        parts += [_row(error) for error in group]
    return "".join(parts)


def _row(error: type[Error]) -> str:
    doc = inspect.cleandoc(error.__dict__.get("__doc__") or "").replace("\n", " ")
    where = error.__module__.removeprefix("cgraph_").removeprefix("cgraph.").removesuffix(".errors")
    return f"| `{error.code}` | {error.default} | {where} | {doc} |\n"


def _below(base: type[Error]) -> Iterator[type[Error]]:
    for child in base.__subclasses__():
        yield child
        yield from _below(child)

"""`cgraph docs`."""

import inspect
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from cgraph_web.asyncapi import document as channels_document
from cgraph_web.openapi import document
from cgraph_web.reference import errors_reference
from cgraph_web.router import ROUTES
from cgraph_web.socket import UserSocket

from .output import Failure, say
from .reference import closecodes, metrics, routes, schema, settings

Make = Callable[[], str] | Callable[[], Coroutine[Any, Any, str]]


def _openapi() -> str:
    return msgspec.json.format(document(ROUTES)).decode() + "\n"


def _asyncapi() -> str:
    return msgspec.json.format(channels_document(UserSocket.channels)).decode() + "\n"


PAGES: dict[str, Make] = {
    "settings.md": settings.text,
    "errors.md": errors_reference,
    "close-codes.md": closecodes.text,
    "routes.md": routes.text,
    "metrics.md": metrics.text,
    "openapi.json": _openapi,
    "asyncapi.json": _asyncapi,
    "schema.sql": schema.text,
}
"""Every generated reference and what makes it."""


async def command(
    *,
    directory: Path = Path("docs/reference"),
    check: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """Write the generated references, or check that those that are there say what the code says.

    For example:

    - `cgraph docs` after changing a setting, an error, a route or a migration
    - `cgraph docs --check` in CI

    Parameters
    ----------
    directory
        Where they are kept.
    check
        Write nothing; fail and name the stale ones.
    """
    pages = {name: await _made(make) for name, make in PAGES.items()}
    stale = [name for name, text in pages.items() if _read(directory / name) != text]
    if check and stale:
        names = ", ".join(str(directory / name) for name in stale)
        raise Failure(f"{names}: not what the code says. Run `cgraph docs` and commit the result.")
    if not check:
        for name in stale:
            _write(directory / name, pages[name])
            say(f"{directory / name}")


async def _made(make: Make) -> str:
    made = make()
    return await made if inspect.isawaitable(made) else made


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None

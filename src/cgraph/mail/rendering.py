"""From a template and its values to text and HTML. Whatever a value holds, it stays a value.

`templates/NAME.html` is made from `NAME.mjml` (`make mail`), `NAME.txt` is written by hand. Every value that is put into one
of them is inert unless it is a `Link`; in HTML it is escaped besides.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from .inert import Link, inert

_TEMPLATES = files("cgraph.mail") / "templates"


def render(name: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """The text and the HTML. Raises `jinja2.UndefinedError` for a value that is missing."""
    text, html = (_environment().get_template(f"{name}.{kind}") for kind in ("txt", "html"))
    return text.render(values), html.render(values)


def moment(at: datetime) -> str:
    """`1 March 2026, 14:05 UTC`: without a locale, and the same for everybody."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=select_autoescape(("html",), default=False),
        loader=FunctionLoader(lambda name: (_TEMPLATES / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["moment"] = moment
    return environment


def _harmless(value: Any) -> Any:
    return inert(value) if isinstance(value, str) and not isinstance(value, Link) else value

"""One page, with a policy that lets it do next to nothing."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import ceil
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from cgraph_kit.errors import Error, RateLimited, Unavailable
from cgraph_web.errors import status_of
from cgraph_web.response import Header, Response

HTML = b"text/html; charset=utf-8"
_TEMPLATES = files("cgraph_web.pages") / "templates"
_STYLE = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest())
_POLICY = b"; ".join(
    (
        b"default-src 'none'",
        b"style-src 'sha256-" + _STYLE_HASH + b"'",
        b"img-src data:",
        b"form-action 'self'",
        b"frame-src 'self'",
        b"base-uri 'none'",
        b"frame-ancestors 'none'",
    )
)
"""The one style sheet that stands in the page, forms that come back here, and frames of our own."""


def page(name: str, status: int = 200, **values: Any) -> Response:
    """The page of a template, filled in. Nobody may keep it, frame it, or learn its address from it."""
    html = _environment().get_template(f"{name}.html").render(values)
    return page_of(html, _POLICY, status)


def page_of(
    html: str, policy: bytes, status: int = 200, headers: Sequence[Header] = ()
) -> Response:
    """HTML under a policy."""
    return Response(
        html.encode(),
        status,
        content_type=HTML,
        headers=[(b"content-security-policy", policy), (b"cache-control", b"no-store"), *headers],
        page=True,
    )


def refusal(name: str, error: Error, **values: Any) -> Response:
    """The same page again, with what was wrong."""
    reasons = [reason for reasons in error.fields.values() for reason in reasons]
    answer = page(name, status_of(type(error)), problem=_words(error, reasons), **values)
    if isinstance(error, RateLimited | Unavailable):
        answer.headers.append((b"retry-after", b"%d" % max(1, ceil(error.retry_after))))
    return answer


def _words(error: Error, reasons: Sequence[str]) -> str:
    if isinstance(error, RateLimited):
        return f"Too many attempts. Try again in {max(1, ceil(error.retry_after / 60))} min."
    return f"This {reasons[0]}." if reasons else f"{error.message[:1].upper()}{error.message[1:]}."


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(lambda name: (_TEMPLATES / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.globals["style"] = _STYLE
    return environment

"""The pages of the whole application, as a browser asks for them."""

import re
from collections.abc import Awaitable, Callable, Mapping
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from cgraph.application import WORKERS, App
from cgraph_kit.jobs.testing import drain
from cgraph_kit.mailer import Filed, Mailbox
from cgraph_web.app import create_app

Submit = Callable[..., Awaitable[Any]]
Mailed = Callable[[str], Awaitable[list[Filed]]]


@pytest.fixture
def browser(app: App, web: Callable[..., Any]) -> Any:
    """Somebody without a token."""
    caller = web().as_(None)
    caller.asgi = create_app(app)
    return caller


@pytest.fixture
def submit(browser: Any) -> Submit:
    """`submit(path, email="…")`: a form, sent."""

    async def send(path: str, form: Mapping[str, str], **options: Any) -> Any:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await browser.send(
            "POST", path, body=urlencode(form).encode(), headers=kind, **options
        )

    return send


@pytest.fixture
def mailed(app: App) -> Mailed:
    """`mailed(address)`: what was sent there, once all of it is."""

    async def read(address: str) -> list[Filed]:
        await drain(app.db, app, WORKERS, queue="mail")
        newest = await Mailbox(app.settings.mail_dir).newest(1000)
        return [mail for mail in newest if mail.to == address]

    return read


def text_of(answer: Any) -> str:
    """What a page says."""
    body = re.sub(r"<style>.*?</style>", "", answer.body.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

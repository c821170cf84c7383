"""Browsers of people who are registered with the application under test."""

from typing import Any

import msgspec

from cgraph import notifications
from cgraph.application import App
from cgraph_kit.ids import new_id
from cgraph_kit.push import Pushers

from .people import Person
from .providers.webpush import Browser


def subscription(browser: Browser | None = None) -> dict[str, Any]:
    """What a browser sends to register; by default one whose push service nobody has heard of."""
    browser = browser or Browser(f"https://push.example.org/{new_id()}")
    return {
        "platform": "webpush",
        "endpoint": browser.endpoint,
        "expirationTime": None,
        "keys": browser.keys,
    }


def new_device(browser: Browser | None = None) -> notifications.NewDevice:
    """The same, as the context takes it."""
    return msgspec.convert(subscription(browser), notifications.NewWebPush)


async def subscribe(
    app: App, person: Person, browser: Browser | None = None, *, pushers: Pushers | None = None
) -> notifications.PushDevice:
    """Have somebody's browser registered."""
    new = new_device(browser)
    return await notifications.register_device(app.db, pushers or app.pushers, person.actor, new)

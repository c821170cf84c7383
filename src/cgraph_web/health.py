"""Is this node alive, and is it ready for work?"""

import msgspec

from .action import action
from .response import Reply
from .services import App

CHECK_SECONDS = 2.0


class Health(msgspec.Struct, frozen=True):
    """The state of this node."""

    status: str
    """"ok", or "unavailable"."""
    reasons: list[str] = []
    """What is missing, in words for operators."""


@action(public=True)
async def live() -> Health:
    """Whether this process runs: answers as long as its event loop turns."""
    return Health("ok")


@action(public=True, also=(503,))
async def ready(app: App) -> Reply[Health]:
    """Whether this node can do its work: 200, or 503 with the reasons."""
    reasons = await _reasons(app)
    if reasons:
        return Reply(Health("unavailable", reasons), status=503)
    return Reply(Health("ok"))


async def _reasons(app: App) -> list[str]:
    return []

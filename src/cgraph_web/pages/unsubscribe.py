"""`/unsubscribe/…`: ends mail, by the link in it (RFC 8058): one click, no login. Looking at the page ends nothing."""

import msgspec

from cgraph import accounts, notifications
from cgraph.application import App
from cgraph.mail import GLOBAL, Unsubscription
from cgraph.notifications import PreferenceChange, Scope
from cgraph_kit.db import Repo
from cgraph_web.action import action
from cgraph_web.response import Response

from .page import page


@action(public=True, hidden=True)
async def show(app: App, token: str) -> Response:
    """What would end, and a button."""
    found = app.post.unsubscriptions.read(token)
    return _unknown() if found is None else page("unsubscribe", about=_about(found))


@action(public=True, hidden=True, idempotency="none")
async def confirm(db: Repo, app: App, token: str) -> Response:
    """End it: mail programs post here by themselves, people by the button. Twice is as once."""
    found = app.post.unsubscriptions.read(token)
    if found is None or await accounts.find_user(db, found.user_id) is None:
        return _unknown()
    scope = msgspec.convert({"kind": found.kind, "id": found.scope_id}, Scope)
    change = PreferenceChange(email=False)
    await notifications.change_preference(db, found.user_id, scope, change)
    return page("message", title="Done", text=f"You will get no more mail {_about(found)}.")


def _about(found: Unsubscription) -> str:
    if found.kind == GLOBAL:
        return "about what happens while you are away"
    return f"about this {found.kind}"


def _unknown() -> Response:
    return page(
        "message",
        404,
        title="This link is not valid",
        text="Turn mail off in your notification settings instead.",
    )

"""What one has missed: the event logs, as channels replay them."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph_kit.db import Repo
from cgraph_kit.validation import Input
from cgraph_web.action import Query, action
from cgraph_web.response import Response
from cgraph_web.views import events as views


class Since(Input, frozen=True):
    """Where the reader stopped."""

    since: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    """The last `seq` seen."""


@action(errors=(messaging.ConversationNotFound,), returns=views.MissedEnvelope)
async def conversation(
    db: Repo, actor: Actor, app: App, conversation_id: UUID, query: Query[Since]
) -> Response:
    """Every event of a conversation after a number: all of them, or the reason to reload."""
    limits = app.limits.messaging
    return views.missed(
        await messaging.read_since(db, actor, conversation_id, query.since, limits=limits)
    )


@action(returns=views.MissedEnvelope)
async def own(db: Repo, actor: Actor, app: App, query: Query[Since]) -> Response:
    """The same of one's own events."""
    limits = app.limits.messaging
    return views.missed(await messaging.read_own_since(db, actor, query.since, limits=limits))

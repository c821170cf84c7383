"""What a conversation wants at hand."""

from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.messaging import Message
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Query, action
from cgraph_web.views.base import Data, Many, many

ERRORS = (messaging.ConversationNotFound, messaging.MessageNotFound, messaging.CannotSend)


@action(errors=(messaging.ConversationNotFound,))
async def index(
    db: Repo, actor: Actor, conversation_id: UUID, query: Query[WhichPage]
) -> Many[Message]:
    """Pinned messages, the newest pin first."""
    page = await messaging.list_pins(
        db, actor, conversation_id, limit=query.limit, after=query.after
    )
    return many(page)


@action(errors=(*ERRORS, messaging.TooManyPins))
async def pin(
    db: Repo, actor: Actor, app: App, conversation_id: UUID, message_id: UUID
) -> Data[Message]:
    """Pin a message; again: nothing happens."""
    return Data(
        await messaging.pin_message(
            db, actor, conversation_id, message_id, limits=app.limits.messaging
        )
    )


@action(errors=ERRORS)
async def unpin(db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID) -> Data[Message]:
    """Unpin a message; one that is not pinned stays so."""
    return Data(await messaging.unpin_message(db, actor, conversation_id, message_id))

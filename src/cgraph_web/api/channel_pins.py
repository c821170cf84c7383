"""What a channel or thread wants at hand."""

from uuid import UUID

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import CHANNELS
from cgraph.messaging import Message
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Query, action
from cgraph_web.views.base import Data, Many, many

from .channel_messages import IN_CHANNEL, SPEAKING


@action(errors=(groups.ChannelNotFound,))
async def index(db: Repo, actor: Actor, channel_id: UUID, query: Query[WhichPage]) -> Many[Message]:
    """Pinned messages, the newest pin first."""
    page = await messaging.list_pins(
        db, actor, channel_id, limit=query.limit, after=query.after, gate=CHANNELS
    )
    return many(page)


@action(errors=(*IN_CHANNEL, *SPEAKING, messaging.TooManyPins))
async def pin(
    db: Repo, actor: Actor, app: App, channel_id: UUID, message_id: UUID
) -> Data[Message]:
    """Pin a message, with PIN_MESSAGES; again: nothing happens."""
    return Data(
        await messaging.pin_message(
            db, actor, channel_id, message_id, limits=app.limits.messaging, gate=CHANNELS
        )
    )


@action(errors=(*IN_CHANNEL, *SPEAKING))
async def unpin(db: Repo, actor: Actor, channel_id: UUID, message_id: UUID) -> Data[Message]:
    """Unpin a message; one that is not pinned stays so."""
    return Data(await messaging.unpin_message(db, actor, channel_id, message_id, gate=CHANNELS))

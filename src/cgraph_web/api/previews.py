"""Previews of links: the pictures of pages, and whether a message shows any."""

from uuid import UUID

from cgraph import groups, messaging, previews
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import CHANNELS
from cgraph.messaging import Message
from cgraph_kit.db import Repo
from cgraph_web.action import action
from cgraph_web.errors import RangeNotSatisfiable
from cgraph_web.exchange import Exchange
from cgraph_web.handing_out import hand_out
from cgraph_web.response import Response
from cgraph_web.views.base import Data

IN_CONVERSATION = (messaging.ConversationNotFound, messaging.MessageNotFound, messaging.NotAuthor)
IN_CHANNEL = (groups.ChannelNotFound, messaging.MessageNotFound, messaging.NotAuthor)
PIECE = 256 * 1024
"""Bytes that are read from the store at a time."""


@action(
    public=True,
    also=(206,),
    binary=True,
    errors=(previews.PreviewNotFound, RangeNotSatisfiable),
)
async def image(app: App, exchange: Exchange, image_id: UUID) -> Response:
    """The picture of a page, as WebP with edges of 640 pixels at most.

    Where it came from is never asked on a reader's behalf. For whoever knows the address, which nobody guesses: it was as
    open on the web.
    """
    found = await previews.get_image(app.db, image_id)
    key = previews.image_key(found.id)
    return hand_out(
        exchange,
        lambda start, end: app.storage.stream(key, start=start, end=end, part=PIECE),
        name=f"{found.id}.webp",
        content_type=previews.CONTENT_TYPE,
        size=found.size,
        hash=found.hash,
        public=True,
    )


@action(errors=IN_CONVERSATION)
async def show(
    db: Repo, actor: Actor, app: App, conversation_id: UUID, message_id: UUID
) -> Data[Message]:
    """Show previews of the links in a message again, as its author or the owner of the group.

    Its pages are looked at anew where that was not done lately; `previews_updated` brings what they show.
    """
    return Data(
        await messaging.set_previews_suppressed(
            db,
            actor,
            conversation_id,
            message_id,
            suppressed=False,
            limits=app.limits.messaging,
        )
    )


@action(errors=IN_CONVERSATION)
async def hide(db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID) -> Data[Message]:
    """Show no previews with a message, whatever it will say, as its author or the owner of the group."""
    return Data(
        await messaging.set_previews_suppressed(
            db, actor, conversation_id, message_id, suppressed=True
        )
    )


@action(errors=IN_CHANNEL)
async def show_in_channel(
    db: Repo, actor: Actor, app: App, channel_id: UUID, message_id: UUID
) -> Data[Message]:
    """Show previews of the links in a message again, as its author or with MANAGE_MESSAGES, and with EMBED_LINKS."""
    return Data(
        await messaging.set_previews_suppressed(
            db,
            actor,
            channel_id,
            message_id,
            suppressed=False,
            limits=app.limits.messaging,
            gate=CHANNELS,
        )
    )


@action(errors=IN_CHANNEL)
async def hide_in_channel(
    db: Repo, actor: Actor, channel_id: UUID, message_id: UUID
) -> Data[Message]:
    """Show no previews with a message, whatever it will say, as its author or with MANAGE_MESSAGES."""
    return Data(
        await messaging.set_previews_suppressed(
            db, actor, channel_id, message_id, suppressed=True, gate=CHANNELS
        )
    )

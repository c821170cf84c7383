"""Saying things in channels and threads."""

from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS
from cgraph.messaging import AllowedMentions, NewMessage, Sent
from cgraph_kit.db import Repo


async def say(
    db: Repo,
    actor: Actor,
    place_id: UUID,
    content: str = "hello",
    *,
    reply_to: UUID | None = None,
    client_id: str | None = None,
    allowed: AllowedMentions | None = None,
) -> Sent:
    """Send a message there."""
    new = NewMessage(content, reply_to, client_id, allowed)
    return await messaging.send_message(db, actor, place_id, new, gate=CHANNELS)

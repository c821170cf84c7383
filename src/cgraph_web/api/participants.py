"""The people of a conversation."""

from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.messaging import Conversation, NewParticipants, Participant
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many


@action(errors=(messaging.ConversationNotFound,))
async def index(
    db: Repo, actor: Actor, conversation_id: UUID, query: Query[WhichPage]
) -> Many[Participant]:
    """Who is in a conversation, and how far each has read, if they show it and one shows it too."""
    page = await messaging.list_participants(
        db, actor, conversation_id, limit=query.limit, after=query.after
    )
    return many(page)


@action(
    errors=(
        messaging.ConversationNotFound,
        messaging.NotAGroup,
        messaging.CannotAdd,
        messaging.TooManyParticipants,
    )
)
async def add(
    db: Repo, actor: Actor, app: App, conversation_id: UUID, new: Body[NewParticipants]
) -> Data[Conversation]:
    """Bring people into a group; they see what is said from then on. Who is there already stays."""
    return Data(
        await messaging.add_participants(
            db, actor, conversation_id, new, limits=app.limits.messaging
        )
    )


@action(
    status=204,
    errors=(
        messaging.ConversationNotFound,
        messaging.ParticipantNotFound,
        messaging.NotAGroup,
        messaging.NotOwner,
    ),
)
async def remove(db: Repo, actor: Actor, conversation_id: UUID, user_id: UUID) -> None:
    """Show somebody out of a group, as its owner; oneself: leave it."""
    await messaging.remove_participant(db, actor, conversation_id, user_id)

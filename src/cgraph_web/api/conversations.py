"""Conversations: direct, groups, and notes to oneself."""

from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.messaging import (
    Conversation,
    ConversationChange,
    NewConversation,
    Preferences,
    PreferencesChange,
)
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.response import Reply
from cgraph_web.views.base import Data, Many, many


class ListConversations(WhichPage, frozen=True):
    """Which page, and of which."""

    archived: bool | None = None
    """Only those that are put away, or only those that are not."""


@action()
async def index(db: Repo, actor: Actor, query: Query[ListConversations]) -> Many[Conversation]:
    """One's conversations, the last active first."""
    page = await messaging.list_conversations(
        db, actor, limit=query.limit, after=query.after, archived=query.archived
    )
    return many(page)


@action(
    status=201,
    also=(200,),
    returns=Data[Conversation],
    errors=(messaging.CannotContact, messaging.CannotAdd, messaging.TooManyParticipants),
)
async def create(
    db: Repo, actor: Actor, app: App, new: Body[NewConversation]
) -> Reply[Data[Conversation]]:
    """Open a conversation.

    With one other person: the one direct conversation of the two, made if there is none (201), else as it is (200). With
    several: a new group, which one owns. With nobody or oneself: notes to self.
    """
    opened = await messaging.open_conversation(db, actor, new, limits=app.limits.messaging)
    return Reply(Data(opened.conversation), 201 if opened.created else 200)


@action(errors=(messaging.ConversationNotFound,))
async def show(db: Repo, actor: Actor, conversation_id: UUID) -> Data[Conversation]:
    """One conversation."""
    return Data(await messaging.get_conversation(db, actor, conversation_id))


@action(
    errors=(
        messaging.ConversationNotFound,
        messaging.NotAGroup,
        messaging.NotOwner,
        messaging.ParticipantNotFound,
        messaging.CannotSend,
    )
)
async def update(
    db: Repo, actor: Actor, conversation_id: UUID, change: Body[ConversationChange]
) -> Data[Conversation]:
    """Rename a group, or hand it over to another of its people, which only its owner can; let messages disappear.

    `message_ttl` is for what is said from then on, in conversations of any kind.
    """
    return Data(await messaging.update_conversation(db, actor, conversation_id, change))


@action(status=204, errors=(messaging.ConversationNotFound, messaging.NotAGroup))
async def leave(db: Repo, actor: Actor, conversation_id: UUID) -> None:
    """Leave a group. An owner's group passes to whoever has been there longest."""
    await messaging.leave_conversation(db, actor, conversation_id)


@action(errors=(messaging.ConversationNotFound,))
async def configure(
    db: Repo, actor: Actor, conversation_id: UUID, change: Body[PreferencesChange]
) -> Data[Preferences]:
    """Mute a conversation or put it away, for oneself, on all devices.

    What is put away comes back when somebody mentions one.
    """
    return Data(await messaging.update_preferences(db, actor, conversation_id, change))

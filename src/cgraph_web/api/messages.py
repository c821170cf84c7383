"""What is said."""

from uuid import UUID

from cgraph import files, messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.messaging import Message, MessageEdit, NewMessage, ReactionCount, Revision
from cgraph_kit.db import Repo
from cgraph_kit.idempotency import KeyReused
from cgraph_kit.paging import Limit
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, Query, action
from cgraph_web.response import Response
from cgraph_web.views import messages as views
from cgraph_web.views.base import Data, Many, many

IN_CONVERSATION = (messaging.ConversationNotFound, messaging.MessageNotFound)


class ListMessages(Input, frozen=True):
    """Which page: the latest messages, or those next to one position."""

    limit: Limit = 50
    before: Text | None = None
    """A cursor of this list, or a message's id."""
    after: Text | None = None
    """A cursor of this list, or a message's id."""
    around: Text | None = None
    """A message's id: it is in the middle."""


@action(errors=IN_CONVERSATION)
async def index(
    db: Repo, actor: Actor, conversation_id: UUID, query: Query[ListMessages]
) -> Many[Message]:
    """Messages in the order they were said, deleted ones too, but empty.

    `page.before` leads to older messages, `page.after` to newer ones. Give at most one of `before`, `after`, `around`.
    """
    page = await messaging.list_messages(
        db,
        actor,
        conversation_id,
        limit=query.limit,
        before=query.before,
        after=query.after,
        around=query.around,
    )
    return many(page)


@action(
    status=201,
    errors=(messaging.ConversationNotFound, messaging.CannotSend, *files.ATTACHING, KeyReused),
    idempotency="own",
    returns=views.Envelope,
)
async def create(
    db: Repo,
    actor: Actor,
    app: App,
    conversation_id: UUID,
    *,
    new: Body[NewMessage],
    idempotency_key: str | None,
) -> Response:
    """Say something.

    `@username` mentions a participant. Files that were uploaded come with it by their ids, `attachments`; then there need be
    no text. A `client_id`, here or in a channel, or else the `Idempotency-Key` names the
    message: sent again, it is answered with the first one.
    """
    return views.sent(
        await messaging.send_message(
            db,
            actor,
            conversation_id,
            new,
            name=idempotency_key,
            limits=app.limits.messaging,
        )
    )


@action(errors=IN_CONVERSATION)
async def show(db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID) -> Data[Message]:
    """One message."""
    return Data(await messaging.get_message(db, actor, conversation_id, message_id))


@action(
    errors=(
        *IN_CONVERSATION,
        messaging.NotAuthor,
        messaging.VoiceStays,
        messaging.EditWindowClosed,
        messaging.CannotSend,
        *files.ATTACHING,
        KeyReused,
    )
)
async def update(
    db: Repo,
    actor: Actor,
    app: App,
    conversation_id: UUID,
    message_id: UUID,
    *,
    edit: Body[MessageEdit],
) -> Data[Message]:
    """Say it differently, as its author. Only those who were not mentioned before are notified.

    `attachments` are all files that shall come with it; left out, they stay as they are. A voice message stays as it is.
    """
    return Data(
        await messaging.edit_message(
            db, actor, conversation_id, message_id, edit, limits=app.limits.messaging
        )
    )


@action(errors=(*IN_CONVERSATION, messaging.NotAuthor))
async def remove(db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID) -> Data[Message]:
    """Take it back for everybody, as its author or the owner of the group. An empty message keeps its place."""
    return Data(await messaging.delete_message(db, actor, conversation_id, message_id))


@action(errors=(*IN_CONVERSATION, messaging.NotAuthor))
async def edits(
    db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID
) -> Data[list[Revision]]:
    """Everything a message has said, oldest first; for its author and the owner of the group."""
    return Data(await messaging.list_edits(db, actor, conversation_id, message_id))


@action(
    errors=(
        *IN_CONVERSATION,
        messaging.CannotSend,
        messaging.CannotReact,
        messaging.TooManyReactions,
    )
)
async def react(
    db: Repo,
    actor: Actor,
    app: App,
    conversation_id: UUID,
    message_id: UUID,
    *,
    emoji: str,
) -> Data[ReactionCount]:
    """Put an emoji under a message; again: nothing happens."""
    return Data(
        await messaging.add_reaction(
            db, actor, conversation_id, message_id, emoji, limits=app.limits.messaging
        )
    )


@action(errors=(*IN_CONVERSATION, messaging.CannotSend))
async def unreact(
    db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID, emoji: str
) -> Data[ReactionCount]:
    """Take one's own emoji away; where there is none, nothing happens."""
    return Data(await messaging.remove_reaction(db, actor, conversation_id, message_id, emoji))

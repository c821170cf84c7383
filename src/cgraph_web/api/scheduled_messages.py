"""What is to be said later, in conversations, channels and threads."""

from uuid import UUID

from cgraph import files, groups, messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import CHANNELS
from cgraph.messaging import NewScheduledMessage, ScheduledMessage, ScheduledMessageChange
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.response import Response
from cgraph_web.views import messages as views
from cgraph_web.views.base import Data, Many, many

from .channel_messages import SPEAKING

NOT_FOUND = (messaging.ScheduledMessageNotFound,)


@action(
    status=201,
    errors=(
        messaging.ConversationNotFound,
        messaging.CannotSend,
        messaging.TooManyScheduledMessages,
        *files.ATTACHING,
    ),
    example={"content": "Good morning!", "send_at": "2027-01-01T08:00:00Z"},
)
async def create(
    db: Repo, actor: Actor, app: App, conversation_id: UUID, new: Body[NewScheduledMessage]
) -> Data[ScheduledMessage]:
    """Say something later, a minute to a year from now.

    Whether it may be said is asked now, and again when its time has come. What cannot be said then stays, with `state`
    `failed` and the error's code in `failure`, and can be changed and tried again. The message has this id as `client_id`.
    """
    return Data(
        await messaging.schedule_message(
            db, actor, conversation_id, new, limits=app.limits.messaging
        )
    )


@action(
    status=201,
    errors=(
        groups.ChannelNotFound,
        *SPEAKING,
        messaging.TooManyScheduledMessages,
        *files.ATTACHING,
    ),
    example={"content": "Good morning, @everyone!", "send_at": "2027-01-01T08:00:00Z"},
)
async def create_in_channel(
    db: Repo, actor: Actor, app: App, channel_id: UUID, new: Body[NewScheduledMessage]
) -> Data[ScheduledMessage]:
    """Say something later in a channel or thread, a minute to a year from now.

    As in a conversation. Rights are those of its time: whom it calls, too, and `allowed_mentions` takes more away. For slow
    mode it waits. Where the channel is deleted meanwhile, it is cancelled.
    """
    return Data(
        await messaging.schedule_message(
            db, actor, channel_id, new, limits=app.limits.messaging, gate=CHANNELS
        )
    )


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[ScheduledMessage]:
    """What one wants said later, in all conversations and channels, the next first; what has failed, too."""
    return many(
        await messaging.list_scheduled_messages(db, actor, limit=query.limit, after=query.after)
    )


@action(errors=NOT_FOUND)
async def show(db: Repo, actor: Actor, scheduled_message_id: UUID) -> Data[ScheduledMessage]:
    """One of one's own; none once it has been said."""
    return Data(await messaging.get_scheduled_message(db, actor, scheduled_message_id))


@action(errors=(*NOT_FOUND, *files.ATTACHING), example={"send_at": "2027-01-01T09:00:00Z"})
async def update(
    db: Repo,
    actor: Actor,
    app: App,
    scheduled_message_id: UUID,
    change: Body[ScheduledMessageChange],
) -> Data[ScheduledMessage]:
    """Say something else, or at another time. What had failed is tried again then."""
    return Data(
        await messaging.update_scheduled_message(
            db, actor, scheduled_message_id, change, limits=app.limits.messaging
        )
    )


@action(status=204, errors=NOT_FOUND)
async def cancel(db: Repo, actor: Actor, scheduled_message_id: UUID) -> None:
    """Not say it after all."""
    await messaging.cancel_scheduled_message(db, actor, scheduled_message_id)


@action(
    status=201,
    errors=(
        *NOT_FOUND,
        messaging.ConversationNotFound,
        messaging.CannotSend,
        groups.ChannelNotFound,
        *SPEAKING,
        messaging.SlowMode,
        *files.ATTACHING,
    ),
    returns=views.Envelope,
)
async def send(db: Repo, actor: Actor, app: App, scheduled_message_id: UUID) -> Response:
    """Say it at once. If that is refused, it stays as it is."""
    return views.sent(
        await messaging.send_scheduled_message_now(
            db, actor, scheduled_message_id, limits=app.limits.messaging, channels=CHANNELS
        )
    )

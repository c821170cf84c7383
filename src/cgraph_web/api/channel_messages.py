"""What is said in channels and threads: as in conversations, with the rights of who is there.

A thread is a channel, too: its id stands wherever a channel's does.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import conversions, files, groups, messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import CHANNELS
from cgraph.messaging import Message, MessageEdit, NewMessage, ReactionCount, Revision
from cgraph_kit.db import Repo
from cgraph_kit.idempotency import KeyReused
from cgraph_kit.validation import Input
from cgraph_web.action import Body, Query, action
from cgraph_web.leading import leading_on
from cgraph_web.response import Response
from cgraph_web.views import events as events_views
from cgraph_web.views import messages as views
from cgraph_web.views.base import Data, Many, many

from .events import Since
from .messages import ListMessages

IN_CHANNEL = (groups.ChannelNotFound, messaging.MessageNotFound)
SPEAKING = (groups.MissingPermission, groups.ChannelArchived, groups.ThreadLocked)


class DeleteMessages(Input, frozen=True):
    """Which messages to take away."""

    message_ids: Annotated[list[UUID], msgspec.Meta(min_length=2, max_length=100)]
    """2 to 100 different ones, none older than 14 days."""


class DeletedMessages(msgspec.Struct, frozen=True):
    """Those that were taken away, in the order they were said."""

    message_ids: list[UUID]


@action(errors=(*IN_CHANNEL, conversions.ConvertedAway))
async def index(
    db: Repo, actor: Actor, channel_id: UUID, query: Query[ListMessages]
) -> Many[Message]:
    """Messages in the order they were said, deleted ones too, but empty.

    `page.before` leads to older messages, `page.after` to newer ones. Give at most one of `before`, `after`, `around`.
    Without READ_MESSAGE_HISTORY the list is empty.
    """
    async with leading_on(db, actor, channel_id):
        page = await messaging.list_messages(
            db,
            actor,
            channel_id,
            limit=query.limit,
            before=query.before,
            after=query.after,
            around=query.around,
            gate=CHANNELS,
        )
        return many(page)


@action(
    status=201,
    errors=(
        groups.ChannelNotFound,
        *SPEAKING,
        messaging.SlowMode,
        *files.ATTACHING,
        KeyReused,
    ),
    idempotency="own",
    returns=views.Envelope,
)
async def create(
    db: Repo,
    actor: Actor,
    app: App,
    channel_id: UUID,
    *,
    new: Body[NewMessage],
    idempotency_key: str | None,
) -> Response:
    """Say something.

    `@username` mentions a member who can see the channel, `@role` or `<@&role_id>` a role that is mentionable, `@everyone`
    and `@here` all or those online: for these, and for other roles, it takes MENTION_EVERYONE. Text alone never calls
    without the right, and `allowed_mentions` takes more away. A `client_id`, here or on a socket, or else the
    `Idempotency-Key` names the message: sent again, it is answered with the first one.
    """
    return views.sent(
        await messaging.send_message(
            db,
            actor,
            channel_id,
            new,
            name=idempotency_key,
            limits=app.limits.messaging,
            gate=CHANNELS,
        )
    )


@action(
    errors=(groups.ChannelNotFound, groups.MissingPermission),
    example={
        "message_ids": [
            "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11",
            "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c12",
        ]
    },
)
async def remove_many(
    db: Repo, actor: Actor, channel_id: UUID, which: Body[DeleteMessages]
) -> Data[DeletedMessages]:
    """Take many messages away at once, with MANAGE_MESSAGES. Everybody hears one `messages_deleted`.

    Those that are deleted already, or not there, are left out.
    """
    ids = await messaging.delete_messages(db, actor, channel_id, which.message_ids, gate=CHANNELS)
    return Data(DeletedMessages(ids))


@action(errors=(*IN_CHANNEL, conversions.ConvertedAway))
async def show(db: Repo, actor: Actor, channel_id: UUID, message_id: UUID) -> Data[Message]:
    """One message."""
    async with leading_on(db, actor, channel_id):
        return Data(await messaging.get_message(db, actor, channel_id, message_id, gate=CHANNELS))


@action(
    errors=(
        *IN_CHANNEL,
        *SPEAKING,
        messaging.NotAuthor,
        messaging.VoiceStays,
        messaging.EditWindowClosed,
        *files.ATTACHING,
        KeyReused,
    )
)
async def update(
    db: Repo,
    actor: Actor,
    app: App,
    channel_id: UUID,
    message_id: UUID,
    *,
    edit: Body[MessageEdit],
) -> Data[Message]:
    """Say it differently, as its author. Only those who were not mentioned before are notified, one by one never many."""
    return Data(
        await messaging.edit_message(
            db, actor, channel_id, message_id, edit, limits=app.limits.messaging, gate=CHANNELS
        )
    )


@action(errors=(*IN_CHANNEL, messaging.NotAuthor))
async def remove(db: Repo, actor: Actor, channel_id: UUID, message_id: UUID) -> Data[Message]:
    """Take it back for everybody, as its author or with MANAGE_MESSAGES. An empty message keeps its place."""
    return Data(await messaging.delete_message(db, actor, channel_id, message_id, gate=CHANNELS))


@action(errors=(*IN_CHANNEL, messaging.NotAuthor))
async def edits(db: Repo, actor: Actor, channel_id: UUID, message_id: UUID) -> Data[list[Revision]]:
    """Everything a message has said, oldest first; for its author, and with MANAGE_MESSAGES."""
    return Data(await messaging.list_edits(db, actor, channel_id, message_id, gate=CHANNELS))


@action(errors=(*IN_CHANNEL, *SPEAKING, messaging.CannotReact, messaging.TooManyReactions))
async def react(
    db: Repo,
    actor: Actor,
    app: App,
    channel_id: UUID,
    message_id: UUID,
    *,
    emoji: str,
) -> Data[ReactionCount]:
    """Put an emoji under a message, with ADD_REACTIONS; again: nothing happens."""
    return Data(
        await messaging.add_reaction(
            db, actor, channel_id, message_id, emoji, limits=app.limits.messaging, gate=CHANNELS
        )
    )


@action(errors=(*IN_CHANNEL, *SPEAKING))
async def unreact(
    db: Repo, actor: Actor, channel_id: UUID, message_id: UUID, emoji: str
) -> Data[ReactionCount]:
    """Take one's own emoji away; where there is none, nothing happens."""
    return Data(
        await messaging.remove_reaction(db, actor, channel_id, message_id, emoji, gate=CHANNELS)
    )


@action(errors=(groups.ChannelNotFound,), returns=events_views.MissedEnvelope)
async def events(
    db: Repo, actor: Actor, app: App, channel_id: UUID, query: Query[Since]
) -> Response:
    """Every event of a channel or thread after a number: all of them, or the reason to reload."""
    limits = app.limits.messaging
    return events_views.missed(
        await messaging.read_since(db, actor, channel_id, query.since, limits=limits, gate=CHANNELS)
    )

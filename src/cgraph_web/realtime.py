"""The realtime endpoint of a running application: its sockets, presence, bus lanes and event log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

from cgraph import messaging
from cgraph.accounts import SessionRevoked
from cgraph.application import App
from cgraph.messaging import AccessLost
from cgraph.settings import Settings
from cgraph_kit import streams
from cgraph_kit.channels import CloseCode
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.channels.limits import Limits
from cgraph_kit.channels.repair import Logged
from cgraph_kit.db import Repo
from cgraph_kit.presence import Presence, PresenceSettings

from .attendance import Attendance
from .channels.conversation import ConversationChannel
from .channels.keys import session_key, user_key
from .channels.user import UserChannel
from .crowds import Crowds
from .plugs.rate_limit import RateLimits
from .post_news import PostNews
from .readers import Readers
from .rights import Rights
from .socket import Reach, UserSocket
from .statuses import Statuses
from .sweep import sweep_for_ever
from .unread_news import UnreadNews


@asynccontextmanager
async def realtime(app: App) -> AsyncIterator[Endpoint]:
    """Channels on this application's bus, told of its events from here on."""
    settings = app.settings
    presence = Presence(
        app.lane("presence"), PresenceSettings(down_after=settings.presence_down_seconds)
    )
    statuses = Statuses(app.db, app.lane("statuses"))
    crowds = Crowds(app.db, app.lane("crowds"), presence, most=app.limits.groups.group_presence_max)
    log = Log(app.db)
    endpoint = Endpoint(
        UserSocket,
        app.lane("channels"),
        app=Reach(app, statuses, crowds, RateLimits(app)),
        presence=presence,
        limits=_limits(settings),
        check_origin=settings.check_origin,
        own_host=settings.phx_host,
        read_log=log.read,
        # Alone, every event passes through this process: there is no end that never came.
        last_seqs=log.last_seqs if settings.valkey_url else None,
    )
    news = UnreadNews(
        app.db, endpoint.publish, lambda user_ids: presence.online(user_ids, UserChannel.PREFIX)
    )
    rights = Rights(endpoint, app.db, app.lane("rights"))
    readers = Readers(endpoint, app.db, app.lane("readers"))
    counts = PostNews(app.db, endpoint, presence.count)
    await statuses.start()
    await crowds.start()
    await rights.start()
    await readers.start()
    await presence.start()
    await endpoint.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(presence.stop)
        stack.push_async_callback(crowds.close)
        stack.push_async_callback(endpoint.close)
        stack.callback(news.close)
        stack.push_async_callback(rights.close)
        stack.push_async_callback(readers.close)
        sweeper = asyncio.create_task(sweep_for_ever(endpoint, app.db))
        stack.callback(sweeper.cancel)
        teller = asyncio.create_task(counts.tell_for_ever())
        stack.callback(teller.cancel)
        attendance = Attendance(endpoint, app.db, app.lane("presence").node)
        stack.push_async_callback(attendance.close)
        keeper = asyncio.create_task(attendance.keep())
        stack.callback(keeper.cancel)
        for listen in (
            Delivery(endpoint).listen,
            statuses.listen,
            news.listen,
            rights.listen,
            readers.listen,
            counts.listen,
            crowds.listen,
        ):
            stack.enter_context(app.events.listener(listen))
        yield endpoint


class Delivery:
    """Gives what has happened to the topics, and takes topics and sockets from who lost the right to them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def listen(self, events: Sequence[Any]) -> None:
        """A listener of this node's events; the endpoint tells the other nodes."""
        self._endpoint.publish_events(events)
        for event in events:
            if isinstance(event, SessionRevoked):
                for session_id in event.payload.session_ids:
                    self._endpoint.disconnect(session_key(session_id), CloseCode.SESSION_REVOKED)
            elif isinstance(event, AccessLost):
                topic = f"conversation:{event.conversation_id}"
                self._endpoint.close_topic_for(user_key(event.user_id), topic, "removed")


class Log:
    """The event log, asked by topic: every durable topic is `<kind>:<stream id>`."""

    def __init__(self, db: Repo) -> None:
        self._db = db

    async def read(self, topic: str, after: int, up_to: int) -> Sequence[Logged] | None:
        """What a hole in a topic held, or None if the log cannot give it to everybody on the topic."""
        conversation = topic.startswith(ConversationChannel.PREFIX)
        read = messaging.read_hole if conversation else streams.between
        events = await read(self._db, _stream(topic), after, up_to)
        if events is None:
            return None
        return [(event.seq, event.type, event.body()) for event in events]

    async def last_seqs(self, topics: list[str]) -> dict[str, int]:
        """The last number of each topic's stream."""
        by_stream = {_stream(topic): topic for topic in topics}
        found = await streams.last_seqs(self._db, list(by_stream))
        return {by_stream[stream]: seq for stream, seq in found.items()}


def _stream(topic: str) -> UUID:
    return UUID(topic.partition(":")[2])


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_channels=settings.topics_per_socket,
        max_sockets=settings.sockets_per_user,
        messages_per_second=settings.socket_messages / settings.socket_messages_seconds,
        message_burst=settings.socket_messages,
        queued_messages=settings.socket_messages,  # a burst that is allowed may be for one topic
        outbox_bytes=settings.outbox_bytes,
        slow_seconds=settings.slow_handler,
    )

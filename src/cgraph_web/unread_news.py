"""Exact unread counters, pushed to people's own devices as `unread` on `user:<id>`."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from cgraph import messaging
from cgraph_kit.channels import Outgoing
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable

log = logging.getLogger(__name__)

PAUSE = 0.1
"""Seconds in which what happens in a conversation is gathered: one count for all of it."""

Online = Callable[[Iterable[str]], set[str]]


class UnreadNews:
    """Counts anew for those who are online whenever something may have changed what is unread.

    The numbers are read from the database after the fact, so a push that comes late is newer, never wrong. `online`
    tells which of some user ids have a device that listens, on any node: nobody is counted for in vain.
    """

    def __init__(self, db: Repo, publish: Callable[[Outgoing], None], online: Online) -> None:
        self._db = db
        self._publish = publish
        self._online = online
        self._waiting: dict[UUID, set[UUID] | None] = {}
        """By conversation: whom it may concern; None: all its people."""
        self._round: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, events: Sequence[Any]) -> None:
        """A listener of this node's events."""
        for event in events:
            match event:
                # In channels there may be anybody: their clients count what is pushed there.
                case messaging.MessageSent(place="conversation"):
                    self._touch(event.conversation_id, event.participant_ids)
                case (
                    messaging.MessageDeleted(place="conversation")
                    | messaging.MessageEdited(place="conversation")
                ):
                    self._touch(event.conversation_id, None)
                case messaging.ReadMarked(gated=False):
                    self._touch(event.conversation_id, [event.user_id])

    def close(self) -> None:
        """Count no more."""
        if self._round is not None:
            self._round.cancel()
        for task in self._tasks:
            task.cancel()

    def _touch(self, conversation_id: UUID, user_ids: Iterable[UUID] | None) -> None:
        """Runs with every message: who is online is asked once for all of a pause."""
        waiting = self._waiting
        if user_ids is None:
            waiting[conversation_id] = None
        elif conversation_id not in waiting:
            waiting[conversation_id] = set(user_ids)
        elif (concerned := waiting[conversation_id]) is not None:
            concerned.update(user_ids)
        if self._round is None:
            self._round = asyncio.get_running_loop().call_later(PAUSE, self._tell_all)

    def _tell_all(self) -> None:
        waiting, self._waiting, self._round = self._waiting, {}, None
        for conversation_id, user_ids in waiting.items():
            if user_ids is not None and not (user_ids := self._listening(user_ids)):
                continue
            task = asyncio.get_running_loop().create_task(self._try(conversation_id, user_ids))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _listening(self, user_ids: Iterable[UUID]) -> set[UUID]:
        return {UUID(id) for id in self._online(map(str, user_ids))}

    async def _try(self, conversation_id: UUID, user_ids: set[UUID] | None) -> None:
        try:
            await self._tell(conversation_id, user_ids)
        except Unavailable:
            log.warning("unread counts are not pushed: the database is away")
        except Exception:
            log.exception("unread counts could not be pushed")

    async def _tell(self, conversation_id: UUID, user_ids: set[UUID] | None) -> None:
        if user_ids is None:
            everybody = await messaging.list_participant_ids(self._db, conversation_id)
            user_ids = self._listening(everybody)
        if not user_ids:
            return
        for unread in await messaging.count_unread(self._db, conversation_id, user_ids):
            self._publish(
                Outgoing(
                    f"user:{unread.user_id}",
                    "unread",
                    unread,
                    coalesce_key=f"unread:{conversation_id}",
                )
            )

"""Some messages of one conversation, checked and made ready to be written together."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from cgraph import accounts, messaging
from cgraph.messaging import ImportedMessage, ImportedPin, ImportedReaction
from cgraph_kit import clock
from cgraph_kit.db import Repo

from . import ids
from .people import People
from .records import Message, Reaction
from .report import Report
from .texts import rename, split, without_nul

Found = Sequence[tuple[str, Message]]
"""Messages with where they were found."""


class Batch:
    """What of some messages is new, in the order in which they were found."""

    def __init__(
        self, db: Repo, report: Report, people: People, conversation_id: UUID, *, message_max: int
    ) -> None:
        self._db = db
        self._report = report
        self._people = people
        self._id = conversation_id
        self._message_max = message_max

    async def prepare(self, found: Found, before: set[UUID]) -> list[ImportedMessage]:
        """The messages to write. `before`: those of this conversation that this import has met already; grows."""
        there = await self._there(found)
        names = await self._names(found)
        ready: list[ImportedMessage] = []
        for where, message in found:
            id = ids.message_id(self._id, message.id)
            if id in before:
                self._report.lost(where, "a message with an id that came before", message.id)
            elif id in there:
                self._report.known["messages"] += 1
            else:
                ready += self._checked(where, message, id, there | before, names)
            before.add(id)
        return ready

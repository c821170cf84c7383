"""The conversations of an import: those that have come before, and new ones."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.messaging import ImportedConversation
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id

from . import ids
from .communities import Communities
from .people import People
from .records import Conversation
from .report import Report
from .texts import without_nul

NAME_MAX = 100
PAIR = 2

Spoken = Literal["group", "direct", "self"]
Kind = Spoken | Literal["channel"]


class Place(msgspec.Struct, frozen=True):
    """A conversation that messages go to."""

    external_id: str
    id: UUID
    new: bool
    """It is still to be made, or to be remembered."""
    kind: Kind
    people: tuple[UUID, ...]
    """Those its description names, and those who are added to all."""
    everybody: bool
    """No description says who takes part: whoever writes does."""
    group_id: UUID | None = None
    """Of a channel: the group it is in."""


class Places:
    """Which of our conversations each of theirs is. `add`: accounts that take part in every group."""

    def __init__(
        self, report: Report, people: People, communities: Communities, add: Sequence[UUID]
    ) -> None:
        self._communities = communities
        self._report = report
        self._people = people
        self._add = tuple(add)
        self._described: dict[str, tuple[str, Conversation]] = {}
        self._open: dict[str, Place] = {}

    def describe(self, where: str, conversation: Conversation) -> None:
        if conversation.id in self._described:
            reason = "a conversation with an id that came before"
            self._report.lost(where, reason, conversation.id)
        else:
            self._described[conversation.id] = (where, conversation)

    def named(self, external: str) -> set[str]:
        """The people its description names."""
        if external not in self._described:
            return set()
        _, described = self._described[external]
        return {*(described.participants or ()), *filter(None, [described.owner])}

    async def find(self, db: Repo, external: str) -> Place | None:
        """Where its messages go; None: it has never come before, and this export does not describe it.

        The people it names have been looked up.
        """
        if external in self._open:
            return self._open[external]
        known = await ids.find(db, self._report.source, "conversation", [external])
        if external not in known and external not in self._described:
            return await self._channel(db, external)
        place = self._place(external, known.get(external))
        counts = self._report.taken if place.new else self._report.known
        counts["conversations"] += 1
        self._open[external] = place
        return place

    async def _channel(self, db: Repo, external: str) -> Place | None:
        found = await self._communities.find(db, external)
        if found is None:
            return None
        id, group_id = found
        place = Place(external, id, False, "channel", (), False, group_id)
        self._open[external] = place
        return place

    async def ready(self, tx: Transaction, place: Place) -> Place:
        """Make it unless it is there, and let in those who are new. Returns it as it is then."""
        if place.new:
            id = await messaging.import_conversation(tx, self._made(place))
            await ids.remember(tx, self._report.source, "conversation", {place.external_id: id})
            return msgspec.structs.replace(place, id=id, new=False)
        if place.kind == "group":
            await messaging.import_participants(tx, place.id, place.people, clock.now())
        return place

    def settle(self, place: Place) -> None:
        """Keep what `ready` returned: its transaction has committed."""
        self._open[place.external_id] = place

    def _place(self, external: str, id: UUID | None) -> Place:
        if external not in self._described:
            return Place(external, id or new_id(), False, "group", self._add, False)
        where, described = self._described[external]
        people = self._taking_part(where, described)
        kind = self._kind(where, described, people)
        return Place(
            external_id=external,
            id=id or new_id(),
            new=id is None,
            kind=kind,
            people=tuple(dict.fromkeys((*people, *self._add))) if kind == "group" else people,
            everybody=described.participants is None,
        )

    def _taking_part(self, where: str, described: Conversation) -> tuple[UUID, ...]:
        found: dict[UUID, None] = {}
        for external in described.participants or ():
            who = self._people.get(external)
            if who is None:
                detail = f"{external} in {described.id}"
                self._report.changed(where, "a participant nobody knows", detail)
            else:
                found[who] = None
        return tuple(found)

    def _kind(self, where: str, described: Conversation, people: tuple[UUID, ...]) -> Spoken:
        needed = {"direct": PAIR, "self": 1}.get(described.type)
        if needed in {None, len(people)}:
            return described.type
        detail = f"{described.id}: {described.type}, of {len(people)}"
        self._report.changed(where, "a conversation became a group for want of people", detail)
        return "group"

    def _made(self, place: Place) -> ImportedConversation:
        where, described = self._described[place.external_id]
        name = without_nul(described.name or "").strip()
        if len(name) > NAME_MAX:
            self._report.changed(where, "a name was cut", name)
        owner = self._people.get(described.owner)
        now = clock.now()
        return ImportedConversation(
            id=place.id,
            kind="group" if place.kind == "channel" else place.kind,
            participants=place.people,
            inserted_at=min(described.inserted_at or now, now),
            name=None if messaging.is_blank(name) else name[:NAME_MAX],
            owner_id=owner if owner in place.people else None,
        )

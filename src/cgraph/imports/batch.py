"""Some messages of one conversation, checked and made ready to be written together."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from cgraph import accounts, messaging
from cgraph.messaging import ImportedMessage, ImportedPin, ImportedReaction
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid

from . import ids
from .people import People
from .places import Place
from .records import Message
from .report import Report
from .texts import rename, split, without_nul

EMOJI_MAX = 64
"""Code points of a reaction."""

Found = tuple[str, Message]
"""A message and where it was."""


async def prepare(
    db: Repo,
    found: Sequence[Found],
    *,
    place: Place,
    met: set[int],
    people: People,
    report: Report,
    message_max: int,
) -> list[ImportedMessage]:
    """Those of the messages that are new, ready to be written, in their order; the others are in the report.

    `met`: which messages of this conversation have been met already, by their ids' upper halves; grows.
    """
    maker = _Maker(place, people, report, met, message_max)
    await maker.look_up(db, found)
    return [made for where, message in found for made in maker.make(where, message)]


class _Maker:
    def __init__(
        self, place: Place, people: People, report: Report, met: set[int], message_max: int
    ) -> None:
        self._place = place
        self._people = people
        self._report = report
        self._met = met
        self._message_max = message_max
        self._now = clock.now()
        self._ids: dict[str, UUID] = {}
        """Ours of the messages and of those they answer."""
        self._there: set[UUID] = set()
        """Those of them that the conversation has."""
        self._names: dict[UUID, str] = {}
        """What the mentioned are called here."""

    async def look_up(self, db: Repo, found: Sequence[Found]) -> None:
        """All that must be known of the database."""
        named = {message.id for _, message in found}
        named |= {message.reply_to for _, message in found if message.reply_to}
        self._ids = {external: self._id(external) for external in named}
        wanted = list(self._ids.values())
        self._there = await messaging.find_message_ids(db, self._place.id, wanted)
        mentioned = {
            self._people.get(who) for _, message in found for who in message.mentions.values()
        }
        known = await accounts.get_people(db, [id for id in mentioned if id])
        self._names = {id: person.username for id, person in known.items()}

    def _id(self, external: str, *part: str) -> UUID:
        return ids.message_id(
            self._place.id, self._report.source, self._place.external_id, external, *part
        )

    def _is_met(self, id: UUID) -> bool:
        return id.int >> 64 in self._met

    def make(self, where: str, message: Message) -> list[ImportedMessage]:
        """The message in as many parts as its length needs: none, if it cannot be taken or is there."""
        id = self._ids[message.id]
        author = self._people.get(message.author)
        if self._is_met(id):
            self._report.lost(where, "a message with an id that came before", message.id)
        elif id in self._there:
            self._met.add(id.int >> 64)
            self._report.known["messages"] += 1
        elif author is None:
            self._report.lost(where, "its author is not in the export", message.author)
        elif parts := self._parts(where, message):
            made = self._whole(where, message, id, author, parts)
            # Only now: nothing answers itself.
            self._met.add(id.int >> 64)
            return made
        return []

    def _whole(
        self, where: str, message: Message, id: UUID, author: UUID, parts: list[str]
    ) -> list[ImportedMessage]:
        at = self._past(where, message.inserted_at)
        first = ImportedMessage(
            id=id,
            sender_id=author,
            content=parts[0],
            inserted_at=at,
            edited_at=message.edited_at,
            reply_to_id=self._reply(where, message),
            reactions=tuple(self._reactions(where, message, at)),
            pin=self._pin(message, at),
        )
        rest = [
            ImportedMessage(
                id=self._id(message.id, str(number)),
                sender_id=author,
                content=part,
                inserted_at=at,
            )
            for number, part in enumerate(parts[1:], 2)
        ]
        self._count(first, len(rest) + 1)
        return [first, *rest]

    def _parts(self, where: str, message: Message) -> list[str]:
        text = without_nul(message.content)
        if text != message.content:
            self._report.changed(where, "NUL characters were taken out", message.id)
        names = {words: self._names[who] for words, who in self._mentioned(message)}
        parts = split(rename(text, names), self._message_max)
        parts = [part for part in parts if not messaging.is_blank(part)]
        if not parts:
            self._report.lost(where, "a blank message", message.id)
        elif len(parts) > 1:
            detail = f"{message.id}: {len(text):,} characters in {len(parts)} messages"
            self._report.changed(where, "a long message was split", detail)
        return parts

    def _mentioned(self, message: Message) -> Iterator[tuple[str, UUID]]:
        for words, external in message.mentions.items():
            who = self._people.get(external)
            if words and who in self._names:
                yield words, who

    def _reply(self, where: str, message: Message) -> UUID | None:
        if message.reply_to is None:
            return None
        id = self._ids[message.reply_to]
        if self._is_met(id) or id in self._there:
            return id
        detail = f"{message.id} answers {message.reply_to}"
        self._report.changed(where, "a reply to what is not there", detail)
        return None

    def _reactions(self, where: str, message: Message, at: datetime) -> Iterator[ImportedReaction]:
        given: set[tuple[str, UUID]] = set()
        for reaction in message.reactions:
            emoji = self._emoji(where, reaction.emoji)
            for external in reaction.users if emoji else ():
                who = self._people.get(external)
                if who is None:
                    self._report.changed(where, "a reaction of somebody unknown", external)
                elif (emoji, who) not in given:
                    given.add((emoji, who))
                    yield ImportedReaction(emoji, who, at)

    def _emoji(self, where: str, text: str) -> str:
        """As we spell it; what is none stays as the name it has, if it can. Empty: it cannot."""
        try:
            return messaging.check_emoji(text)
        except Invalid:
            if 0 < len(text) <= EMOJI_MAX and "\x00" not in text and not messaging.is_blank(text):
                self._report.changed(where, "a custom emoji became its name", text)
                return text
            self._report.changed(where, "a reaction that is no emoji", text[:EMOJI_MAX])
            return ""

    def _pin(self, message: Message, at: datetime) -> ImportedPin | None:
        if message.pinned is None:
            return None
        return ImportedPin(self._people.get(message.pinned.user), message.pinned.at or at)

    def _past(self, where: str, at: datetime) -> datetime:
        if at <= self._now:
            return at
        self._report.changed(where, "a time in the future", at.isoformat())
        return self._now

    def _count(self, first: ImportedMessage, parts: int) -> None:
        taken = self._report.taken
        taken["messages"] += parts
        taken["replies"] += first.reply_to_id is not None
        taken["reactions"] += len(first.reactions)
        taken["pins"] += first.pin is not None

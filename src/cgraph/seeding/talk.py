"""What is said in one conversation: answers, mentions, reactions, pins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph.messaging import ImportedMessage, ImportedPin, ImportedReaction

from .dice import Crowd, Dice
from .languages import Language
from .texts import EMOJI
from .world import World

_ANSWERS = 0.2
_NEAR = 12
"""How far back an answer reaches."""
_MENTIONS = 0.06
_REACTED = 0.14
_EDITED = 0.02
_PINNED = 0.004
_BEHIND = 0.3


class Room(msgspec.Struct, frozen=True):
    """Where something is said, and by whom."""

    speakers: Crowd
    language: Language
    calls: Sequence[UUID] = ()
    """Audiences that are called now and then."""


class Talker:
    """Makes up conversations."""

    def __init__(self, world: World, dice: Dice) -> None:
        self._dice = dice
        self._cast = world.cast
        self._writer = world.writer

    def messages(self, room: Room, moments: Sequence[datetime]) -> list[ImportedMessage]:
        """One at each of these moments."""
        made: list[ImportedMessage] = []
        senders = room.speakers.draw(self._dice, len(moments))
        for at, sender in zip(moments, senders, strict=True):
            made.append(self._message(room, at, sender, made))
        return made

    def _message(
        self, room: Room, at: datetime, sender: int, before: Sequence[ImportedMessage]
    ) -> ImportedMessage:
        dice = self._dice
        text = self._writer.message(dice, room.language)
        calls: Sequence[UUID] = ()
        if dice.chance(_MENTIONS):
            text = f"@{self._cast.names[room.speakers.one(dice)]} {text}"
        elif room.calls and dice.chance(_MENTIONS):
            text, calls = f"@everyone {text}", room.calls
        answered = dice.choice(before[-_NEAR:]).id if before and dice.chance(_ANSWERS) else None
        return ImportedMessage(
            id=dice.id(at),
            sender_id=self._cast.ids[sender],
            content=text,
            inserted_at=at,
            edited_at=at + timedelta(minutes=3) if dice.chance(_EDITED) else None,
            reply_to_id=answered,
            reactions=self._reactions(room, at) if dice.chance(_REACTED) else (),
            pin=ImportedPin(self._cast.ids[sender], at) if dice.chance(_PINNED) else None,
            calls=calls,
        )

    def _reactions(self, room: Room, at: datetime) -> list[ImportedReaction]:
        dice = self._dice
        found = {
            (dice.choice(EMOJI), person)
            for person in room.speakers.draw(dice, 1 + dice.heavy(2, 12))
        }
        return [
            ImportedReaction(emoji, self._cast.ids[person], at + timedelta(minutes=1))
            for emoji, person in sorted(found)
        ]


def behind(dice: Dice, people: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Who has read how much of so many messages: most all, and are left out, some less."""
    return [
        (person, max(count - 1 - dice.heavy(15, count), 0))
        for person in people
        if dice.chance(_BEHIND)
    ]

"""Conversations of two and of several."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.messaging import ImportedConversation, ImportedMark, ImportedMessage

from . import names
from .dice import Crowd, Dice
from .talk import Room, Talker, behind
from .texts import speak
from .world import World

BATCH = 5_000
"""Messages written in one transaction."""
SHARE = 0.25
"""Of all messages."""
DEMO = 0
PAIR = 2
_DEMO_EVERY = 12
_DEMO_FIRST = 2
"""One in so many conversations is the demo account's."""


class _Chat(msgspec.Struct, frozen=True):
    conversation: ImportedConversation
    messages: Sequence[ImportedMessage]
    marks: Sequence[ImportedMark]


class _Maker:
    def __init__(self, world: World, dice: Dice) -> None:
        self._dice = dice
        self._calendar = world.calendar
        self._cast = world.cast
        self._talker = Talker(world, dice)
        self._everybody = Crowd(range(1, len(world.cast)), 0.6)
        self._pairs: set[tuple[int, int]] = set()
        self._chats = 0

    def pair(self) -> list[int]:
        """Two who have no conversation yet."""
        while True:
            one, other = self._everybody.draw(self._dice, 2)
            one = DEMO if self._with_demo(len(self._pairs)) else one
            key = (min(one, other), max(one, other))
            if one != other and key not in self._pairs:
                self._pairs.add(key)
                return [one, other]

    def several(self) -> list[int]:
        """A few who know each other."""
        people = set(self._everybody.draw(self._dice, self._dice.randint(3, 12)))
        if self._with_demo(self._chats) or len(people) < PAIR:
            people.add(DEMO)
        self._chats += 1
        return sorted(people)

    def _with_demo(self, before: int) -> bool:
        """Whether the demo account takes part, in the first ones in any case."""
        return before < _DEMO_FIRST or self._dice.chance(1 / _DEMO_EVERY)

    def chat(self, people: list[int], count: int) -> _Chat:
        dice, ids = self._dice, self._cast.ids
        direct = len(people) == PAIR
        moments = self._calendar.moments(dice, count)
        conversation = ImportedConversation(
            id=dice.id(moments[0]),
            kind="direct" if direct else "group",
            participants=[ids[person] for person in people],
            inserted_at=moments[0],
            name=None if direct else names.chat(dice),
            owner_id=None if direct else ids[people[0]],
        )
        room = Room(Crowd(people, 0.3), speak(dice))
        messages = self._talker.messages(room, moments)
        return _Chat(conversation, messages, self._marks(conversation.id, people, count))

    def _marks(self, id: UUID, people: Sequence[int], count: int) -> list[ImportedMark]:
        found = behind(self._dice, people, count)
        return [ImportedMark(id, self._cast.ids[person], seq) for person, seq in found]


async def load(world: World, dice: Dice) -> None:
    """Make all of them, with what is said there."""
    maker = _Maker(world, dice)
    size, people = world.size, len(world.cast)
    pairs = min(size.directs, people * (people - 1) // 4)
    places = pairs + size.chats
    mean = size.messages * SHARE / places
    left = int(size.messages * SHARE)
    waiting: list[_Chat] = []
    for n in range(places):
        last = n == places - 1
        count = left if last else min(1 + dice.heavy(mean, int(mean * 40)), left - (places - n - 1))
        left -= count
        waiting.append(maker.chat(maker.pair() if n < pairs else maker.several(), count))
        if last or sum(len(chat.messages) for chat in waiting) >= BATCH:
            await _write(world, waiting)
            waiting = []


async def _write(world: World, chats: Sequence[_Chat]) -> None:
    async with world.db.transaction() as tx:
        await messaging.import_conversations(tx, [chat.conversation for chat in chats])
        await messaging.import_histories(
            tx, {chat.conversation.id: chat.messages for chat in chats}
        )
        await messaging.import_marks(tx, [mark for chat in chats for mark in chat.marks])
    world.told.more(sum(len(chat.messages) for chat in chats), "conversations")

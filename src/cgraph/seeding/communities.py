"""Groups with all that is said in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cgraph import groups, messaging
from cgraph.groups import ImportedGroupBan, ImportedThread
from cgraph.messaging import ImportedMark, ImportedMessage

from . import conversations
from .dice import Dice, parted
from .plans import Channel, Plan, Planner
from .talk import Room, Talker, behind
from .world import World

BATCH = 5_000
"""Messages, or members, written in one transaction."""
_FALL = 1.3
"""By how much the next group is smaller: a power law."""
_LEAST = 6
_LEARNT = 3
"""Groups after which the planner is told how large tables are; later ones change little."""
_DEMO_IN = 4
"""Groups the demo account is in: the largest."""
_THREADED = 0.01
_THREAD_MEAN = 6
_BANNED = 0.003
_MARKED = 200
"""Of those who say the most in a channel, some have not read all of it."""


async def load(world: World, dice: Dice) -> None:
    """Make all of them."""
    size, everybody = world.size, len(world.cast)
    planner = Planner(world, dice)
    weights = [1 / (n + 1) ** _FALL for n in range(size.groups)]
    shares = parted(size.messages - int(size.messages * conversations.SHARE), weights)
    for n, weight in enumerate(weights):
        people = max(int(everybody * size.largest_group * weight), _LEAST)
        channels = max(int(size.channels * weight), 3)
        plan = planner.plan(min(people, everybody - 1), channels, demo=n < _DEMO_IN)
        await _make(world, dice, plan)
        await _Speaking(world, dice, plan).fill(shares[n])
        if n < _LEARNT:
            await world.db.value("ANALYZE")


async def _make(world: World, dice: Dice, plan: Plan) -> None:
    """The group with its people and channels; nothing is said yet."""
    id = plan.group.id
    async with world.db.transaction() as tx:
        await groups.import_group(tx, plan.group)
        places = [*plan.categories, *(channel.channel for channel in plan.channels)]
        await groups.import_channels(tx, id, places)
        await groups.import_group_bans(tx, id, _bans(world, dice, plan))
    for n in range(0, len(plan.members), BATCH):
        async with world.db.transaction() as tx:
            await groups.import_members(tx, id, plan.members[n : n + BATCH])


def _bans(world: World, dice: Dice, plan: Plan) -> list[ImportedGroupBan]:
    cast = world.cast
    inside = set(plan.people)
    some = dice.some(range(1, len(cast)), 1 + int(len(plan.people) * _BANNED))
    return [
        ImportedGroupBan(
            cast.ids[person], world.calendar.moment(dice), plan.group.owner_id, "advertising again"
        )
        for person in some
        if person not in inside
    ]


class _Speaking:
    """Fills the channels of one group."""

    def __init__(self, world: World, dice: Dice, plan: Plan) -> None:
        self._db = world.db
        self._dice = dice
        self._calendar = world.calendar
        self._cast = world.cast
        self._told = world.told
        self._talker = Talker(world, dice)
        self._plan = plan

    async def fill(self, total: int) -> None:
        """Say so many things, the most in the channels that come first."""
        weights = [
            0.1 if channel.official else 1 / (n + 1) ** 0.8
            for n, channel in enumerate(self._plan.channels)
        ]
        left = total
        for n, (channel, weight) in enumerate(zip(self._plan.channels, weights, strict=True)):
            last = n == len(weights) - 1
            count = left if last else min(int(total * weight / sum(weights)), left)
            left -= count
            await self._channel(channel, count)

    async def _channel(self, channel: Channel, count: int) -> None:
        """What is said in a channel and in the threads that begin there."""
        place = channel.channel
        room = Room(
            channel.speakers,
            self._plan.language,
            calls=[self._plan.group.id] if channel.official else (),
        )
        moments = self._calendar.moments(self._dice, count, after=place.inserted_at)
        written = 0
        for start in range(0, count, BATCH):
            part = moments[start : start + BATCH]
            threads, rest = self._threads(len(part))
            messages = self._talker.messages(room, part[:rest])
            await self._write(place.id, room, messages, threads)
            written += rest
        found = behind(self._dice, room.speakers.members[:_MARKED], written)
        marks = [ImportedMark(place.id, self._cast.ids[person], seq) for person, seq in found]
        async with self._db.transaction() as tx:
            await messaging.import_marks(tx, marks)

    def _threads(self, count: int) -> tuple[list[int], int]:
        """How much is said in each thread that begins among so many messages, and how much is left."""
        found: list[int] = []
        left = count
        for _ in range(int(count * _THREADED)):
            length = 1 + self._dice.heavy(_THREAD_MEAN, 60)
            if left - length < count // 2:
                break
            found.append(length)
            left -= length
        return found, left

    async def _write(
        self,
        id: UUID,
        room: Room,
        messages: Sequence[ImportedMessage],
        lengths: Sequence[int],
    ) -> None:
        group_id = self._plan.group.id
        begun = self._dice.some(messages, len(lengths))
        pairs = [self._thread(id, room, *each) for each in zip(begun, lengths, strict=True)]
        async with self._db.transaction() as tx:
            await groups.import_threads(tx, [thread for thread, _ in pairs])
            histories = {id: messages} | {thread.id: said for thread, said in pairs}
            await groups.import_channel_messages(tx, group_id, histories)
        self._told.more(sum(len(said) for said in histories.values()), "channels")

    def _thread(
        self, channel_id: UUID, room: Room, begun: ImportedMessage, length: int
    ) -> tuple[ImportedThread, list[ImportedMessage]]:
        dice = self._dice
        moments = self._calendar.soon(dice, begun.inserted_at, length, hours=60)
        messages = self._talker.messages(room, moments)
        thread = ImportedThread(
            id=dice.id(begun.inserted_at),
            group_id=self._plan.group.id,
            channel_id=channel_id,
            name=begun.content.splitlines()[0][:60].strip() or "…",
            owner_id=begun.sender_id,
            inserted_at=begun.inserted_at,
            message_id=begun.id,
            archived_at=self._archived(moments[-1]),
            followers=list(dict.fromkeys(message.sender_id for message in messages)),
        )
        return thread, messages

    def _archived(self, at: datetime) -> datetime | None:
        """Three days after the last word, if that is past."""
        end = at + timedelta(days=3)
        return end if end < self._calendar.until else None

"""What is unread in channels: exact, whatever has happened, for those who never opened them, too."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS, NewThread, Permission
from cgraph.messaging import CountersDrifted, Marker, MessageEdit, ReadMarker
from cgraph_kit.db import Transaction
from support.channels import say
from support.communities import enter, first_channel, found, give, make_role, overwrite
from support.talk import Counter, Happened, block, make_actor


async def another_channel(db: Transaction, group_id: UUID) -> UUID:
    id: UUID = await db.value(
        "INSERT INTO group_channels (id, group_id, kind, name) VALUES (gen_random_uuid(), $1, 'text', 'more') RETURNING id",
        group_id,
    )
    await messaging.create_place(db, id, "channel")
    return id


class TestListChannelUnread:
    async def test_names_no_message_to_who_may_not_read_back(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        thread = await groups.create_thread(db, bob, channel, NewThread("plans"))
        for place in (channel, thread.id):
            await say(db, ann, place)
        for one in await groups.list_channel_unread(db, bob, group):
            assert one.first_unread_id is not None
        await overwrite(db, channel, group, deny=Permission.READ_MESSAGE_HISTORY)
        marker = ReadMarker(seq=0)
        counted = await groups.list_channel_unread(db, bob, group)
        counted += [
            await groups.get_channel_unread(db, bob, channel),
            await messaging.mark_read(db, bob, channel, marker, gate=CHANNELS),
        ]
        for one in counted:
            assert (one.unread, one.first_unread_id) == (1, None)

    async def test_counts_what_was_said_since_they_came(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        await say(db, ann, channel, "before")
        await enter(db, group, eve)
        # (In a test's one transaction all clocks of the database stand still.)
        await db.value(
            "UPDATE group_members SET joined_at = clock_timestamp() WHERE user_id = $1", eve.id
        )
        await db.value("SELECT pg_sleep(0.002)")
        await say(db, ann, channel, "after")
        await say(db, ann, channel, "@everyone")
        (counted,) = await groups.list_channel_unread(db, eve, group)
        assert (counted.unread, counted.mentions, counted.read_seq) == (2, 1, 1)
        assert counted.first_unread_seq == 2

    async def test_leaves_out_what_they_cannot_see(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        hidden = await another_channel(db, group)
        await say(db, ann, hidden)
        await overwrite(db, hidden, group, deny=Permission.VIEW_CHANNEL)
        listed = [one.conversation_id for one in await groups.list_channel_unread(db, bob, group)]
        assert listed == [channel]
        assert len(await groups.list_channel_unread(db, ann, group)) == 2

    async def test_takes_two_statements_however_many_there_are(
        self, db: Transaction, bob: Actor, group: UUID, count_queries: Counter
    ) -> None:
        for _ in range(5):
            await another_channel(db, group)
        with count_queries(db) as queries:
            assert len(await groups.list_channel_unread(db, bob, group)) == 6
        assert len(queries) == 2

    async def test_strangers_find_nothing(self, db: Transaction, eve: Actor, group: UUID) -> None:
        with pytest.raises(groups.GroupNotFound):
            await groups.list_channel_unread(db, eve, group)

    async def test_looking_makes_no_row(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await say(db, ann, channel)
        await groups.list_channel_unread(db, bob, group)
        sql = "SELECT count(*) FROM participants WHERE user_id = $1"
        assert await db.value(sql, bob.id) == 0


class TestReadGroup:
    async def test_nothing_is_left(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        other = await another_channel(db, group)
        await another_channel(db, group)
        for place in (channel, other):
            await say(db, ann, place)
        read = await groups.read_group(db, bob, group)
        assert {one.conversation_id for one in read} == {channel, other}
        assert all(one.unread == 0 for one in read)
        assert sum(one.unread for one in await groups.list_channel_unread(db, bob, group)) == 0


class TestMarkRead:
    async def test_nobody_else_is_told(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, happened: Happened
    ) -> None:
        await say(db, ann, channel)
        counted = await messaging.mark_read(db, bob, channel, ReadMarker(), gate=CHANNELS)
        assert (counted.unread, counted.read_seq) == (0, 1)
        assert happened(messaging.ReadUpdated) == []
        (own,) = happened(messaging.ReadMarked)
        assert (own.user_id, own.gated) == (bob.id, True)


class TestVerify:
    async def test_finds_drift(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        group: UUID,
        channel: UUID,
        happened: Happened,
    ) -> None:
        await say(db, ann, channel)
        await db.value("UPDATE streams SET counted = counted + 1 WHERE id = $1", channel)
        (verified,) = await groups.verify_channel_unread(db, bob, group)
        assert verified.drifted
        assert happened(CountersDrifted)


class TestHistories:
    """Random histories: the counters equal a count by hand of what each person has not read."""

    @pytest.mark.parametrize("seed", range(6))
    async def test_counters_say_what_is_there(self, db: Transaction, seed: int) -> None:
        history = History(db, random.Random(seed))  # noqa: S311
        await history.begin()
        for _ in range(60):
            await history.step()
            await history.check()


class Person:
    """What a member knows, counted by hand."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.inside = False
        self.roles: set[UUID] = set()
        self.entered: dict[UUID, int] = {}
        self.read: dict[UUID, int] = {}
        self.blocks: set[UUID] = set()


class Line:
    """A message as it was said."""

    def __init__(self, sender: Person, id: UUID, seq: int) -> None:
        self.sender, self.id, self.seq = sender, id, seq
        self.live = True
        self.people: set[UUID] = set()
        self.crowds: set[UUID] = set()


class History:
    """People in a group, two channels and a thread, doing this and that."""

    def __init__(self, db: Transaction, dice: random.Random) -> None:
        self.db, self.dice = db, dice
        self.people: list[Person] = []
        self.said: dict[UUID, list[Line]] = {}
        self.events: dict[UUID, int] = {}

    async def begin(self) -> None:
        db = self.db
        self.people = [Person(await make_actor(db, f"h{n}")) for n in range(5)]
        owner = self.people[0]
        self.group = await found(db, owner.actor)
        self.roles = [await make_role(db, self.group, name=f"r{n}") for n in range(2)]
        await db.value("UPDATE group_roles SET mentionable = true WHERE group_id = $1", self.group)
        channel = await first_channel(db, self.group)
        sql = "UPDATE group_roles SET permissions = permissions | $2 WHERE id = $1"
        await db.value(sql, self.group, int(Permission.MENTION_EVERYONE))
        thread = await groups.create_thread(db, owner.actor, channel, NewThread("thread"))
        self.said = {channel: [], await another_channel(db, self.group): [], thread.id: []}
        self.thread = thread.id
        owner.inside = True
        owner.entered = dict.fromkeys(self.said, 0)
        owner.read = dict.fromkeys(self.said, 0)
        for person in self.people[1:3]:
            await self._enter(person)

    async def step(self) -> None:
        acts: list[Callable[[], Awaitable[None]]] = [
            *[self._say] * 6,
            self._delete,
            self._edit,
            self._mark_read,
            self._mark_unread,
            self._come_or_go,
            self._give,
            self._block,
        ]
        await self.dice.choice(acts)()

    def _inside(self) -> list[Person]:
        return [person for person in self.people if person.inside]

    def _place(self) -> UUID:
        return self.dice.choice(list(self.said))

    def _text(self) -> tuple[str, set[UUID], set[UUID]]:
        dice, words = self.dice, ["word"]
        people: set[UUID] = set()
        crowds: set[UUID] = set()
        if dice.random() < 0.4:
            person = dice.choice(self.people)
            words.append(f"@{person.actor.username}")
            if person.inside:
                people.add(person.actor.id)
        if dice.random() < 0.3:
            words.append("@everyone")
            crowds.add(self.group)
        if dice.random() < 0.3:
            n = dice.randrange(2)
            words.append(dice.choice([f"@r{n}", f"<@&{self.roles[n]}>"]))
            crowds.add(self.roles[n])
        return f"{dice.random()} {' '.join(words)}", people, crowds

    def _heard(self, sender: Person, people: set[UUID]) -> set[UUID]:
        parted = {
            one.actor.id
            for one in self.people
            if one.actor.id in sender.blocks or sender.actor.id in one.blocks
        }
        return people - parted - {sender.actor.id}

    async def _say(self) -> None:
        place, sender = self._place(), self.dice.choice(self._inside())
        text, people, crowds = self._text()
        sent = await say(self.db, sender.actor, place, text)
        line = Line(sender, sent.id, sent.seq)
        line.people, line.crowds = self._heard(sender, people), crowds
        self.said[place].append(line)
        sender.read[place] = sent.seq

    def _line(self) -> tuple[UUID, Line] | None:
        place = self._place()
        lines = [one for one in self.said[place] if one.live and one.sender.inside]
        return (place, self.dice.choice(lines)) if lines else None

    async def _delete(self) -> None:
        if found := self._line():
            place, line = found
            await messaging.delete_message(
                self.db, line.sender.actor, place, line.id, gate=CHANNELS
            )
            line.live = False

    async def _edit(self) -> None:
        if found := self._line():
            place, line = found
            text, people, crowds = self._text()
            await messaging.edit_message(
                self.db, line.sender.actor, place, line.id, MessageEdit(text), gate=CHANNELS
            )
            line.people, line.crowds = self._heard(line.sender, people), crowds

    async def _last(self, place: UUID) -> int:
        last: int = await self.db.value("SELECT last_seq FROM streams WHERE id = $1", place)
        return last

    async def _mark_read(self) -> None:
        person, place = self.dice.choice(self._inside()), self._place()
        seq = self.dice.randint(0, await self._last(place))
        await messaging.mark_read(self.db, person.actor, place, ReadMarker(seq=seq), gate=CHANNELS)
        person.read[place] = max(person.read[place], seq)

    async def _mark_unread(self) -> None:
        person, place = self.dice.choice(self._inside()), self._place()
        if lines := self.said[place]:
            line = self.dice.choice(lines)
            await messaging.mark_unread(
                self.db, person.actor, place, Marker(message_id=line.id), gate=CHANNELS
            )
            person.read[place] = min(person.read[place], line.seq - 1)

    async def _enter(self, person: Person) -> None:
        db = self.db
        await enter(db, self.group, person.actor)
        # Between the last message and the next, by the clock the ids are made of.
        await db.value("SELECT pg_sleep(0.003)")
        sql = "UPDATE group_members SET joined_at = $2 WHERE user_id = $1"
        now = await db.value("SELECT clock_timestamp()")
        await db.value(sql, person.actor.id, now - timedelta(milliseconds=1))
        await db.value("SELECT pg_sleep(0.002)")
        person.inside, person.roles = True, set()
        person.entered = {place: self._end(place) for place in self.said}
        person.read = dict(person.entered)
        if self.dice.random() < 0.7:
            await groups.follow_thread(db, person.actor, self.thread)

    def _end(self, place: UUID) -> int:
        return self.said[place][-1].seq if self.said[place] else 0

    async def _come_or_go(self) -> None:
        person = self.dice.choice(self.people[1:])
        if person.inside:
            await groups.leave_group(self.db, person.actor, self.group)
            person.inside = False
        else:
            await self._enter(person)

    async def _give(self) -> None:
        person, role = self.dice.choice(self._inside()), self.dice.choice(self.roles)
        await give(self.db, self.group, person.actor, role)
        person.roles.add(role)

    async def _block(self) -> None:
        one, other = self.dice.sample(self.people, 2)
        if self.dice.random() < 0.3:
            await block(self.db, one.actor, other.actor)
            one.blocks.add(other.actor.id)

    async def check(self) -> None:
        person = self.dice.choice(self._inside())
        for counted in await groups.list_channel_unread(self.db, person.actor, self.group):
            place = counted.conversation_id
            above = [
                line
                for line in self.said[place]
                if line.live
                and line.seq > person.read[place]
                and line.sender is not person
                and line.sender.actor.id not in person.blocks
            ]
            audiences = {self.group, *person.roles}
            mentions = [
                line
                for line in above
                if person.actor.id in line.people
                or (line.crowds & audiences and line.seq > person.entered[place])
            ]
            assert (counted.unread, counted.mentions) == (len(above), len(mentions))
        for verified in await groups.verify_channel_unread(self.db, person.actor, self.group):
            assert not verified.drifted

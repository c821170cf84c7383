"""Random histories: the counters against counting by hand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgraph import accounts, messaging
from cgraph.accounts import Actor
from cgraph.messaging import Marker, MessageEdit, NewParticipants, ReadMarker
from cgraph_kit.db import Database, Transaction
from support.talk import block, make_actors, open_between, say

PEOPLE = 4
who = st.integers(0, PEOPLE - 1)
guest = st.integers(1, PEOPLE - 1)
which = st.integers(0, 40)
low = st.integers(0, 8)
step = st.one_of(
    st.tuples(st.just("say"), who, st.none() | who),
    st.tuples(st.just("say"), who, st.none() | who),
    st.tuples(st.just("delete"), which),
    st.tuples(st.just("edit"), which, st.none() | who),
    st.tuples(st.just("read"), who, st.none() | which),
    st.tuples(st.just("unread"), who, low),
    st.tuples(st.just("unread"), who, low),
    st.tuples(st.just("leave"), guest),
    st.tuples(st.just("add"), guest),
    st.tuples(st.just("block"), who, who),
    st.tuples(st.just("unblock"), who, who),
    st.tuples(st.just("pin"), which),
)


class Undo(Exception):
    """Ends an example's transaction."""


@dataclass
class Said:
    """What the model knows of a message."""

    id: UUID
    seq: int
    sender: int
    mentions: set[int]
    deleted: bool = False


@dataclass
class World:
    """A group, and all that has happened in it, by hand."""

    db: Transaction
    people: list[Actor]
    id: UUID
    said: list[Said] = field(default_factory=list)
    present: set[int] = field(default_factory=lambda: set(range(PEOPLE)))
    marker: list[int] = field(default_factory=lambda: [0] * PEOPLE)
    joined: list[int] = field(default_factory=lambda: [0] * PEOPLE)
    blocks: set[tuple[int, int]] = field(default_factory=set)

    async def take(self, name: str, *args: Any) -> None:
        """One step, in the database and by hand; one that makes no sense here is none."""
        step: Callable[..., Awaitable[None]] = getattr(self, name)
        await step(*args)

    def _parted(self, a: int, b: int) -> bool:
        return (a, b) in self.blocks or (b, a) in self.blocks

    def _mentioned(self, sender: int, other: int | None) -> set[int]:
        if other is None or other == sender or other not in self.present:
            return set()
        return set() if self._parted(sender, other) else {other}

    def _text(self, other: int | None) -> str:
        return f"n{len(self.said)}" + (
            f" @{self.people[other].username}" if other is not None else ""
        )

    def _one(self, n: int) -> Said | None:
        live = [m for m in self.said if not m.deleted]
        return live[n % len(live)] if live else None

    async def _end(self) -> int:
        return (await messaging.get_unread(self.db, self.people[0], self.id)).last_seq

    async def say(self, sender: int, other: int | None) -> None:
        if sender in self.present:
            sent = await say(self.db, self.people[sender], self.id, self._text(other))
            self.said.append(Said(sent.id, sent.seq, sender, self._mentioned(sender, other)))
            self.marker[sender] = sent.seq

    async def delete(self, n: int) -> None:
        if message := self._one(n):
            await messaging.delete_message(self.db, self.people[0], self.id, message.id)
            message.deleted = True

    async def edit(self, n: int, other: int | None) -> None:
        message = self._one(n)
        if message is None or message.sender not in self.present:
            return
        sender = message.sender
        if message.seq <= self.joined[sender]:
            return
        text = self._text(other) + "!"
        edit = MessageEdit(text)
        await messaging.edit_message(self.db, self.people[sender], self.id, message.id, edit)
        message.mentions = self._mentioned(sender, other)

    async def read(self, reader: int, n: int | None) -> None:
        if reader not in self.present:
            return
        end = await self._end()
        seq = end if n is None else min(n, end)
        await messaging.mark_read(self.db, self.people[reader], self.id, ReadMarker(seq=seq))
        self.marker[reader] = max(self.marker[reader], seq)

    async def unread(self, reader: int, n: int) -> None:
        if reader not in self.present:
            return
        await messaging.mark_unread(self.db, self.people[reader], self.id, Marker(seq=n))
        target = max(n - 1, self.joined[reader])
        self.marker[reader] = min(self.marker[reader], target)

    async def leave(self, guest: int) -> None:
        if guest in self.present:
            await messaging.leave_conversation(self.db, self.people[guest], self.id)
            self.present.discard(guest)

    async def add(self, guest: int) -> None:
        if guest in self.present or self._parted(0, guest):
            return
        self.marker[guest] = self.joined[guest] = await self._end()
        new = NewParticipants([self.people[guest].id])
        await messaging.add_participants(self.db, self.people[0], self.id, new)
        self.present.add(guest)

    async def block(self, a: int, b: int) -> None:
        if a != b:
            await block(self.db, self.people[a], self.people[b])
            self.blocks.add((a, b))

    async def unblock(self, a: int, b: int) -> None:
        await accounts.unblock_user(self.db, self.people[a], self.people[b].id)
        self.blocks.discard((a, b))

    async def pin(self, n: int) -> None:
        if message := self._one(n):
            await messaging.pin_message(self.db, self.people[0], self.id, message.id)

    def expected(self, reader: int) -> tuple[int, int, int | None]:
        """Unread, mentions and the first unread number, counted by hand."""
        unread = [
            m
            for m in self.said
            if m.seq > self.marker[reader]
            and not m.deleted
            and m.sender != reader
            and (reader, m.sender) not in self.blocks
        ]
        mentions = sum(reader in m.mentions for m in unread)
        return len(unread), mentions, unread[0].seq if unread else None

    async def check(self) -> None:
        """Everybody's counters are what the hand counts, and what counting anew finds."""
        for n in sorted(self.present):
            found = await messaging.get_unread(self.db, self.people[n], self.id)
            assert (found.unread, found.mentions, found.first_unread_seq) == self.expected(n)
            (twice,) = await messaging.verify_unread(self.db, self.people[n])
            assert twice.unread == twice.recounted_unread == found.unread
            assert twice.mentions == twice.recounted_mentions == found.mentions


class TestCounters:
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(steps=st.lists(step, min_size=10, max_size=40))
    async def test_are_exact_whatever_happens(
        self, database: Database, steps: list[tuple[Any, ...]]
    ) -> None:
        try:
            async with database.transaction() as tx:
                people = await make_actors(tx, PEOPLE)
                world = World(tx, people, await open_between(tx, *people))
                for step in steps:
                    await world.take(*step)
                    await world.check()
                raise Undo  # noqa: TRY301
        except Undo:
            pass

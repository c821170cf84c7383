"""Many come into one group, go, and are shown out at once, with real commits."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from cgraph import accounts, groups, messaging
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import (
    Banned,
    ChannelNotFound,
    GroupNotFound,
    InviteNotFound,
    MemberJoined,
    MemberLeft,
    NewBan,
    NewInvite,
    Outranked,
    Permission,
)
from cgraph_kit.db import Database
from cgraph_kit.errors import Error
from support.channels import say
from support.communities import enter, first_channel, found, make_role
from support.talk import make_actor, make_actors


@pytest.fixture
def events(database: Database) -> Iterator[list[Any]]:
    """What is published meanwhile, in order."""
    events: list[Any] = []
    before, database.subscriber = database.subscriber, events.extend
    yield events
    database.subscriber = before


async def invite(db: Database, actor: Actor, group: UUID, **fields: Any) -> str:
    """The code of a new invite."""
    made = await groups.create_invite(db, actor, group, NewInvite(unique=True, **fields))
    return made.invite.code


async def count(db: Database, group: UUID) -> tuple[int, int]:
    """How many members a group says it has, and how many there are."""
    said: int = await db.value("SELECT member_count FROM groups WHERE id = $1", group)
    there: int = await db.value("SELECT count(*) FROM group_members WHERE group_id = $1", group)
    return said, there


class TestAcceptInvite:
    async def test_an_invite_for_ten_lets_ten_in(self, database: Database) -> None:
        owner, *people = await make_actors(database, 51)
        group = await found(database, owner)
        code = await invite(database, owner, group, max_uses=10)
        came = await asyncio.gather(
            *(groups.accept_invite(database, person, code) for person in people),
            return_exceptions=True,
        )
        joined = [one for one in came if isinstance(one, groups.Accepted) and one.joined]
        assert len(joined) == 10
        assert sum(isinstance(one, InviteNotFound) for one in came) == 40
        assert await count(database, group) == (11, 11)
        uses = await database.value("SELECT uses FROM group_invites WHERE code = $1", code)
        assert uses == 10

    async def test_who_comes_by_many_devices_comes_once(
        self, database: Database, events: list[Any]
    ) -> None:
        owner, person = await make_actors(database, 2)
        group = await found(database, owner)
        code = await invite(database, owner, group, max_uses=5)
        events.clear()
        came = await asyncio.gather(
            *(groups.accept_invite(database, person, code) for _ in range(10))
        )
        assert sum(one.joined for one in came) == 1
        assert await database.value("SELECT uses FROM group_invites WHERE code = $1", code) == 1
        assert len([event for event in events if isinstance(event, MemberJoined)]) == 1
        assert await count(database, group) == (2, 2)

    async def test_nobody_slips_in_while_being_banned(self, database: Database) -> None:
        owner, *people = await make_actors(database, 21)
        group = await found(database, owner)
        code = await invite(database, owner, group)
        await asyncio.gather(
            *(groups.accept_invite(database, person, code) for person in people),
            *(groups.ban_member(database, owner, group, one.id, NewBan()) for one in people),
            *(groups.accept_invite(database, person, code) for person in people),
            return_exceptions=True,
        )
        assert await count(database, group) == (1, 1)
        for person in people:
            with pytest.raises(Banned):
                await groups.accept_invite(database, person, code)


class TestMembers:
    async def test_are_counted_exactly(self, database: Database, events: list[Any]) -> None:
        owner, *people = await make_actors(database, 9)
        group = await found(database, owner)
        code = await invite(database, owner, group)
        events.clear()
        chance = random.Random(7)  # noqa: S311 (a history that is the same each time)

        async def live(person: Actor) -> None:
            for _ in range(10):
                act = chance.choice(
                    [
                        lambda: groups.accept_invite(database, person, code),
                        lambda: groups.leave_group(database, person, group),
                        lambda: groups.kick_member(database, owner, group, person.id),
                        lambda: groups.ban_member(database, owner, group, person.id, NewBan()),
                        lambda: groups.unban_member(database, owner, group, person.id),
                    ]
                )
                try:
                    await act()
                except Error:
                    continue

        await asyncio.gather(*(live(person) for person in people), live(people[0]))
        said, there = await count(database, group)
        assert said == there
        come = len([event for event in events if isinstance(event, MemberJoined)])
        gone = len([event for event in events if isinstance(event, MemberLeft)])
        assert there == 1 + come - gone

    async def test_who_come_at_once_are_told_of_without_holes(
        self, database: Database, events: list[Any]
    ) -> None:
        owner, *people = await make_actors(database, 11)
        group = await found(database, owner)
        code = await invite(database, owner, group)
        events.clear()
        await asyncio.gather(*(groups.accept_invite(database, p, code) for p in people))
        seqs = sorted(event.seq for event in events if isinstance(event, MemberJoined))
        assert seqs == list(range(seqs[0], seqs[0] + 10))

    async def test_who_is_being_demoted_shows_nobody_out_afterwards(
        self, database: Database
    ) -> None:
        for _ in range(5):
            owner, moderator, *people = await make_actors(database, 8)
            group = await found(database, owner)
            role = await make_role(database, group, Permission.KICK_MEMBERS)
            await enter(database, group, moderator, role_ids=[role])
            await enter(database, group, *people)
            named = groups.MemberRole(group, moderator.id, role)
            done = await asyncio.gather(
                *(groups.kick_member(database, moderator, group, one.id) for one in people),
                groups.remove_member_role(database, owner, named),
                return_exceptions=True,
            )
            log = await database.values(
                "SELECT action FROM group_audit_log WHERE group_id = $1 ORDER BY id", group
            )
            kicked = sum(one is None for one in done[:-1])
            assert log.count("member_kicked") == kicked
            assert "member_kicked" not in log[log.index("member_roles_updated") :]
            assert (await count(database, group))[0] == 8 - kicked

    async def test_two_who_show_each_other_out_do_not_both_succeed(
        self, database: Database
    ) -> None:
        for _ in range(5):
            owner, low, high = await make_actors(database, 3)
            group = await found(database, owner)
            roles = [await make_role(database, group, Permission.KICK_MEMBERS) for _ in range(2)]
            await enter(database, group, low, role_ids=roles[:1])
            await enter(database, group, high, role_ids=roles[1:])
            first, second = await asyncio.gather(
                groups.kick_member(database, low, group, high.id),
                groups.kick_member(database, high, group, low.id),
                return_exceptions=True,
            )
            assert isinstance(first, (Outranked, GroupNotFound))
            assert second is None


class TestBanMembers:
    async def test_waits_for_nobody_who_waits_for_it(self, app: App, database: Database) -> None:
        """Many talk and are told of it while all of them are banned: locks are taken in one order."""
        owner, *people = await make_actors(database, 9)
        group = await found(database, owner)
        await enter(database, group, *people)
        channel = await first_channel(database, group)
        names = " ".join(f"@{person.username}" for person in people[:4])
        tell = messaging.notify_participants

        async def talk(person: Actor) -> None:
            with suppress(ChannelNotFound):
                for n in range(15):
                    await say(database, person, channel, f"{n} {names}")

        async def tell_them() -> None:
            for _ in range(15):
                await tell.handler(app, tell.args(channel))

        async def ban() -> None:
            new = groups.NewBans(user_ids=[person.id for person in people])
            done = await groups.ban_members(database, owner, group, new)
            assert len(done.banned) == 8

        await asyncio.gather(*(talk(person) for person in people), tell_them(), tell_them(), ban())
        assert await count(database, group) == (1, 1)
        for person in people:
            with pytest.raises(ChannelNotFound):
                await say(database, person, channel, "still here")
        entries = "SELECT count(*) FROM notifications WHERE scope_id = $1 AND user_id = ANY($2)"
        assert await database.value(entries, channel, [person.id for person in people]) == 0


class TestSearch:
    async def test_finds_who_was_renamed_while_joining(self, database: Database) -> None:
        owner = await make_actor(database)
        group = await found(database, owner)
        code = await invite(database, owner, group)
        for number in range(10):
            person = await make_actor(database)
            change = accounts.UpdateAccount(display_name=f"Robin {number}")
            await asyncio.gather(
                groups.accept_invite(database, person, code),
                accounts.update_account(database, person, change),
            )
            page = await groups.search_members(database, owner, group, f"robin {number}")
            assert [member.id for member in page.items] == [person.id]

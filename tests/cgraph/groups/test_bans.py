"""Keeping people out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import accounts, groups, messaging
from cgraph.accounts import Actor
from cgraph.groups import (
    BanNotFound,
    GroupLeft,
    GroupNotFound,
    InviteNotFound,
    MemberLeft,
    MissingPermission,
    NewBan,
    NewBans,
    NewInvite,
    Outranked,
    Permission,
    WhichEntries,
)
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.jobs.testing import drain
from support.channels import say
from support.communities import enter, first_channel, make_role
from support.talk import make_actor

P = Permission


@pytest.fixture
async def moderator(db: Transaction, group: UUID) -> Actor:
    """Somebody who may ban."""
    actor = await make_actor(db, "mod")
    await enter(db, group, actor, role_ids=[await make_role(db, group, P.BAN_MEMBERS)])
    return actor


class TestBanMember:
    async def test_shows_members_out(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        moderator: Actor,
        group: UUID,
        happened: Callable[[type[Any]], list[Any]],
    ) -> None:
        ban = await groups.ban_member(db, moderator, group, bob.id, NewBan(reason="spam"))
        assert (ban.user.id, ban.banned_by, ban.reason) == (bob.id, moderator.id, "spam")
        assert ban.expires_at is None
        with pytest.raises(GroupNotFound):
            await groups.get_group(db, bob, group)
        assert len(happened(MemberLeft)) == len(happened(GroupLeft)) == 1
        which = WhichEntries(action="member_banned")
        (entry,) = (await groups.list_audit_entries(db, ann, group, which)).items
        assert (entry.target_id, entry.reason) == (bob.id, "spam")

    async def test_keeps_out_who_was_never_in(
        self,
        db: Transaction,
        ann: Actor,
        eve: Actor,
        moderator: Actor,
        group: UUID,
        happened: Callable[[type[Any]], list[Any]],
    ) -> None:
        await groups.ban_member(db, moderator, group, eve.id, NewBan(), reason="known elsewhere")
        assert happened(MemberLeft) == []
        assert (await groups.get_ban(db, ann, group, eve.id)).reason == "known elsewhere"

    async def test_again_replaces_reason_and_end(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID
    ) -> None:
        until = clock.now() + timedelta(days=1)
        await groups.ban_member(db, ann, group, eve.id, NewBan(reason="a", expires_at=until))
        ban = await groups.ban_member(db, ann, group, eve.id, NewBan(reason="b"))
        assert (ban.reason, ban.expires_at) == ("b", None)
        assert len((await groups.list_bans(db, ann, group)).items) == 1

    async def test_what_they_handed_out_is_worth_nothing(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        made = await groups.create_invite(db, bob, group, NewInvite())
        await groups.ban_member(db, ann, group, bob.id, NewBan())
        with pytest.raises(InviteNotFound):
            await groups.accept_invite(db, eve, made.invite.code)

    async def test_is_refused(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, moderator: Actor, group: UUID
    ) -> None:
        for actor, id, error in (
            (moderator, ann.id, Outranked),
            (moderator, moderator.id, Outranked),
            (moderator, uuid4(), accounts.UserNotFound),
            (bob, eve.id, MissingPermission),
            (eve, bob.id, GroupNotFound),
        ):
            with pytest.raises(error):
                await groups.ban_member(db, actor, group, id, NewBan())
        past = NewBan(expires_at=clock.now() - timedelta(seconds=1))
        with pytest.raises(Invalid):
            await groups.ban_member(db, ann, group, bob.id, past)


class TestBanMembers:
    async def test_bans_those_it_may(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, moderator: Actor, group: UUID
    ) -> None:
        nobody = uuid4()
        new = NewBans(user_ids=[bob.id, ann.id, eve.id, nobody, bob.id], reason="raid")
        done = await groups.ban_members(db, moderator, group, new)
        assert done.banned == sorted([bob.id, eve.id])
        assert done.refused == sorted([ann.id, nobody])
        assert (await groups.get_ban(db, ann, group, eve.id)).reason == "raid"
        assert (await groups.get_group(db, ann, group)).member_count == 2

    async def test_shows_all_out_together(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        moderator: Actor,
        group: UUID,
        happened: Callable[[type[Any]], list[Any]],
    ) -> None:
        people = sorted([bob.id, moderator.id])
        await groups.ban_members(db, ann, group, NewBans(user_ids=people))
        (changed,) = happened(groups.RightsChanged)
        assert sorted(changed.user_ids) == people
        again = await groups.ban_members(db, ann, group, NewBans(user_ids=[ann.id]))
        assert (again.banned, again.refused) == ([], [ann.id])


class TestPurgeMessages:
    async def test_takes_away_what_they_said_lately(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        channel = await first_channel(db, group)
        old = await say(db, bob, channel, "long ago")
        sql = "UPDATE messages SET inserted_at = now() - interval '2 hours' WHERE id = $1"
        await db.value(sql, old.id)
        await say(db, bob, channel, "spam")
        await say(db, ann, channel, "hers")
        await groups.ban_member(db, ann, group, bob.id, NewBan(delete_message_seconds=3600))
        app = type("App", (), {"db": db})
        for _ in range(2):
            await drain(db, app, [groups.purge_messages], queue="default")
        page = await messaging.list_messages(db, ann, channel, gate=groups.CHANNELS)
        assert [message.content for message in page.items] == ["long ago", "", "hers"]
        assert page.items[1].deleted_at is not None
        which = WhichEntries(action="member_banned")
        (entry,) = (await groups.list_audit_entries(db, ann, group, which)).items
        assert entry.changes["delete_message_seconds"].after == 3600

    async def test_takes_away_nothing_unless_asked(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        await groups.ban_member(db, ann, group, bob.id, NewBan())
        assert not await db.values("SELECT id FROM jobs WHERE worker = 'purge_messages'")


class TestUnbanMember:
    async def test_lets_in_again_by_an_invite(
        self, db: Transaction, ann: Actor, bob: Actor, moderator: Actor, group: UUID
    ) -> None:
        made = await groups.create_invite(db, ann, group, NewInvite())
        await groups.ban_member(db, ann, group, bob.id, NewBan())
        await groups.unban_member(db, moderator, group, bob.id)
        with pytest.raises(GroupNotFound):
            await groups.get_group(db, bob, group)
        assert (await groups.accept_invite(db, bob, made.invite.code)).joined
        with pytest.raises(BanNotFound):
            await groups.unban_member(db, moderator, group, bob.id)

    async def test_is_refused(self, db: Transaction, bob: Actor, eve: Actor, group: UUID) -> None:
        with pytest.raises(MissingPermission):
            await groups.unban_member(db, bob, group, eve.id)
        with pytest.raises(GroupNotFound):
            await groups.unban_member(db, eve, group, bob.id)


class TestListBans:
    async def test_goes_page_by_page_over_those_that_hold(
        self, db: Transaction, ann: Actor, group: UUID
    ) -> None:
        people = [await make_actor(db) for _ in range(4)]
        for person in people:
            await groups.ban_member(db, ann, group, person.id, NewBan())
        await db.value(
            "UPDATE group_bans SET expires_at = now() - interval '1 second' WHERE user_id = $1",
            people[0].id,
        )
        first = await groups.list_bans(db, ann, group, limit=2)
        rest = await groups.list_bans(db, ann, group, limit=2, after=first.after)
        shown = [ban.user.id for ban in (*first.items, *rest.items)]
        assert shown == sorted(person.id for person in people[1:])

    async def test_is_for_who_may_ban(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        for actor, error in ((bob, MissingPermission), (eve, GroupNotFound)):
            with pytest.raises(error):
                await groups.list_bans(db, actor, group)
            with pytest.raises(error):
                await groups.get_ban(db, actor, group, eve.id)

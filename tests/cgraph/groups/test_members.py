"""Who is in a group: looking at members, finding them, changing them, and their going."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import accounts, groups, messaging
from cgraph.accounts import Actor, UpdateAccount
from cgraph.groups import (
    AdministratorExempt,
    ChannelNotFound,
    EveryoneRole,
    GroupLeft,
    GroupNotFound,
    MemberChange,
    MemberLeft,
    MemberNotFound,
    MemberRole,
    MemberUpdated,
    MissingPermission,
    NewThread,
    Outranked,
    OwnerCannotLeave,
    Permission,
    RightsChanged,
    RoleNotFound,
    ThreadChange,
    WhichEntries,
)
from cgraph.groups.membership import list_touched_places
from cgraph.notifications import PreferenceChange
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.channels import say
from support.communities import enter, first_channel, give, make_role
from support.talk import body, make_actor

P = Permission
Happened = Callable[[type[Any]], list[Any]]


async def change(
    db: Transaction, actor: Actor, group: UUID, other: Actor, **fields: Any
) -> groups.Member:
    """Change a member."""
    return await groups.update_member(db, actor, group, other.id, MemberChange(**fields))


async def actions(db: Transaction, actor: Actor, group: UUID) -> list[str]:
    """What the audit log says was done, the newest first."""
    page = await groups.list_audit_entries(db, actor, group, WhichEntries())
    return [entry.action for entry in page.items]


_TELL = """
INSERT INTO notifications (id, user_id, kind, subject_type, subject_id, scope, scope_id, actor_count, event_count,
    first_event_at, last_event_at, payload)
VALUES (gen_random_uuid(), $1, 'mention', 'message', gen_random_uuid(), 'thread', $2, 1, 1, now(), now(), '{}')
"""


@pytest.fixture
async def moderator(db: Transaction, group: UUID) -> Actor:
    """Somebody who may do everything with members, but is no administrator."""
    actor = await make_actor(db, "mod")
    bits = P.MANAGE_NICKNAMES | P.MANAGE_ROLES | P.MODERATE_MEMBERS | P.KICK_MEMBERS
    await enter(db, group, actor, role_ids=[await make_role(db, group, bits)])
    return actor


class TestListMembers:
    async def test_goes_page_by_page(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        await enter(db, group, eve)
        first = await groups.list_members(db, bob, group, limit=2)
        rest = await groups.list_members(db, bob, group, limit=2, after=first.after)
        shown = [member.id for member in (*first.items, *rest.items)]
        assert shown == sorted([ann.id, bob.id, eve.id])
        assert rest.after is None
        assert {m.id: m.owner for m in first.items}[ann.id]

    async def test_is_for_members(self, db: Transaction, eve: Actor, group: UUID) -> None:
        with pytest.raises(GroupNotFound):
            await groups.list_members(db, eve, group)
        with pytest.raises(GroupNotFound):
            await groups.get_member(db, eve, group, eve.id)
        with pytest.raises(GroupNotFound):
            await groups.search_members(db, eve, group, "a")


class TestGetMember:
    async def test_shows_roles_the_highest_first(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        low, high = await make_role(db, group), await make_role(db, group)
        await give(db, group, bob, low, high)
        assert (await groups.get_member(db, ann, group, bob.id)).role_ids == [high, low]
        with pytest.raises(MemberNotFound):
            await groups.get_member(db, ann, group, eve.id)


class TestSearchMembers:
    async def test_finds_by_each_of_their_names_once(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        await accounts.update_account(db, bob, UpdateAccount(display_name="Zoë Ångström"))
        for text in (bob.username[:5], "zoe", "ZOË Å", "zoe ang"):
            page = await groups.search_members(db, ann, group, text)
            assert [member.id for member in page.items] == [bob.id], text
        await change(db, ann, group, bob, nickname="Zola")
        page = await groups.search_members(db, ann, group, "zo")
        assert [member.id for member in page.items] == [bob.id]
        for text in ("oe", "%", "_", "\\"):
            assert (await groups.search_members(db, ann, group, text)).items == []

    async def test_follows_changes_of_names(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        async def finds(text: str) -> bool:
            return bool((await groups.search_members(db, ann, group, text)).items)

        await change(db, ann, group, bob, nickname="Merle")
        assert await finds("mer")
        await change(db, ann, group, bob, nickname=None)
        assert not await finds("mer")
        await accounts.update_account(db, bob, UpdateAccount(display_name="Amsel"))
        assert await finds("ams")
        await accounts.update_account(db, bob, UpdateAccount(display_name=None))
        assert not await finds("ams")

    async def test_goes_page_by_page_by_name(
        self, db: Transaction, ann: Actor, group: UUID
    ) -> None:
        for name in ("fink", "fichte", "fisch"):
            other = await make_actor(db)
            await enter(db, group, other)
            await change(db, ann, group, other, nickname=name)
        found, after = [], None
        while True:
            page = await groups.search_members(db, ann, group, "FI", limit=1, after=after)
            found += [member.nickname for member in page.items]
            after = page.after
            if after is None:
                break
        assert found == ["fichte", "fink", "fisch"]


class TestUpdateMember:
    async def test_ones_own_nickname(
        self, db: Transaction, bob: Actor, group: UUID, happened: Happened
    ) -> None:
        assert (await change(db, bob, group, bob, nickname=" Bobby ")).nickname == "Bobby"
        (updated,) = happened(MemberUpdated)
        assert body(updated)["member"]["nickname"] == "Bobby"
        assert happened(RightsChanged) == []
        await change(db, bob, group, bob, nickname="Bobby")
        assert len(happened(MemberUpdated)) == 1
        assert (await change(db, bob, group, bob, nickname=None)).nickname is None
        for bad in ("  ", "x" * 33, "a\nb"):
            with pytest.raises(Invalid):
                await change(db, bob, group, bob, nickname=bad)
        await db.value("UPDATE group_roles SET permissions = 0 WHERE id = $1", group)
        with pytest.raises(MissingPermission):
            await change(db, bob, group, bob, nickname="Rob")

    async def test_the_nickname_of_who_stands_below(
        self, db: Transaction, ann: Actor, bob: Actor, moderator: Actor, group: UUID
    ) -> None:
        assert (await change(db, moderator, group, bob, nickname="B")).nickname == "B"
        with pytest.raises(Outranked):
            await change(db, moderator, group, ann, nickname="A")
        with pytest.raises(MissingPermission):
            await change(db, bob, group, ann, nickname="A")
        await give(db, group, bob, await make_role(db, group))
        with pytest.raises(Outranked):
            await change(db, moderator, group, bob, nickname="C")

    async def test_all_roles_at_once(
        self,
        db: Transaction,
        bob: Actor,
        ann: Actor,
        group: UUID,
        happened: Happened,
    ) -> None:
        one, two, three = [await make_role(db, group) for _ in range(3)]
        await give(db, group, bob, one, two)
        member = await change(db, ann, group, bob, role_ids=[three, two])
        assert member.role_ids == [three, two]
        assert happened(RightsChanged) == [RightsChanged(group, [bob.id])]
        assert await actions(db, ann, group) == ["member_roles_updated", "group_created"]
        await change(db, ann, group, bob, role_ids=[two, three])
        assert len(happened(MemberUpdated)) == 1
        for id in (uuid4(), group):
            with pytest.raises(Invalid):
                await change(db, ann, group, bob, role_ids=[id])

    async def test_only_roles_below_ones_own(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        low = await make_role(db, group)
        own = await make_role(db, group, P.MANAGE_ROLES)
        high = await make_role(db, group)
        boss = await make_actor(db)
        await enter(db, group, boss, role_ids=[own])
        await give(db, group, bob, high)
        # A role above one's own may stay where it is; it is neither given nor taken.
        assert (await change(db, boss, group, bob, role_ids=[high, low])).role_ids == [high, low]
        for roles in ([low], [own, high, low], []):
            with pytest.raises(Outranked):
                await change(db, boss, group, bob, role_ids=roles)
        with pytest.raises(MissingPermission):
            await change(db, bob, group, bob, role_ids=[high])

    async def test_times_out_for_four_weeks_at_most(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        moderator: Actor,
        group: UUID,
        happened: Happened,
    ) -> None:
        until = clock.now() + timedelta(days=28)
        member = await change(db, moderator, group, bob, timed_out_until=until)
        assert member.timed_out_until == until
        assert happened(RightsChanged) == [RightsChanged(group, [bob.id])]
        with pytest.raises(MissingPermission):
            await change(db, bob, group, bob, nickname="Rob")
        with pytest.raises(Invalid):
            await change(
                db, moderator, group, bob, timed_out_until=clock.now() + timedelta(days=28, hours=1)
            )
        with pytest.raises(Outranked):
            await change(db, moderator, group, ann, timed_out_until=until)
        with pytest.raises(Outranked):
            await change(db, moderator, group, moderator, timed_out_until=until)
        with pytest.raises(MissingPermission):
            await change(db, bob, group, moderator, timed_out_until=until)
        past = clock.now() - timedelta(seconds=1)
        member = await change(db, moderator, group, bob, timed_out_until=past)
        assert member.timed_out_until is None

    async def test_a_timeout_ends_by_itself(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        await change(db, ann, group, bob, timed_out_until=clock.now() + timedelta(hours=1))
        await db.value("UPDATE group_members SET timed_out_until = now() - interval '1 second'")
        assert (await groups.get_member(db, ann, group, bob.id)).timed_out_until is None
        assert (await change(db, bob, group, bob, nickname="Rob")).nickname == "Rob"

    async def test_administrators_are_not_timed_out(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        await give(db, group, bob, await make_role(db, group, P.ADMINISTRATOR))
        with pytest.raises(AdministratorExempt):
            await change(db, ann, group, bob, timed_out_until=clock.now() + timedelta(hours=1))
        assert (await change(db, ann, group, bob, timed_out_until=None)).timed_out_until is None

    async def test_is_all_or_nothing(
        self, db: Transaction, ann: Actor, bob: Actor, moderator: Actor, group: UUID
    ) -> None:
        async with db.savepoint():
            with pytest.raises(Outranked):
                await change(db, moderator, group, ann, nickname="A")
        with pytest.raises(MemberNotFound):
            await change(db, ann, group, await make_actor(db), nickname="A")


class TestMemberRoles:
    async def test_given_and_taken_one_by_one(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, happened: Happened
    ) -> None:
        one, two = await make_role(db, group), await make_role(db, group)
        for _ in range(2):
            member = await groups.add_member_role(db, ann, MemberRole(group, bob.id, one))
            assert member.role_ids == [one]
        assert len(happened(MemberUpdated)) == 1
        await groups.add_member_role(db, ann, MemberRole(group, bob.id, two), reason="deserved")
        for _ in range(2):
            member = await groups.remove_member_role(db, ann, MemberRole(group, bob.id, one))
            assert member.role_ids == [two]
        page = await groups.list_audit_entries(db, ann, group, WhichEntries(target_id=bob.id))
        assert [entry.reason for entry in page.items] == [None, "deserved", None]
        assert page.items[1].changes["role_ids"].after == [str(two), str(one)]

    async def test_are_refused(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, moderator: Actor, group: UUID
    ) -> None:
        low, high = await make_role(db, group), await make_role(db, group)
        for actor, user, role, error in (
            (ann, bob, uuid4(), RoleNotFound),
            (ann, bob, group, EveryoneRole),
            (ann, eve, low, MemberNotFound),
            (eve, bob, low, GroupNotFound),
            (bob, bob, low, MissingPermission),
            (moderator, bob, high, Outranked),
        ):
            with pytest.raises(error):
                await groups.add_member_role(db, actor, MemberRole(group, user.id, role))


class TestLeaveGroup:
    async def test_goes_from_everything(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, happened: Happened
    ) -> None:
        await give(db, group, bob, await make_role(db, group))
        await groups.leave_group(db, bob, group)
        with pytest.raises(GroupNotFound):
            await groups.get_group(db, bob, group)
        assert (await groups.get_group(db, ann, group)).member_count == 1
        (left,) = happened(MemberLeft)
        assert body(left) == {"group_id": str(group), "user_id": str(bob.id), "seq": left.seq}
        assert [event.user_id for event in happened(GroupLeft)] == [bob.id]
        assert happened(RightsChanged) == [RightsChanged(group, [bob.id])]
        assert (await groups.search_members(db, ann, group, bob.username)).items == []

    async def test_takes_leave_of_its_channels(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        channel = await first_channel(db, group)
        await say(db, bob, channel, "bye")
        await groups.leave_group(db, bob, group)
        with pytest.raises(ChannelNotFound):
            await say(db, bob, channel, "still there")
        left = "SELECT left_seq FROM participants WHERE conversation_id = $1 AND user_id = $2"
        assert await db.value(left, channel, bob.id) == 1
        made = await groups.create_invite(db, ann, group, groups.NewInvite())
        await groups.accept_invite(db, bob, made.invite.code)
        await say(db, bob, channel, "back")
        page = await messaging.list_messages(db, bob, channel, gate=groups.CHANNELS)
        assert [message.content for message in page.items] == ["bye", "back"]

    async def test_is_not_for_the_owner_nor_for_strangers(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID
    ) -> None:
        with pytest.raises(OwnerCannotLeave):
            await groups.leave_group(db, ann, group)
        with pytest.raises(GroupNotFound):
            await groups.leave_group(db, eve, group)


class TestKickMember:
    async def test_shows_out_who_stands_below(
        self, db: Transaction, ann: Actor, bob: Actor, moderator: Actor, group: UUID
    ) -> None:
        await groups.kick_member(db, moderator, group, bob.id, reason="noise")
        with pytest.raises(GroupNotFound):
            await groups.get_group(db, bob, group)
        (entry,) = (
            await groups.list_audit_entries(db, ann, group, WhichEntries(action="member_kicked"))
        ).items
        assert entry.actor is not None
        assert (entry.actor.id, entry.target_id, entry.reason) == (moderator.id, bob.id, "noise")

    async def test_leaves_nothing_of_theirs_in_archived_threads(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        channel = await first_channel(db, group)
        threads = [
            (await groups.create_thread(db, ann, channel, NewThread(name))).id
            for name in ("said", "set", "told", "followed", "untouched")
        ]
        said, is_set, told, followed, untouched = threads
        await say(db, bob, said)
        await groups.change_thread_preference(db, bob, is_set, PreferenceChange(level="all"))
        await db.value(_TELL, bob.id, told)
        await groups.follow_thread(db, bob, followed)
        for thread in threads:
            await groups.update_thread(db, ann, thread, ThreadChange(archived=True))
        touched = await list_touched_places(db, group, [bob.id])
        assert untouched not in touched
        assert set(touched) == {channel, said, is_set, told, followed}

        await groups.kick_member(db, ann, group, bob.id)
        sql = "SELECT left_seq FROM participants WHERE conversation_id = $1 AND user_id = $2"
        assert await db.value(sql, said, bob.id) is not None
        for table in ("notification_preferences", "notifications"):
            sql = f"SELECT count(*) FROM {table} WHERE scope_id = ANY($1) AND user_id = $2"
            assert await db.value(sql, threads, bob.id) == 0, table
        sql = "SELECT count(*) FROM group_thread_members WHERE thread_id = $1 AND user_id = $2"
        assert await db.value(sql, followed, bob.id) == 0

    async def test_is_refused(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, moderator: Actor, group: UUID
    ) -> None:
        for actor, user, error in (
            (moderator, ann, Outranked),
            (moderator, moderator, Outranked),
            (moderator, eve, MemberNotFound),
            (bob, moderator, MissingPermission),
            (eve, bob, GroupNotFound),
        ):
            with pytest.raises(error):
                await groups.kick_member(db, actor, group, user.id)


class TestRules:
    async def test_are_accepted_once(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, happened: Happened
    ) -> None:
        await groups.set_rules(db, ann, group, groups.Rules([" Be kind. ", "No bees."]))
        assert list((await groups.get_group(db, bob, group)).rules) == ["Be kind.", "No bees."]
        assert not (await groups.get_group(db, bob, group)).pending
        await db.value("UPDATE group_members SET pending = true WHERE user_id = $1", bob.id)
        with pytest.raises(MissingPermission):
            await change(db, bob, group, bob, nickname="Rob")
        db.events.clear()
        for _ in range(2):
            assert not (await groups.accept_rules(db, bob, group)).pending
        assert len(happened(MemberUpdated)) == 1
        assert happened(RightsChanged) == [RightsChanged(group, [bob.id])]
        assert (await change(db, bob, group, bob, nickname="Rob")).nickname == "Rob"

    async def test_without_any_nobody_is_pending(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, happened: Happened
    ) -> None:
        await groups.set_rules(db, ann, group, groups.Rules(["Be kind."]))
        await db.value("UPDATE group_members SET pending = true WHERE user_id = $1", bob.id)
        await groups.set_rules(db, ann, group, groups.Rules([]))
        assert not (await groups.get_group(db, bob, group)).pending
        assert happened(RightsChanged) == [RightsChanged(group)]
        assert await actions(db, ann, group) == ["rules_updated", "rules_updated", "group_created"]

    async def test_are_not_for_everybody_to_say(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        with pytest.raises(MissingPermission):
            await groups.set_rules(db, bob, group, groups.Rules([]))
        with pytest.raises(GroupNotFound):
            await groups.set_rules(db, eve, group, groups.Rules([]))
        with pytest.raises(GroupNotFound):
            await groups.accept_rules(db, eve, group)
        with pytest.raises(Invalid):
            groups.Rules(["  "])


class TestInviteCodes:
    async def test_are_in_the_audit_log_for_who_manages_the_group(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        made = await groups.create_invite(db, ann, group, groups.NewInvite())
        role = await make_role(db, group, groups.Permission.VIEW_AUDIT_LOG)
        await give(db, group, bob, role)
        which = WhichEntries(action="invite_created")
        (entry,) = (await groups.list_audit_entries(db, ann, group, which)).items
        assert entry.changes["code"].after == made.invite.code
        (entry,) = (await groups.list_audit_entries(db, bob, group, which)).items
        assert "code" not in entry.changes
        assert "max_uses" in entry.changes or "expires_at" in entry.changes

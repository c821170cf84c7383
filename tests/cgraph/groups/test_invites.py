"""Making invites, looking at them, coming by them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import (
    Banned,
    ChannelNotFound,
    GroupJoined,
    GroupNotFound,
    InviteNotFound,
    Limits,
    MemberJoined,
    MissingPermission,
    NewBan,
    NewInvite,
    Outranked,
    Permission,
    TooManyGroups,
    TooManyInvites,
)
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.communities import enter, first_channel, found, give, make_role, overwrite
from support.talk import body, make_actors

P = Permission


async def invite(db: Transaction, actor: Actor, group: UUID, **fields: Any) -> str:
    """The code of a new invite."""
    made = await groups.create_invite(db, actor, group, NewInvite(unique=True, **fields))
    return made.invite.code


async def expire(db: Transaction, code: str) -> None:
    """Its time is over."""
    sql = "UPDATE group_invites SET expires_at = now() - interval '1 second' WHERE code = $1"
    await db.value(sql, code)


class TestCreateInvite:
    async def test_lasts_a_day_unless_said_otherwise(
        self, db: Transaction, bob: Actor, group: UUID
    ) -> None:
        made = await groups.create_invite(db, bob, group, NewInvite())
        assert made.created
        assert made.invite.inviter is not None
        assert made.invite.inviter.id == bob.id
        assert made.invite.expires_at == made.invite.inserted_at + timedelta(days=1)
        forever = await groups.create_invite(db, bob, group, NewInvite(max_age=0))
        assert forever.invite.expires_at is None

    async def test_gives_one_of_the_same_kind_again(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        first = await groups.create_invite(db, bob, group, NewInvite(max_uses=5))
        again = await groups.create_invite(db, bob, group, NewInvite(max_uses=5))
        assert (again.created, again.invite) == (False, first.invite)
        for actor, new in (
            (bob, NewInvite(max_uses=5, unique=True)),
            (bob, NewInvite(max_uses=6)),
            (bob, NewInvite(max_uses=5, max_age=60)),
            (bob, NewInvite(max_uses=5, temporary=True)),
            (ann, NewInvite(max_uses=5)),
        ):
            other = await groups.create_invite(db, actor, group, new)
            assert other.created
            assert other.invite.code != first.invite.code

    async def test_never_gives_again_what_is_spent(
        self, db: Transaction, bob: Actor, group: UUID
    ) -> None:
        first = await groups.create_invite(db, bob, group, NewInvite())
        await expire(db, first.invite.code)
        assert (await groups.create_invite(db, bob, group, NewInvite())).created

    async def test_may_lead_to_a_channel_one_sees(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        channel = await first_channel(db, group)
        new = NewInvite(channel_id=channel)
        assert (await groups.create_invite(db, bob, group, new)).invite.channel_id == channel
        await overwrite(db, channel, group, deny=P.CREATE_INVITE)
        with pytest.raises(MissingPermission):
            await groups.create_invite(db, bob, group, NewInvite(channel_id=channel, unique=True))
        await overwrite(db, channel, group, deny=P.VIEW_CHANNEL)
        with pytest.raises(ChannelNotFound):
            await groups.create_invite(db, bob, group, new)
        elsewhere = await first_channel(db, await found(db, ann))
        with pytest.raises(Invalid):
            await groups.create_invite(db, ann, group, NewInvite(channel_id=elsewhere))

    async def test_gives_roles_below_ones_own_only(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        low = await make_role(db, group)
        high = await make_role(db, group, P.MANAGE_ROLES)
        await give(db, group, bob, high)
        assert await invite(db, bob, group, role_ids=[low])
        with pytest.raises(Outranked):
            await invite(db, bob, group, role_ids=[high])
        assert await invite(db, ann, group, role_ids=[high, low])
        for id in (uuid4(), group):
            with pytest.raises(Invalid):
                await invite(db, ann, group, role_ids=[id])

    async def test_is_refused_to_who_may_not(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        with pytest.raises(GroupNotFound):
            await invite(db, eve, group)
        with pytest.raises(MissingPermission):
            await invite(db, bob, group, role_ids=[await make_role(db, group)])
        await db.value("UPDATE group_roles SET permissions = 0 WHERE id = $1", group)
        with pytest.raises(MissingPermission):
            await invite(db, bob, group)

    async def test_there_are_only_so_many_that_are_good(
        self, db: Transaction, bob: Actor, group: UUID
    ) -> None:
        limits = Limits(group_invites_max=1)
        first = await groups.create_invite(db, bob, group, NewInvite(), limits=limits)
        with pytest.raises(TooManyInvites):
            await groups.create_invite(db, bob, group, NewInvite(unique=True), limits=limits)
        await expire(db, first.invite.code)
        assert (await groups.create_invite(db, bob, group, NewInvite(), limits=limits)).created


class TestListInvites:
    async def test_shows_ones_own_or_with_the_right_all(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        hers, his = await invite(db, ann, group), await invite(db, bob, group)
        spent = await invite(db, bob, group)
        await expire(db, spent)
        assert [i.code for i in (await groups.list_invites(db, bob, group)).items] == [his]
        page = await groups.list_invites(db, ann, group, limit=1)
        rest = await groups.list_invites(db, ann, group, limit=1, after=page.after)
        assert [i.code for i in (*page.items, *rest.items)] == [hers, his]
        assert rest.after is None
        with pytest.raises(GroupNotFound):
            await groups.list_invites(db, eve, group)


class TestRevokeInvite:
    async def test_takes_it_back(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        hers, his = await invite(db, ann, group), await invite(db, bob, group)
        with pytest.raises(MissingPermission):
            await groups.revoke_invite(db, bob, hers)
        with pytest.raises(MissingPermission):
            await groups.revoke_invite(db, eve, hers)
        await groups.revoke_invite(db, bob, his)
        await groups.revoke_invite(db, ann, hers, reason="enough")
        for code in (hers, his):
            with pytest.raises(InviteNotFound):
                await groups.accept_invite(db, eve, code)
            with pytest.raises(InviteNotFound):
                await groups.revoke_invite(db, ann, code)


class TestGetInvitation:
    async def test_shows_what_it_leads_to(self, db: Transaction, bob: Actor, group: UUID) -> None:
        shown = await groups.get_invitation(db, await invite(db, bob, group))
        assert (shown.group_id, shown.name, shown.member_count) == (group, "Allotments", 2)
        assert shown.inviter is not None
        assert shown.inviter.username == bob.username

    async def test_is_none_once_spent(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        old, used = await invite(db, bob, group), await invite(db, bob, group, max_uses=1)
        await expire(db, old)
        await groups.accept_invite(db, eve, used)
        for code in (old, used, "nothing"):
            with pytest.raises(InviteNotFound):
                await groups.get_invitation(db, code)


class TestAcceptInvite:
    async def test_makes_a_member(
        self,
        db: Transaction,
        bob: Actor,
        eve: Actor,
        group: UUID,
        happened: Callable[[type[Any]], list[Any]],
    ) -> None:
        role = await make_role(db, group)
        code = await invite(db, bob, group)
        accepted = await groups.accept_invite(db, eve, code)
        assert (accepted.group_id, accepted.joined) == (group, True)
        assert (accepted.member.id, accepted.member.role_ids) == (eve.id, [])
        assert not accepted.member.pending
        shown = await groups.get_group(db, eve, group)
        assert shown.member_count == 3
        (joined,) = happened(MemberJoined)
        assert body(joined)["member"]["username"] == eve.username
        assert [event.user_id for event in happened(GroupJoined)] == [eve.id]
        assert role not in accepted.member.role_ids

    async def test_again_costs_no_use(
        self,
        db: Transaction,
        bob: Actor,
        eve: Actor,
        group: UUID,
        happened: Callable[[type[Any]], list[Any]],
    ) -> None:
        code = await invite(db, bob, group, max_uses=2)
        await groups.accept_invite(db, eve, code)
        db.events.clear()
        again = await groups.accept_invite(db, eve, code)
        assert not again.joined
        assert again.member.id == eve.id
        assert happened(MemberJoined) == []
        (shown,) = (await groups.list_invites(db, bob, group)).items
        assert shown.uses == 1

    async def test_gives_the_roles_its_inviter_may_still_give(
        self, db: Transaction, bob: Actor, group: UUID
    ) -> None:
        low = await make_role(db, group)
        high = await make_role(db, group, P.MANAGE_ROLES)
        await give(db, group, bob, high)
        code = await invite(db, bob, group, role_ids=[low])
        first, second = await make_actors(db, 2)
        accepted = await groups.accept_invite(db, first, code)
        assert accepted.member.role_ids == [low]
        await db.value("DELETE FROM group_member_roles WHERE role_id = $1", high)
        accepted = await groups.accept_invite(db, second, code)
        assert accepted.member.role_ids == []

    async def test_refuses_the_banned_until_their_ban_ends(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        code = await invite(db, ann, group)
        until = clock.now() + timedelta(hours=1)
        await groups.ban_member(db, ann, group, eve.id, NewBan(expires_at=until))
        with pytest.raises(Banned):
            await groups.accept_invite(db, eve, code)
        await db.value("UPDATE group_bans SET expires_at = now() - interval '1 second'")
        assert (await groups.accept_invite(db, eve, code)).joined

    async def test_one_person_is_in_so_many_groups(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        await found(db, eve)
        code = await invite(db, bob, group)
        with pytest.raises(TooManyGroups):
            await groups.accept_invite(db, eve, code, limits=Limits(groups_max=1))

    async def test_newcomers_are_pending_where_there_are_rules(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID
    ) -> None:
        await groups.set_rules(db, ann, group, groups.Rules(["Be kind."]))
        code = await invite(db, ann, group)
        assert list((await groups.get_invitation(db, code)).rules) == ["Be kind."]
        assert (await groups.accept_invite(db, eve, code)).member.pending

    async def test_leads_nowhere_that_is_not(self, db: Transaction, eve: Actor) -> None:
        with pytest.raises(InviteNotFound):
            await groups.accept_invite(db, eve, "nothing")


class TestTidyGroups:
    async def test_drops_spent_invites_and_ended_bans(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        good, old = await invite(db, ann, group), await invite(db, ann, group)
        used = await invite(db, ann, group, max_uses=1)
        await expire(db, old)
        await enter(db, group)
        await groups.accept_invite(db, eve, used)
        await groups.ban_member(db, ann, group, bob.id, NewBan())
        later = clock.now() + timedelta(hours=1)
        await groups.ban_member(db, ann, group, eve.id, NewBan(expires_at=later))
        await db.value(
            "UPDATE group_bans SET expires_at = now() - interval '1 second' WHERE user_id = $1",
            eve.id,
        )
        app: Any = type("App", (), {"db": db, "limits": type("L", (), {"groups": Limits()})})
        await groups.tidy_groups.handler(app, groups.tidy_groups.args())
        codes = await db.values("SELECT code FROM group_invites WHERE group_id = $1", group)
        assert codes == [good]
        banned = await db.values("SELECT user_id FROM group_bans WHERE group_id = $1", group)
        assert banned == [bob.id]

"""Why somebody else may what they may, and who may ask."""

from uuid import UUID

import pytest

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import ChannelNotFound, MissingPermission, NewThread, Permission
from cgraph_kit.db import Transaction
from support.communities import give, make_role, overwrite

MANAGE_ROLES = int(Permission.MANAGE_ROLES)


class TestExplain:
    async def test_of_others_needs_to_manage_roles_in_that_place(
        self, db: Transaction, bob: Actor, carl: Actor, group: UUID, channel: UUID
    ) -> None:
        await give(db, group, bob, await make_role(db, group, MANAGE_ROLES))
        await overwrite(db, channel, bob.id, deny=MANAGE_ROLES)
        with pytest.raises(MissingPermission):
            await groups.explain(db, bob, group, user_id=carl.id, channel_id=channel)
        assert (await groups.explain(db, bob, group, user_id=carl.id)).user_id == carl.id
        assert (await groups.explain(db, bob, group, channel_id=channel)).user_id == bob.id

    async def test_whoever_manages_roles_there_alone_may_ask_there(
        self, db: Transaction, bob: Actor, carl: Actor, group: UUID, channel: UUID
    ) -> None:
        await overwrite(db, channel, bob.id, allow=MANAGE_ROLES)
        why = await groups.explain(db, bob, group, user_id=carl.id, channel_id=channel)
        assert int(why.permissions) & Permission.VIEW_CHANNEL
        with pytest.raises(MissingPermission):
            await groups.explain(db, bob, group, user_id=carl.id)

    async def test_who_does_not_see_a_private_thread_is_told_of_none(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, group: UUID, channel: UUID
    ) -> None:
        secret = await groups.create_thread(db, carl, channel, NewThread("x", private=True))
        await give(db, group, bob, await make_role(db, group, MANAGE_ROLES))
        with pytest.raises(ChannelNotFound):
            await groups.explain(db, bob, group, channel_id=secret.id)
        with pytest.raises(ChannelNotFound):
            await groups.explain(db, bob, group, user_id=carl.id, channel_id=secret.id)
        of_carl = await groups.explain(db, ann, group, user_id=carl.id, channel_id=secret.id)
        assert int(of_carl.permissions) & Permission.SEND_MESSAGES

    async def test_who_does_not_follow_a_private_thread_may_nothing_there(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, group: UUID, channel: UUID
    ) -> None:
        secret = await groups.create_thread(db, carl, channel, NewThread("x", private=True))
        why = await groups.explain(db, ann, group, user_id=bob.id, channel_id=secret.id)
        assert why.permissions == "0"
        rules = {reason.permission: (reason.allowed, reason.rule) for reason in why.reasons}
        assert rules["VIEW_CHANNEL"] == (False, "not_following")
        assert rules["SEND_MESSAGES"] == (False, "no_view")
        manages = await make_role(db, group, int(Permission.MANAGE_THREADS))
        await give(db, group, bob, manages)
        why = await groups.explain(db, ann, group, user_id=bob.id, channel_id=secret.id)
        assert int(why.permissions) & Permission.VIEW_CHANNEL

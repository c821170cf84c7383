"""Channels and categories: what there is, who sees it, what each allows, and in which order."""

from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.groups import (
    ChannelChange,
    ChannelNotFound,
    ChannelOrder,
    ChannelsUpdated,
    GroupNotFound,
    Limits,
    MissingPermission,
    Move,
    NewChannel,
    NewOverwrite,
    NoCategory,
    Outranked,
    OverwriteChange,
    OverwriteNotFound,
    Permission,
    PermissionNotHeld,
    RightsChanged,
    TargetNotFound,
    TooManyChannels,
    TooManyOverwrites,
    WouldLockOut,
    create_channel,
    delete_channel,
    get_channel,
    list_channels,
    list_overwrites,
    order_channels,
    remove_overwrite,
    set_overwrite,
    sync_channel,
    update_channel,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from support.communities import enter, first_channel, found, give, make_role, overwrite
from support.talk import make_actor

P = Permission
VIEW, SEND = int(P.VIEW_CHANNEL), int(P.SEND_MESSAGES)
HIDDEN = OverwriteChange(deny=str(VIEW))


@pytest.fixture
async def general(db: Transaction, group: UUID) -> UUID:
    return await first_channel(db, group)


@pytest.fixture
async def category(db: Transaction, ann: Actor, group: UUID) -> UUID:
    made = await create_channel(db, ann, group, NewChannel(name="Beds", kind="category"))
    db.events.clear()
    return made.id


@pytest.fixture
async def inside(db: Transaction, ann: Actor, group: UUID, category: UUID) -> UUID:
    """A channel that follows the category."""
    made = await create_channel(db, ann, group, NewChannel(name="beans", category_id=category))
    db.events.clear()
    return made.id


async def manage(db: Transaction, group: UUID, person: Actor, bits: int) -> UUID:
    """A role of theirs, with these bits."""
    role = await make_role(db, group, bits)
    await give(db, group, person, role)
    return role


async def said(db: Transaction, ann: Actor, channel: UUID) -> dict[UUID, tuple[int, int]]:
    """By target, what a channel allows and denies."""
    return {
        one.target_id: (one.allowed, one.denied) for one in await list_overwrites(db, ann, channel)
    }


class TestCreateChannel:
    async def test_comes_last(self, db: Transaction, ann: Actor, group: UUID) -> None:
        new = NewChannel(name="compost", topic="Heaps.", slow_mode=30)
        made = await create_channel(db, ann, group, new)
        assert (made.name, made.topic, made.slow_mode, made.kind) == (
            "compost",
            "Heaps.",
            30,
            "text",
        )
        assert not made.synced
        assert [one.name for one in await list_channels(db, ann, group)] == ["general", "compost"]
        (told,) = [event for event in db.events if isinstance(event, ChannelsUpdated)]
        assert str(made.id).encode() in told.payload
        assert b"compost" not in told.payload

    async def test_in_a_category_follows_it(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, category: UUID
    ) -> None:
        await set_overwrite(db, ann, category, bob.id, HIDDEN)
        made = await create_channel(db, ann, group, NewChannel(name="peas", category_id=category))
        assert made.synced
        assert await said(db, ann, made.id) == {bob.id: (0, VIEW)}
        with pytest.raises(ChannelNotFound):
            await get_channel(db, bob, made.id)

    async def test_can_be_private_from_the_beginning(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, category: UUID
    ) -> None:
        own = [NewOverwrite(target_id=group, deny=str(VIEW))]
        new = NewChannel(name="secrets", category_id=category, overwrites=own)
        made = await create_channel(db, ann, group, new)
        assert not made.synced
        with pytest.raises(ChannelNotFound):
            await get_channel(db, bob, made.id)

    async def test_needs_to_manage_channels_there(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID, category: UUID
    ) -> None:
        new = NewChannel(name="mine", category_id=category)
        with pytest.raises(MissingPermission):
            await create_channel(db, bob, group, new)
        await overwrite(db, category, bob.id, allow=int(P.MANAGE_CHANNELS))
        assert (await create_channel(db, bob, group, new)).category_id == category
        with pytest.raises(MissingPermission):
            await create_channel(db, bob, group, NewChannel(name="mine"))
        with pytest.raises(GroupNotFound):
            await create_channel(db, eve, group, new)

    async def test_overwrites_need_to_manage_roles_and_to_be_held(
        self, db: Transaction, bob: Actor, group: UUID
    ) -> None:
        await manage(db, group, bob, int(P.MANAGE_CHANNELS))
        hidden = NewChannel(name="x", overwrites=[NewOverwrite(target_id=group, deny=str(VIEW))])
        with pytest.raises(MissingPermission):
            await create_channel(db, bob, group, hidden)
        await manage(db, group, bob, int(P.MANAGE_ROLES))
        more = [NewOverwrite(target_id=bob.id, allow=str(int(P.MANAGE_WEBHOOKS)))]
        with pytest.raises(PermissionNotHeld):
            await create_channel(db, bob, group, NewChannel(name="x", overwrites=more))
        with pytest.raises(WouldLockOut):
            await create_channel(db, bob, group, hidden)

    @pytest.mark.parametrize(
        ("new", "field"),
        [
            ({"kind": "category", "topic": "x"}, "topic"),
            ({"kind": "category", "slow_mode": 1}, "slow_mode"),
            ({"kind": "category", "category_id": UUID(int=1)}, "category_id"),
            ({"category_id": UUID(int=1)}, "category_id"),
        ],
    )
    async def test_says_what_is_wrong(
        self, db: Transaction, ann: Actor, group: UUID, new: dict[str, object], field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            await create_channel(db, ann, group, NewChannel(name="x", **new))
        assert field in refused.value.fields

    async def test_ends_at_a_limit(self, db: Transaction, ann: Actor, group: UUID) -> None:
        with pytest.raises(TooManyChannels):
            limits = Limits(group_channels_max=1)
            await create_channel(db, ann, group, NewChannel(name="x"), limits=limits)


class TestListChannels:
    async def test_shows_what_one_sees_with_what_one_may(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID, inside: UUID
    ) -> None:
        await overwrite(db, general, group, deny=VIEW)
        await overwrite(db, inside, bob.id, deny=SEND)
        listed = {one.id: one.bits for one in await list_channels(db, bob, group)}
        assert general not in listed
        assert listed[inside] & (VIEW | SEND) == VIEW
        assert general in {one.id for one in await list_channels(db, ann, group)}

    async def test_shows_a_category_for_what_is_in_it(
        self, db: Transaction, bob: Actor, group: UUID, category: UUID, inside: UUID
    ) -> None:
        await overwrite(db, category, group, deny=VIEW)
        shown = {one.id: one for one in await list_channels(db, bob, group)}
        assert shown[category].permissions == "0"
        await overwrite(db, inside, group, deny=VIEW)
        assert category not in {one.id for one in await list_channels(db, bob, group)}

    async def test_is_in_order(
        self, db: Transaction, ann: Actor, group: UUID, category: UUID, inside: UUID
    ) -> None:
        await create_channel(db, ann, group, NewChannel(name="loose"))
        names = [one.name for one in await list_channels(db, ann, group)]
        assert names == ["general", "loose", "Beds", "beans"]

    async def test_is_one_statement(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        for number in range(5):
            await create_channel(db, ann, group, NewChannel(name=f"channel {number}"))
        counting = Counting(db)
        assert len(await list_channels(counting, bob, group)) == 6  # type: ignore[arg-type]
        assert counting.statements == 1


class Counting:
    """A transaction that counts what it is asked."""

    def __init__(self, db: Transaction) -> None:
        self._db = db
        self.statements = 0

    def __getattr__(self, name: str) -> object:
        self.statements += 1
        return getattr(self._db, name)


class TestUpdateChannel:
    async def test_changes_and_tells(
        self, db: Transaction, ann: Actor, group: UUID, general: UUID
    ) -> None:
        change = ChannelChange(name="hall", topic="Hello.", kind="announcement", archived=True)
        after = await update_channel(db, ann, general, change)
        assert (after.name, after.topic, after.kind, after.archived) == (
            *("hall", "Hello.", "announcement"),
            True,
        )
        assert after == await get_channel(db, ann, general)
        assert RightsChanged(group, channel_ids=[general]) in db.events

    async def test_of_nothing_tells_nobody(
        self, db: Transaction, ann: Actor, general: UUID
    ) -> None:
        await update_channel(db, ann, general, ChannelChange(name="general"))
        assert not db.events

    async def test_needs_a_permission_there(
        self, db: Transaction, bob: Actor, eve: Actor, general: UUID
    ) -> None:
        with pytest.raises(MissingPermission):
            await update_channel(db, bob, general, ChannelChange(name="x"))
        with pytest.raises(ChannelNotFound):
            await update_channel(db, eve, general, ChannelChange(name="x"))
        await overwrite(db, general, bob.id, allow=int(P.MANAGE_CHANNELS))
        assert (await update_channel(db, bob, general, ChannelChange(name="x"))).name == "x"

    @pytest.mark.parametrize(
        "change",
        [{"topic": "x"}, {"slow_mode": 5}, {"archived": True}, {"kind": "text"}],
        ids=str,
    )
    async def test_knows_what_categories_have_not(
        self, db: Transaction, ann: Actor, category: UUID, change: dict[str, object]
    ) -> None:
        with pytest.raises(Invalid) as refused:
            await update_channel(db, ann, category, ChannelChange(**change))
        assert change.keys() == refused.value.fields.keys()


class TestDeleteChannel:
    async def test_takes_what_was_said_with_it(
        self, db: Transaction, ann: Actor, general: UUID
    ) -> None:
        await delete_channel(db, ann, general)
        with pytest.raises(ChannelNotFound):
            await get_channel(db, ann, general)
        assert await db.value("SELECT 1 FROM conversations WHERE id = $1", general) is None

    async def test_of_a_category_leaves_its_channels(
        self, db: Transaction, ann: Actor, bob: Actor, category: UUID, inside: UUID
    ) -> None:
        await set_overwrite(db, ann, category, bob.id, OverwriteChange(deny=str(SEND)))
        await delete_channel(db, ann, category)
        left = await get_channel(db, ann, inside)
        assert (left.category_id, left.synced) == (None, False)
        assert await said(db, ann, inside) == {bob.id: (0, SEND)}


class TestSetOverwrite:
    async def test_decides_at_once(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID
    ) -> None:
        await set_overwrite(db, ann, general, group, HIDDEN)
        with pytest.raises(ChannelNotFound):
            await get_channel(db, bob, general)
        assert RightsChanged(group, channel_ids=[general]) in db.events
        await set_overwrite(db, ann, general, bob.id, OverwriteChange(allow=str(VIEW)))
        assert (await get_channel(db, bob, general)).bits & VIEW

    async def test_of_nothing_tells_nobody(
        self, db: Transaction, ann: Actor, group: UUID, general: UUID
    ) -> None:
        await set_overwrite(db, ann, general, group, HIDDEN)
        db.events.clear()
        await set_overwrite(db, ann, general, group, HIDDEN)
        assert not db.events

    async def test_of_a_category_is_copied_to_what_follows_it(
        self, db: Transaction, ann: Actor, group: UUID, category: UUID, inside: UUID
    ) -> None:
        await set_overwrite(db, ann, category, group, HIDDEN)
        assert await said(db, ann, inside) == {group: (0, VIEW)}
        assert set(db.events[-1].channel_ids) == {category, inside}
        await remove_overwrite(db, ann, category, group)
        assert await said(db, ann, inside) == {}

    async def test_of_its_own_ends_following(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, category: UUID, inside: UUID
    ) -> None:
        await set_overwrite(db, ann, inside, bob.id, HIDDEN)
        assert not (await get_channel(db, ann, inside)).synced
        await set_overwrite(db, ann, category, group, HIDDEN)
        assert await said(db, ann, inside) == {bob.id: (0, VIEW)}

    async def test_changes_only_bits_one_holds(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID, general: UUID
    ) -> None:
        await enter(db, group, eve)
        await manage(db, group, bob, int(P.MANAGE_ROLES))
        held = OverwriteChange(deny=str(SEND))
        assert (await set_overwrite(db, bob, general, eve.id, held)).denied == SEND
        for change in ({"allow": P.MANAGE_MESSAGES}, {"deny": P.MANAGE_MESSAGES | SEND}):
            bits = {name: str(int(value)) for name, value in change.items()}
            with pytest.raises(PermissionNotHeld):
                await set_overwrite(db, bob, general, eve.id, OverwriteChange(**bits))

    async def test_takes_no_denial_of_what_one_may_not(
        self, db: Transaction, bob: Actor, group: UUID, general: UUID
    ) -> None:
        await manage(db, group, bob, int(P.MANAGE_ROLES))
        await overwrite(db, general, bob.id, deny=SEND)
        with pytest.raises(PermissionNotHeld):
            await remove_overwrite(db, bob, general, bob.id)

    async def test_is_for_roles_and_members_below(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, general: UUID
    ) -> None:
        role = await manage(db, group, bob, int(P.MANAGE_ROLES))
        await enter(db, group, eve)
        await give(db, group, eve, await make_role(db, group))
        change = OverwriteChange(deny=str(SEND))
        for target in (role, eve.id, ann.id):
            with pytest.raises(Outranked):
                await set_overwrite(db, bob, general, target, change)
        assert (await set_overwrite(db, bob, general, group, change)).target_kind == "role"

    async def test_shuts_nobody_out_of_what_they_manage(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID
    ) -> None:
        await manage(db, group, bob, int(P.MANAGE_ROLES))
        for target, bit in ((group, VIEW), (bob.id, int(P.MANAGE_ROLES))):
            with pytest.raises(WouldLockOut):
                async with db.savepoint():
                    await set_overwrite(db, bob, general, target, OverwriteChange(deny=str(bit)))
        await set_overwrite(db, ann, general, ann.id, HIDDEN)  # nothing shuts the owner out

    async def test_knows_roles_and_members_of_the_group_alone(
        self, db: Transaction, ann: Actor, eve: Actor, general: UUID
    ) -> None:
        for target in (eve.id, await found(db, eve), new_id()):
            with pytest.raises(TargetNotFound):
                await set_overwrite(db, ann, general, target, HIDDEN)
            with pytest.raises(OverwriteNotFound):
                await remove_overwrite(db, ann, general, target)

    async def test_of_who_has_gone_can_be_removed(
        self, db: Transaction, ann: Actor, eve: Actor, general: UUID
    ) -> None:
        await overwrite(db, general, eve.id, deny=SEND)
        await remove_overwrite(db, ann, general, eve.id)
        assert await said(db, ann, general) == {}

    async def test_ends_at_a_limit(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID
    ) -> None:
        limits = Limits(channel_overwrites_max=1)
        await set_overwrite(db, ann, general, bob.id, HIDDEN, limits=limits)
        with pytest.raises(TooManyOverwrites):
            await set_overwrite(db, ann, general, group, HIDDEN, limits=limits)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"allow": "3072", "deny": "1024"}, "deny"),
            ({"allow": "8"}, "allow"),
            ({"deny": "4"}, "deny"),
            ({"deny": "256"}, "deny"),
        ],
    )
    def test_says_which_bits_are_wrong(self, change: dict[str, str], field: str) -> None:
        with pytest.raises(Invalid) as refused:
            OverwriteChange(**change)
        assert field in refused.value.fields


class TestSyncChannel:
    async def test_takes_over_all_and_follows(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, category: UUID, inside: UUID
    ) -> None:
        await set_overwrite(db, ann, inside, bob.id, HIDDEN)
        await set_overwrite(db, ann, category, group, OverwriteChange(deny=str(SEND)))
        (only,) = await sync_channel(db, ann, inside)
        assert (only.target_id, only.denied) == (group, SEND)
        await set_overwrite(db, ann, category, bob.id, HIDDEN)
        assert await said(db, ann, inside) == await said(db, ann, category)
        db.events.clear()
        await sync_channel(db, ann, inside)
        assert not db.events

    async def test_changes_only_bits_one_holds(
        self, db: Transaction, bob: Actor, group: UUID, category: UUID, inside: UUID
    ) -> None:
        await manage(db, group, bob, int(P.MANAGE_ROLES))
        await overwrite(db, category, group, allow=int(P.MANAGE_MESSAGES))
        with pytest.raises(PermissionNotHeld):
            await sync_channel(db, bob, inside)

    async def test_needs_a_category(self, db: Transaction, ann: Actor, general: UUID) -> None:
        with pytest.raises(NoCategory):
            await sync_channel(db, ann, general)


class TestOrderChannels:
    async def test_moves_all_at_once(
        self, db: Transaction, ann: Actor, group: UUID, general: UUID, category: UUID, inside: UUID
    ) -> None:
        moves = [
            Move(id=general, position=5, category_id=category),
            Move(id=inside, position=9),
            Move(id=category, position=0),
        ]
        ordered = await order_channels(db, ann, group, ChannelOrder(moves))
        assert [one.name for one in ordered] == ["Beds", "general", "beans"]
        assert [type(event) for event in db.events] == [ChannelsUpdated]

    async def test_is_none_where_one_is_wrong(
        self, db: Transaction, ann: Actor, group: UUID, general: UUID, inside: UUID
    ) -> None:
        before = await list_channels(db, ann, group)
        wrong: list[tuple[Move, type[Exception]]] = [
            (Move(id=new_id(), position=1), ChannelNotFound),
            (Move(id=inside, position=1, category_id=general), Invalid),
            (Move(id=inside, position=1, category_id=new_id()), Invalid),
            (Move(id=inside, position=1, category_id=None, sync=True), Invalid),
            (Move(id=general, position=3), Invalid),
        ]
        for move, refusal in wrong:
            with pytest.raises(refusal):
                first = Move(id=general, position=7)
                await order_channels(db, ann, group, ChannelOrder([first, move]))
        assert await list_channels(db, ann, group) == before

    async def test_who_comes_to_another_category_follows_if_told(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID, category: UUID
    ) -> None:
        await set_overwrite(db, ann, category, bob.id, HIDDEN)
        there = Move(id=general, position=0, category_id=category)
        await order_channels(db, ann, group, ChannelOrder([there]))
        assert not (await get_channel(db, ann, general)).synced
        assert (await get_channel(db, bob, general)).bits & VIEW
        following = Move(id=general, position=0, sync=True)
        await order_channels(db, ann, group, ChannelOrder([following]))
        assert (await get_channel(db, ann, general)).synced
        with pytest.raises(ChannelNotFound):
            await get_channel(db, bob, general)

    async def test_who_leaves_the_category_follows_no_more(
        self, db: Transaction, ann: Actor, group: UUID, inside: UUID
    ) -> None:
        out = ChannelOrder([Move(id=inside, position=3, category_id=None)])
        await order_channels(db, ann, group, out)
        assert not (await get_channel(db, ann, inside)).synced

    async def test_needs_to_manage_each(
        self, db: Transaction, bob: Actor, group: UUID, general: UUID, inside: UUID
    ) -> None:
        await overwrite(db, general, bob.id, allow=int(P.MANAGE_CHANNELS))
        await order_channels(db, bob, group, ChannelOrder([Move(id=general, position=4)]))
        with pytest.raises(MissingPermission):
            await order_channels(db, bob, group, ChannelOrder([Move(id=inside, position=4)]))

    async def test_does_not_tell_of_what_one_does_not_see(
        self, db: Transaction, group: UUID, general: UUID
    ) -> None:
        eve = await make_actor(db, "eve")
        await enter(db, group, eve)
        await manage(db, group, eve, int(P.MANAGE_CHANNELS))
        await overwrite(db, general, eve.id, deny=VIEW)
        with pytest.raises(ChannelNotFound):
            await order_channels(db, eve, group, ChannelOrder([Move(id=general, position=4)]))

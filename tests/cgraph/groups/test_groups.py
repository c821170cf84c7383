"""Groups as a whole: made, changed, handed over, deleted."""

from uuid import UUID

import msgspec
import pytest

from cgraph import groups
from cgraph.accounts import Actor, Origin, WrongPassword
from cgraph.application import App
from cgraph.groups import (
    Confirmation,
    GroupChange,
    GroupDeleted,
    GroupJoined,
    GroupLeft,
    GroupNotFound,
    GroupUpdated,
    Limits,
    MemberNotFound,
    MissingPermission,
    NewGroup,
    NotGroupOwner,
    Permission,
    RightsChanged,
    TooManyGroups,
    Transfer,
    create_group,
    get_group,
    list_groups,
    update_group,
)
from cgraph.groups.permissions import ALL, DEFAULT_EVERYONE
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import decode
from support.communities import enter, first_channel, found, give, make_role
from support.people import PASSWORD, Person, register


async def audited(db: Transaction, group_id: UUID) -> list[tuple[str, dict[str, object]]]:
    """What the log says was done and changed, oldest first."""
    sql = "SELECT {} FROM group_audit_log WHERE group_id = $1 ORDER BY id"
    actions = await db.values(sql.format("action"), group_id)
    changes = await db.values(sql.format("changes"), group_id)
    return list(zip(actions, changes, strict=True))


class TestReadSince:
    async def test_tells_nothing_from_before_they_came(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await found(db, ann)
        await update_group(db, ann, id, GroupChange(name="a secret"))
        before = (await groups.read_since(db, ann, id, None)).seq
        await enter(db, id, bob)
        sql = "UPDATE group_members SET joined_at = clock_timestamp() WHERE user_id = $1"
        await db.value(sql, bob.id)
        missed = await groups.read_since(db, bob, id, 0)
        assert (missed.events, missed.reason) == ([], "expired")
        assert (await groups.read_since(db, bob, id, before)).reason is None
        assert (await groups.read_since(db, ann, id, 0)).events != []


class TestCreateGroup:
    async def test_begins_with_everyone_and_a_channel(self, db: Transaction, ann: Actor) -> None:
        group = await create_group(db, ann, NewGroup(name="  Allotments ", description="Soil."))
        assert (group.name, group.description) == ("Allotments", "Soil.")
        assert (group.owner_id, group.member_count) == (ann.id, 1)
        assert group.permissions == str(ALL)
        (everyone,) = await groups.list_roles(db, ann, group.id)
        assert (everyone.id, everyone.position) == (group.id, 0)
        assert everyone.permissions == str(DEFAULT_EVERYONE)
        (channel,) = await groups.list_channels(db, ann, group.id)
        assert (channel.name, channel.kind) == ("general", "text")

    async def test_tells_the_owners_devices(self, db: Transaction, ann: Actor) -> None:
        group = await create_group(db, ann, NewGroup(name="Allotments"))
        told = [event for event in db.events if isinstance(event, GroupJoined)]
        assert [(one.user_id, one.payload.group_id) for one in told] == [(ann.id, group.id)]

    @pytest.mark.parametrize("name", ["", " ", "\u200b", "a\nb", "x" * 101, "a\x00b"])
    def test_needs_a_name_that_can_be_shown(self, name: str) -> None:
        with pytest.raises(Invalid) as refused:
            decode(msgspec.json.encode({"name": name}), NewGroup)
        assert "name" in refused.value.fields

    @pytest.mark.parametrize("url", ["http://example.com/x.png", "javascript:alert(1)", "https://"])
    def test_shows_pictures_of_https_alone(self, url: str) -> None:
        with pytest.raises(Invalid) as refused:
            NewGroup(name="Allotments", icon_url=url)
        assert "icon_url" in refused.value.fields

    async def test_ends_at_a_limit(self, db: Transaction, ann: Actor) -> None:
        await found(db, ann)
        with pytest.raises(TooManyGroups):
            await create_group(db, ann, NewGroup(name="one more"), limits=Limits(groups_max=1))


class TestListGroups:
    async def test_is_paged_and_knows_what_one_may(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        ids = [await found(db, ann, name) for name in ("one", "two", "three")]
        for id in ids:
            await enter(db, id, bob)
        first = await list_groups(db, bob, limit=2)
        second = await list_groups(db, bob, limit=2, after=first.after)
        listed = [*first.items, *second.items]
        assert sorted(one.id for one in listed) == sorted(ids)
        assert {one.permissions for one in listed} == {str(DEFAULT_EVERYONE)}
        assert second.after is None

    async def test_has_no_groups_of_others(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        group_id = await found(db, ann)
        assert not (await list_groups(db, bob)).items
        with pytest.raises(GroupNotFound):
            await get_group(db, bob, group_id)


class TestUpdateGroup:
    async def test_tells_members_and_the_log_what_differs(
        self, db: Transaction, ann: Actor, group: UUID
    ) -> None:
        change = GroupChange(name="Orchards", default_level="mentions")
        after = await update_group(db, ann, group, change, reason="we grew")
        assert (after.name, after.default_level) == ("Orchards", "mentions")
        (told,) = [event for event in db.events if isinstance(event, GroupUpdated)]
        assert b'"name":"Orchards"' in told.payload
        action, changes = (await audited(db, group))[-1]
        assert action == "group_updated"
        assert changes == {
            "name": {"before": "Allotments", "after": "Orchards"},
            "default_level": {"before": "replies", "after": "mentions"},
        }

    async def test_of_nothing_tells_nobody(self, db: Transaction, ann: Actor, group: UUID) -> None:
        await update_group(db, ann, group, GroupChange(name="Allotments"))
        assert not db.events

    async def test_takes_values_away(self, db: Transaction, ann: Actor, group: UUID) -> None:
        await update_group(db, ann, group, GroupChange(description="Soil."))
        assert (
            await update_group(db, ann, group, GroupChange(description=None))
        ).description is None

    async def test_needs_a_permission(self, db: Transaction, bob: Actor, group: UUID) -> None:
        with pytest.raises(MissingPermission) as refused:
            await update_group(db, bob, group, GroupChange(name="Bob's"))
        assert refused.value.extra == {"permission": "MANAGE_GROUP"}
        await give(db, group, bob, await make_role(db, group, int(Permission.MANAGE_GROUP)))
        assert (await update_group(db, bob, group, GroupChange(name="Bob's"))).name == "Bob's"


@pytest.fixture
async def ada(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def eve(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def hers(app: App, ada: Person, eve: Person) -> UUID:
    """A group of Ada's, in which Eve is a member."""
    id = await found(app.db, ada.actor)
    await enter(app.db, id, eve.actor)
    return id


class TestTransferGroup:
    async def transfer(
        self, app: App, who: Person, group_id: UUID, to: UUID, password: str
    ) -> UUID:
        group = await groups.transfer_group(
            app.db, app.auth, who.actor, group_id, Transfer(to, password), origin=Origin()
        )
        return group.owner_id

    async def test_makes_another_member_the_owner(
        self, app: App, ada: Person, eve: Person, hers: UUID
    ) -> None:
        assert await self.transfer(app, ada, hers, eve.id, PASSWORD) == eve.id
        mine = await get_group(app.db, ada.actor, hers)
        assert mine.permissions == str(DEFAULT_EVERYONE)
        with pytest.raises(NotGroupOwner):
            await self.transfer(app, ada, hers, ada.id, PASSWORD)

    async def test_is_to_members_alone(self, app: App, ada: Person, hers: UUID) -> None:
        with pytest.raises(MemberNotFound):
            await self.transfer(app, ada, hers, (await register(app)).id, PASSWORD)

    async def test_asks_for_the_password(
        self, app: App, ada: Person, eve: Person, hers: UUID
    ) -> None:
        with pytest.raises(WrongPassword):
            await self.transfer(app, ada, hers, eve.id, "wrong")
        with pytest.raises(NotGroupOwner):
            await self.transfer(app, eve, hers, eve.id, PASSWORD)


class TestDeleteGroup:
    async def delete(self, app: App, who: Person, group_id: UUID, password: str = PASSWORD) -> None:
        await groups.delete_group(
            app.db, app.auth, who.actor, group_id, Confirmation(password), origin=Origin()
        )

    async def test_leaves_nothing(self, app: App, ada: Person, eve: Person, hers: UUID) -> None:
        channel = await first_channel(app.db, hers)
        told = []
        with app.events.listener(told.extend):
            await self.delete(app, ada, hers)
        assert not (await list_groups(app.db, eve.actor)).items
        assert await app.db.value("SELECT 1 FROM conversations WHERE id = $1", channel) is None
        for table in ("group_roles", "group_members", "group_channels", "group_audit_log"):
            sql = f"SELECT count(*) FROM {table} WHERE group_id = $1"
            assert await app.db.value(sql, hers) == 0
        kinds = {type(event) for event in told}
        assert {GroupDeleted, GroupLeft, RightsChanged} <= kinds

    async def test_asks_for_the_owners_password(
        self, app: App, ada: Person, eve: Person, hers: UUID
    ) -> None:
        with pytest.raises(WrongPassword):
            await self.delete(app, ada, hers, "wrong")
        with pytest.raises(NotGroupOwner):
            await self.delete(app, eve, hers)
        with pytest.raises(GroupNotFound):
            await self.delete(app, await register(app), hers)

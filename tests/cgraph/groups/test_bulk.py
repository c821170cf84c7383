"""Groups taken over: who may what, what is said where, and what is counted come out as if people had made them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.groups import (
    ImportedChannel,
    ImportedGroup,
    ImportedMember,
    ImportedOverwrite,
    ImportedRole,
    ImportedThread,
    Permission,
)
from cgraph.messaging import ImportedMark, ImportedMessage
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from support.talk import make_actors

AT = datetime(2024, 1, 1, tzinfo=UTC)
SEE = int(Permission.VIEW_CHANNEL)


async def wrong(db: Repo) -> dict[str, int]:
    """What is counted wrong."""
    found = [await context.recount(db) for context in (messaging, groups)]
    return {what: n for each in found for what, n in each.items() if n}


class Scene:
    """A group of two, a channel for both and one for whoever has the role."""

    def __init__(self, ann: Actor, bob: Actor) -> None:
        self.ann, self.bob = ann, bob
        self.group_id, self.role_id = new_id(), new_id()
        self.open_id, self.closed_id = new_id(), new_id()

    async def make(self, db: Transaction) -> None:
        role = ImportedRole(self.role_id, "Keepers", 1, int(Permission.KICK_MEMBERS))
        await groups.import_group(
            db, ImportedGroup(self.group_id, "Tea", self.ann.id, AT, roles=[role])
        )
        members = [ImportedMember(self.ann.id, AT), ImportedMember(self.bob.id, AT, "Bobby")]
        assert await groups.import_members(db, self.group_id, members) == 2
        closed = [
            ImportedOverwrite(self.group_id, 0, SEE, "role"),
            ImportedOverwrite(self.role_id, SEE, 0, "role"),
        ]
        channels = [
            ImportedChannel(self.open_id, "text", "open", 0, AT),
            ImportedChannel(self.closed_id, "text", "closed", 1, AT, overwrites=closed),
        ]
        await groups.import_channels(db, self.group_id, channels)

    def said(self, sender: Actor, text: str, minutes: int = 0) -> ImportedMessage:
        return ImportedMessage(new_id(), sender.id, text, AT + timedelta(minutes=minutes))


@pytest.fixture
async def scene(db: Transaction) -> Scene:
    made = Scene(*await make_actors(db, 2))
    await made.make(db)
    return made


async def messages(db: Repo, actor: Actor, place_id: UUID) -> list[str]:
    sql = "SELECT content FROM messages WHERE conversation_id = $1 ORDER BY seq"
    assert (await groups.get_channel(db, actor, place_id)).id == place_id
    return await db.values(sql, place_id)


class TestImportGroup:
    async def test_rights_are_those_of_roles_and_overwrites(
        self, db: Transaction, scene: Scene
    ) -> None:
        assert (await groups.get_channel(db, scene.bob, scene.open_id)).name == "open"
        with pytest.raises(groups.ChannelNotFound):
            await groups.get_channel(db, scene.bob, scene.closed_id)
        assert (await groups.get_channel(db, scene.ann, scene.closed_id)).name == "closed"

    async def test_members_are_let_in_once(self, db: Transaction, scene: Scene) -> None:
        again = [ImportedMember(scene.bob.id, AT)]
        assert await groups.import_members(db, scene.group_id, again) == 0
        count = "SELECT member_count FROM groups WHERE id = $1"
        assert await db.value(count, scene.group_id) == 2
        assert await wrong(db) == {}

    async def test_overwrites_are_added_to(self, db: Transaction, scene: Scene) -> None:
        let = ImportedOverwrite(scene.bob.id, SEE, 0, "member")
        await groups.import_overwrites(db, scene.closed_id, [let])
        assert (await groups.get_channel(db, scene.bob, scene.closed_id)).name == "closed"


class TestImportChannelMessages:
    async def test_members_are_mentioned_whether_or_not_they_have_looked(
        self, db: Transaction, scene: Scene
    ) -> None:
        (eve,) = await make_actors(db, 1)
        text = f"hello @{scene.bob.username} and @{eve.username}"
        said = {scene.open_id: [scene.said(scene.ann, text)]}
        await groups.import_channel_messages(db, scene.group_id, said)
        assert await messages(db, scene.bob, scene.open_id) == [text]
        mentioned = "SELECT user_id FROM mentions WHERE conversation_id = $1"
        assert await db.values(mentioned, scene.open_id) == [scene.bob.id]
        assert await wrong(db) == {}

    async def test_for_who_speaks_it_is_read_and_marks_can_be_put_back(
        self, db: Transaction, scene: Scene
    ) -> None:
        said = [scene.said(scene.ann, str(n), n) for n in range(3)]
        said.insert(1, scene.said(scene.bob, "me too", 1))
        await groups.import_channel_messages(db, scene.group_id, {scene.open_id: said})
        unread = "SELECT last_seq - read_seq FROM participants p JOIN streams s ON s.id = p.conversation_id WHERE user_id = $1"
        assert await db.value(unread, scene.bob.id) == 0
        await messaging.import_marks(db, [ImportedMark(scene.open_id, scene.bob.id, 1)])
        assert await db.value(unread, scene.bob.id) == 3
        assert await db.value("SELECT own_above FROM participants WHERE user_id = $1", scene.bob.id)
        assert await wrong(db) == {}

    async def test_channels_and_threads_together_each_in_their_own_numbers(
        self, db: Transaction, scene: Scene
    ) -> None:
        first = scene.said(scene.ann, "shall we?")
        thread = ImportedThread(
            new_id(), scene.group_id, scene.open_id, "Plans", scene.ann.id, AT, message_id=first.id
        )
        await groups.import_threads(db, [thread])
        said = {scene.open_id: [first], thread.id: [scene.said(scene.bob, "yes", 1)]}
        await groups.import_channel_messages(db, scene.group_id, said)
        numbers = "SELECT last_seq FROM streams WHERE id = ANY($1)"
        assert await db.values(numbers, list(said)) == [1, 1]
        assert await wrong(db) == {}

    async def test_calls_to_many_are_one_row_each(self, db: Transaction, scene: Scene) -> None:
        call = ImportedMessage(
            new_id(), scene.ann.id, "@everyone tea!", AT, calls=[scene.group_id, scene.role_id]
        )
        await groups.import_channel_messages(db, scene.group_id, {scene.open_id: [call]})
        audiences = "SELECT audience_id FROM wide_mentions WHERE conversation_id = $1"
        assert set(await db.values(audiences, scene.open_id)) == {scene.group_id, scene.role_id}

"""Calling people and many in channels: by name, by role, @everyone, @here."""

from uuid import UUID

import pytest

from cgraph import groups, messaging
from cgraph.accounts import Actor, find_actor
from cgraph.groups import CHANNELS, NewThread, Permission
from cgraph.messaging import AllowedMentions, MessageEdit, Unread
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.channels import say
from support.communities import enter, found, give, make_role, overwrite
from support.talk import Happened, block, body


@pytest.fixture
async def guild(db: Transaction, group: UUID, bob: Actor) -> UUID:
    """A role of Bob's."""
    id = await make_role(db, group, name="Guild")
    await give(db, group, bob, id)
    return id


async def called(db: Transaction, place_id: UUID, id: UUID) -> tuple[list[UUID], list[UUID]]:
    """People, and many."""
    message = await messaging.get_message(
        db, await _owner(db, place_id), place_id, id, gate=CHANNELS
    )
    return list(message.mentions), list(message.mention_roles)


async def _owner(db: Transaction, place_id: UUID) -> Actor:
    sql = """
        SELECT g.owner_id FROM groups g JOIN group_channels c ON c.group_id = g.id
        WHERE c.id = coalesce((SELECT channel_id FROM group_threads WHERE id = $1), $1)
    """
    actor = await find_actor(db, await db.value(sql, place_id))
    assert actor is not None
    return actor


async def unread(db: Transaction, actor: Actor, place_id: UUID) -> Unread:
    return await groups.get_channel_unread(db, actor, place_id)


class TestPeople:
    async def test_are_called_though_they_never_looked_in(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, f"hello @{bob.username}.")
        assert await called(db, channel, sent.id) == ([bob.id], [])
        assert (await unread(db, bob, channel)).mentions == 1

    async def test_strangers_are_not(
        self, db: Transaction, ann: Actor, eve: Actor, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, f"@{eve.username}")
        assert await called(db, channel, sent.id) == ([], [])

    async def test_who_cannot_see_the_channel_is_not(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await overwrite(db, channel, bob.id, deny=Permission.VIEW_CHANNEL)
        sent = await say(db, ann, channel, f"@{bob.username}")
        assert await called(db, channel, sent.id) == ([], [])

    async def test_of_a_private_thread_only_its_own(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        thread = await groups.create_thread(db, bob, channel, NewThread("x", private=True))
        sent = await say(db, bob, thread.id, f"@{carl.username} @{ann.username}")
        assert await called(db, thread.id, sent.id) == ([ann.id], [])

    async def test_not_past_a_block(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await block(db, bob, ann)
        sent = await say(db, ann, channel, f"@{bob.username}")
        assert await called(db, channel, sent.id) == ([], [])


class TestEveryone:
    async def test_takes_the_right_to(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        plain = await say(db, bob, channel, "@everyone look")
        assert await called(db, channel, plain.id) == ([], [])
        loud = await say(db, ann, channel, "@everyone look")
        assert await called(db, channel, loud.id) == ([], [group])
        assert (await unread(db, bob, channel)).mentions == 1
        assert (await unread(db, ann, channel)).mentions == 0

    async def test_is_one_row_whoever_there_is(
        self, db: Transaction, ann: Actor, channel: UUID
    ) -> None:
        await say(db, ann, channel, "@everyone")
        sql = "SELECT count(*) FROM wide_mentions WHERE conversation_id = $1"
        assert await db.value(sql, channel) == 1

    async def test_is_told_in_the_message(
        self, db: Transaction, ann: Actor, group: UUID, channel: UUID, happened: Happened
    ) -> None:
        await say(db, ann, channel, "@everyone @here")
        (event,) = happened(messaging.MessageSent)
        assert body(event)["mention_roles"] == [str(group), str(channel)]

    async def test_in_code_calls_nobody(self, db: Transaction, ann: Actor, channel: UUID) -> None:
        sent = await say(
            db, ann, channel, "`@everyone` ```\n@here <@&0>``` https://x.org/@everyone"
        )
        assert await called(db, channel, sent.id) == ([], [])

    async def test_from_before_they_came_calls_nobody(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        await say(db, ann, channel, "@everyone")
        await enter(db, group, eve)
        sql = "UPDATE group_members SET joined_at = clock_timestamp() + interval '1 s' WHERE user_id = $1"
        await db.value(sql, eve.id)
        assert (await unread(db, eve, channel)).mentions == 0
        marker = messaging.Marker(seq=1)
        back = await messaging.mark_unread(db, eve, channel, marker, gate=CHANNELS)
        assert (back.unread, back.mentions) == (1, 0)

    async def test_with_a_name_counts_once(
        self, db: Transaction, ann: Actor, bob: Actor, guild: UUID, channel: UUID
    ) -> None:
        await say(db, ann, channel, f"@everyone @guild @{bob.username}")
        assert (await unread(db, bob, channel)).mentions == 1


class TestRoles:
    async def test_anybody_calls_those_that_are_mentionable(
        self, db: Transaction, ann: Actor, carl: Actor, bob: Actor, guild: UUID, channel: UUID
    ) -> None:
        quiet = await say(db, carl, channel, "@guild")
        assert await called(db, channel, quiet.id) == ([], [])
        await db.value("UPDATE group_roles SET mentionable = true WHERE id = $1", guild)
        for text in ("@guild", f"<@&{guild}>", f"@GUILD <@&{str(guild).upper()}>"):
            sent = await say(db, carl, channel, text)
            assert await called(db, channel, sent.id) == ([], [guild])
        assert (await unread(db, bob, channel)).mentions == 3
        assert (await unread(db, ann, channel)).mentions == 0

    async def test_who_may_call_everyone_calls_any(
        self, db: Transaction, ann: Actor, guild: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, "@guild")
        assert await called(db, channel, sent.id) == ([], [guild])

    async def test_of_another_group_is_none_here(
        self, db: Transaction, ann: Actor, channel: UUID
    ) -> None:
        other = await make_role(db, await found(db, ann), name="other")
        sent = await say(db, ann, channel, f"<@&{other}> @other")
        assert await called(db, channel, sent.id) == ([], [])


class TestAllowedMentions:
    async def test_takes_away(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, guild: UUID, channel: UUID
    ) -> None:
        text = f"@everyone @guild @{bob.username} @{carl.username}"
        for allowed, expected in (
            (AllowedMentions(), ([], [])),
            (AllowedMentions(parse=["users"]), ([bob.id, carl.id], [])),
            (AllowedMentions(parse=["roles"]), ([], [guild])),
            (AllowedMentions(users=[carl.id]), ([carl.id], [])),
            (AllowedMentions(roles=[guild]), ([], [guild])),
        ):
            sent = await say(db, ann, channel, text, allowed=allowed)
            assert await called(db, channel, sent.id) == expected

    async def test_gives_no_right(
        self, db: Transaction, bob: Actor, guild: UUID, channel: UUID
    ) -> None:
        allowed = AllowedMentions(parse=["everyone"], roles=[guild])
        sent = await say(db, bob, channel, "@everyone @here @guild", allowed=allowed)
        assert await called(db, channel, sent.id) == ([], [])

    def test_says_it_one_way(
        self,
    ) -> None:
        with pytest.raises(Invalid):
            AllowedMentions(parse=["users"], users=[UUID(int=1)])


class TestEdits:
    async def test_replace_whom_it_calls(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, guild: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, f"@everyone @{carl.username}")
        edit = MessageEdit(f"@guild @{carl.username}")
        await messaging.edit_message(db, ann, channel, sent.id, edit, gate=CHANNELS)
        assert await called(db, channel, sent.id) == ([carl.id], [guild])
        assert (await unread(db, bob, channel)).mentions == 1
        await messaging.edit_message(db, ann, channel, sent.id, MessageEdit("-"), gate=CHANNELS)
        for actor in (bob, carl):
            assert (await unread(db, actor, channel)).mentions == 0


class TestDeletions:
    async def test_call_nobody_any_more(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, f"@everyone @{bob.username}")
        await messaging.delete_message(db, ann, channel, sent.id, gate=CHANNELS)
        counted = await unread(db, bob, channel)
        assert (counted.unread, counted.mentions) == (0, 0)
        assert await called(db, channel, sent.id) == ([], [])

"""What a reader's scope says, and what it costs to ask."""

from uuid import UUID

import pytest

from cgraph import accounts, forums, groups
from cgraph.accounts import Actor
from cgraph.groups import NewChannel, NewThread, Permission
from cgraph.search.scoping import Reader, get_reader
from cgraph_kit.db import Transaction
from support.communities import enter, first_channel, found, overwrite
from support.forums import make_forum, make_post, subscribe
from support.talk import make_actor, open_between, say

VIEW, HISTORY = int(Permission.VIEW_CHANNEL), int(Permission.READ_MESSAGE_HISTORY)


class Counting:
    """A transaction that counts what it is asked."""

    def __init__(self, db: Transaction) -> None:
        self._db = db
        self.statements = 0

    def __getattr__(self, name: str) -> object:
        self.statements += 1
        return getattr(self._db, name)


@pytest.fixture
async def group(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    """Ann's, in which Bob is."""
    id = await found(db, ann)
    await enter(db, id, bob)
    return id


async def places(db: Transaction, reader: Reader) -> set[UUID]:
    """The channels and threads they read, place by place."""
    assert reader.actor
    return {one.id for one in await groups.list_readable_places(db, reader.actor, reader.groups)}


class TestGetReader:
    async def test_asks_five_statements_however_much_there_is(
        self, db: Transaction, bob: Actor, ann: Actor
    ) -> None:
        await db.value(_MANY, bob.id, ann.id)
        for _ in range(3):
            await open_between(db, bob, await make_actor(db))
            await subscribe(db, bob, (await make_forum(db, ann, visibility="unlisted")).id)
        counting = Counting(db)
        reader = await get_reader(counting, bob)  # type: ignore[arg-type]
        assert counting.statements == 5
        scope = reader.scope()
        assert len(scope.communities) == 500
        assert len(scope.excluded) == 500
        assert len(scope.containers) >= 3

    async def test_says_a_group_that_is_read_whole_in_a_word(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        channel_id = await first_channel(db, group)
        await groups.create_thread(db, ann, channel_id, NewThread("swarms"))
        scope = (await get_reader(db, bob)).scope()
        assert (scope.communities, scope.containers, scope.excluded) == ({group}, {}, set())

    async def test_takes_out_what_is_denied_however_many_threads_hang_on_it(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        channel_id = await first_channel(db, group)
        thread = await groups.create_thread(db, ann, channel_id, NewThread("swarms"))
        readers = [await get_reader(db, ann), await get_reader(db, bob)]
        assert [await places(db, reader) for reader in readers] == [{channel_id, thread.id}] * 2
        await overwrite(db, channel_id, group, deny=VIEW)
        readers = [await get_reader(db, ann), await get_reader(db, bob)]
        assert [await places(db, reader) for reader in readers] == [{channel_id, thread.id}, set()]
        assert readers[0].scope().excluded == set()
        scope = readers[1].scope()
        assert (scope.communities, scope.excluded) == ({group}, {channel_id})
        assert (scope.containers, scope.seen) == ({}, {group})

    async def test_has_no_private_threads_below_what_is_denied_but_for_who_manages_them(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        channel_id = await first_channel(db, group)
        new = NewThread("aside", private=True)
        thread = await groups.create_thread(db, bob, channel_id, new)
        await overwrite(db, channel_id, group, deny=HISTORY)
        scope = (await get_reader(db, bob)).scope()
        assert (scope.excluded, scope.containers) == ({channel_id}, {})
        assert scope.seen == {group, channel_id, thread.id}
        await overwrite(db, channel_id, group, deny=VIEW)
        scope = (await get_reader(db, bob)).scope()
        assert (scope.excluded, scope.containers, scope.seen) == ({channel_id}, {}, {group})
        assert thread.id in (await get_reader(db, ann)).scope().containers

    async def test_takes_out_what_is_gone_whoever_was_denied_it(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        hall = await groups.create_channel(db, ann, group, NewChannel(name="hall"))
        await groups.create_thread(db, ann, hall.id, NewThread("swarms"))
        await groups.create_thread(db, ann, hall.id, NewThread("aside", private=True))
        earlier = await groups.create_thread(db, ann, hall.id, NewThread("frames"))
        await overwrite(db, hall.id, group, deny=VIEW)
        await groups.delete_thread(db, ann, earlier.id)
        scopes = [(await get_reader(db, one)).scope() for one in (ann, bob)]
        assert [scope.excluded for scope in scopes] == [{earlier.id}, {hall.id, earlier.id}]
        await groups.delete_channel(db, ann, hall.id)
        for reader in (ann, bob):
            scope = (await get_reader(db, reader)).scope()
            assert (scope.communities, scope.containers) == ({group}, {})
            assert scope.excluded == {hall.id}

    async def test_takes_nothing_out_of_what_is_not_read_whole(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        hall = await groups.create_channel(db, ann, group, NewChannel(name="hall"))
        await db.value("UPDATE group_roles SET permissions = 0 WHERE id = $1", group)
        await groups.delete_channel(db, ann, hall.id)
        scope = (await get_reader(db, bob)).scope()
        assert (scope.communities, scope.excluded) == (set(), set())

    async def test_shows_channels_and_threads_that_cannot_be_read_back(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        channel_id = await first_channel(db, group)
        await overwrite(db, channel_id, bob.id, deny=HISTORY)
        thread = await groups.create_thread(db, ann, channel_id, NewThread("swarms"))
        scope = (await get_reader(db, bob)).scope()
        assert scope.excluded == {channel_id}
        assert scope.seen == {group, channel_id, thread.id}

    async def test_lists_what_is_allowed_where_nothing_else_is(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        hall = await groups.create_channel(db, ann, group, NewChannel(name="hall"))
        await db.value("UPDATE group_roles SET permissions = 0 WHERE id = $1", group)
        await overwrite(db, hall.id, bob.id, allow=VIEW | HISTORY)
        scope = (await get_reader(db, bob)).scope()
        assert (scope.communities, set(scope.containers)) == (set(), {hall.id})
        assert scope.seen == {group}

    async def test_has_private_threads_only_for_those_in_them(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        await enter(db, group, eve)
        channel_id = await first_channel(db, group)
        new = NewThread("aside", private=True)
        thread = await groups.create_thread(db, bob, channel_id, new)
        for reader, reads in ((ann, True), (bob, True), (eve, False)):
            scope = (await get_reader(db, reader)).scope()
            assert (thread.id in scope.containers) == reads

    async def test_begins_conversations_where_the_reader_does(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(db, ann, bob, await make_actor(db))
        last = await say(db, ann, id)
        from_the_start = (await get_reader(db, bob)).scope().containers
        assert from_the_start[id] < last.seq
        assert id not in (await get_reader(db, eve)).scope().containers

    async def test_says_forums_by_whichever_are_fewer(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        hidden = {(await make_forum(db, ann, visibility="private")).id for _ in range(2)}
        shown = {(await make_forum(db, ann)).id for _ in range(2)}
        scope = (await get_reader(db, bob)).scope()
        if scope.forums:
            assert hidden <= set(scope.excluded_forums)
            assert not shown & set(scope.excluded_forums)
        else:
            assert shown <= set(scope.containers)
            assert not hidden & set(scope.containers)
        assert (await get_reader(db, ann)).forums != (await get_reader(db, bob)).forums

    async def test_knows_whose_and_what_not_to_show(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        post = await make_post(db, ann, (await make_forum(db, ann)).id)
        await forums.hide_post(db, bob, post.id, hidden=True)
        await accounts.block_user(db, bob, ann.id)
        await accounts.block_user(db, eve, bob.id)
        scope = (await get_reader(db, bob)).scope()
        assert (scope.hidden_authors, scope.hidden_in_forums) == ({ann.id}, {eve.id})
        assert scope.hidden == {post.id}

    async def test_is_of_public_forums_alone_for_nobody_in_particular(
        self, db: Transaction, ann: Actor
    ) -> None:
        unlisted = await make_forum(db, ann, visibility="unlisted")
        counting = Counting(db)
        reader = await get_reader(counting, None)  # type: ignore[arg-type]
        assert counting.statements == 1
        scope = reader.scope()
        assert (scope.people, scope.communities) == (False, frozenset())
        known = reader.scope([unlisted.id])
        assert scope != known


# Bob is in five hundred of Ann's groups, each with a channel he may not see.
_MANY = """
WITH g AS (SELECT gen_random_uuid() AS id, gen_random_uuid() AS channel_id, gen_random_uuid() AS hidden_id
    FROM generate_series(1, 500)),
s AS (INSERT INTO streams (id) SELECT id FROM g),
made AS (INSERT INTO groups (id, name, owner_id, member_count) SELECT id, 'Allotments', $2, 2 FROM g),
r AS (INSERT INTO group_roles (id, group_id, name, permissions, position) SELECT id, id, 'everyone', 66560, 0 FROM g),
m AS (INSERT INTO group_members (group_id, user_id) SELECT id, unnest(ARRAY[$1::uuid, $2]) FROM g),
c AS (INSERT INTO group_channels (id, group_id, kind, name, position)
    SELECT channel_id, id, 'text', 'general', 0 FROM g UNION ALL SELECT hidden_id, id, 'text', 'office', 1 FROM g)
INSERT INTO group_overwrites (channel_id, target_id, target_kind, allow, deny) SELECT hidden_id, id, 'role', 0, 1024 FROM g
"""

"""What a half-typed search may be meant to become."""

from asyncio import gather

import msgspec
import pytest

from cgraph import accounts, groups, messaging, search
from cgraph.accounts import Actor, UpdateAccount
from cgraph.groups import NewChannel, Permission
from cgraph.search import PostgresSearch, SuggestFor, Suggestion, follow_changes
from cgraph.search.suggestions_cursor import half_typed
from cgraph_kit.db import Database, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from support.communities import enter, found, overwrite
from support.forums import make_forum
from support.talk import block, make_actor, open_between


async def suggested(
    db: Transaction, actor: Actor, q: str, cursor: int | None = None
) -> list[Suggestion]:
    backend = PostgresSearch(db)
    await follow_changes(db, backend)
    return await search.suggest(db, backend, actor, SuggestFor(q, cursor))


async def texts(db: Transaction, actor: Actor, q: str, cursor: int | None = None) -> list[str]:
    return [suggestion.text for suggestion in await suggested(db, actor, q, cursor)]


class TestHalfTyped:
    @pytest.mark.parametrize(
        ("typed", "operator", "fragment", "replaced"),
        [
            ("|", None, "", ""),
            ("fr|", None, "fr", "fr"),
            ("bees fr|om", None, "fr", "from"),
            ("bees -fr| more", None, "fr", "fr"),
            ("from:|", "from", "", ""),
            ("from:an| x", "from", "an", "an"),
            ("from:@an|", "from", "an", "@an"),
            ("from:ann,bo|b,eve", "from", "bo", "bob"),
            ('from:"Ann L|ee" x', "from", "Ann L", '"Ann Lee"'),
            ('from:"Ann L|', "from", "Ann L", '"Ann L'),
            ('from:"a,b",c|', "from", "c", "c"),
            ("-In:#gen|", "in", "gen", "#gen"),
            ("in:@an|", "in", "@an", "@an"),
            ("@an|", None, "an", "@an"),
            ("#ge|", None, "ge", "#ge"),
            ('"two wo|rds" x', None, "two wo", '"two words"'),
            ("foo:ba|", None, "foo:ba", "foo:ba"),
            ('say "a \\"b|', None, 'a \\"b', '"a \\"b'),
        ],
    )
    def test_is_the_part_with_the_cursor(
        self, typed: str, operator: str | None, fragment: str, replaced: str
    ) -> None:
        q, cursor = typed.replace("|", ""), typed.index("|")
        half = half_typed(q, cursor)
        assert (half.operator, half.fragment) == (operator, fragment)
        assert q[half.start : half.start + half.length] == replaced


class TestSuggestFor:
    def test_refuses_a_cursor_behind_the_end(self) -> None:
        SuggestFor("ab", 2)
        with pytest.raises(Invalid):
            SuggestFor("ab", 3)


class TestOperators:
    async def test_begin_as_what_was_typed(self, db: Transaction, ann: Actor) -> None:
        assert await texts(db, ann, "f") == ["from:", "forum:"]
        assert await texts(db, ann, "bees BE") == ["before:"]
        offered = await suggested(db, ann, "x -f")
        assert [(one.kind, one.start, one.length) for one in offered] == [("operator", 3, 1)] * 2

    async def test_have_values(self, db: Transaction, ann: Actor) -> None:
        assert await texts(db, ann, "has:li") == ["link"]
        assert await texts(db, ann, "is:") == [
            *("pinned", "edited", "locked", "reply", "thread", "unread", "mentioned", "saved")
        ]
        assert await texts(db, ann, "before:to") == ["today"]
        assert await texts(db, ann, "type:post,co") == ["comment"]
        assert await texts(db, ann, "tag:x") == []


class TestPeople:
    async def test_are_those_one_shares_places_with(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        await open_between(db, ann, bob)
        assert await texts(db, ann, f"from:{bob.username[:8]}") == [bob.username]
        assert await texts(db, ann, f"from:@{bob.username[:8]}") == [bob.username]
        assert await texts(db, ann, f"@{bob.username[:8]}") == [f"from:{bob.username}"]
        assert await texts(db, ann, f"in:@{bob.username[:8]}") == [f'"@{bob.username}"']
        assert await texts(db, ann, f"from:{eve.username[:8]}") == []
        assert await texts(db, eve, f"from:{bob.username[:8]}") == []

    async def test_are_found_by_the_name_they_show(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        await open_between(db, ann, bob)
        await accounts.update_account(db, bob, UpdateAccount(display_name="Élodie Brun"))
        offered = await suggested(db, ann, "mentions:elo")
        assert [(one.kind, one.text, one.label) for one in offered] == [
            ("person", bob.username, "Élodie Brun")
        ]

    async def test_come_from_groups_too(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        await enter(db, await found(db, ann), bob)
        assert await texts(db, ann, f"from:{bob.username[:8]}") == [bob.username]

    async def test_are_not_those_who_are_blocked_or_have_blocked_or_left(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        third = await make_actor(db, "third")
        id = await open_between(db, ann, bob, third)
        assert await texts(db, ann, f"from:{third.username[:9]}") == [third.username]
        await messaging.leave_conversation(db, third, id)
        assert await texts(db, ann, f"from:{third.username[:9]}") == []
        await block(db, bob, ann)
        assert await texts(db, ann, f"from:{bob.username[:8]}") == []
        assert await texts(db, bob, f"from:{ann.username[:8]}") == []

    async def test_begin_with_oneself(self, db: Transaction, ann: Actor) -> None:
        assert await texts(db, ann, "from:m") == ["me"]
        assert await texts(db, ann, f"from:{ann.username}") == []


class TestPlaces:
    async def test_are_what_one_sees_now(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group_id = await found(db, ann, "Xylophonists")
        await enter(db, group_id, bob)
        new = NewChannel(name="xylophone-repairs")
        channel = await groups.create_channel(db, ann, group_id, new)
        for actor in (ann, bob):
            assert set(await texts(db, actor, "in:xyl")) == {"xylophone-repairs", "Xylophonists"}
        assert await texts(db, eve, "in:xyl") == []
        assert await texts(db, ann, "#repai") == ["in:xylophone-repairs"]
        await overwrite(db, channel.id, group_id, deny=Permission.VIEW_CHANNEL)
        assert await texts(db, bob, "in:xyl") == ["Xylophonists"]

    async def test_are_forums_by_their_names(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann, title="Xylophone makers")
        private = await make_forum(db, ann, title="Xylophone secrets", visibility="private")
        offered = await suggested(db, bob, "forum:xylo")
        assert [(one.kind, one.text, one.label) for one in offered] == [
            ("forum", forum.slug, "Xylophone makers")
        ]
        assert set(await texts(db, ann, "forum:xylo")) == {forum.slug, private.slug}
        assert await texts(db, bob, f"forum:{forum.slug[:8]}") == [forum.slug]
        assert f"forum:{forum.slug}" in await texts(db, bob, "xylo")

    async def test_are_written_with_quotes_where_they_need_them(
        self, db: Transaction, ann: Actor
    ) -> None:
        await found(db, ann, "Xylem and phloem")
        assert await texts(db, ann, "in:xylem") == ['"Xylem and phloem"']
        assert await texts(db, ann, 'in:"xylem an') == ['"Xylem and phloem"']


class TestRecent:
    async def test_stand_first_in_the_place_of_everything(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        await search.remember_search(db, ann, "from:bob Bees")
        await search.remember_search(db, ann, "wasps")
        offered = await suggested(db, ann, "fr")
        assert (offered[0].kind, offered[0].text, offered[0].start, offered[0].length) == (
            *("search", "from:bob Bees"),
            *(0, 2),
        )
        assert await texts(db, ann, "wasps") == []
        assert (await texts(db, ann, ""))[:2] == ["wasps", "from:bob Bees"]
        assert "from:bob Bees" not in await texts(db, bob, "fr")

    async def test_are_kept_although_they_come_at_once(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        actor = await make_actor(database)
        words = ["honeybees"[:n] for n in range(2, 9)]
        sql = "INSERT INTO recent_searches SELECT $1, w, now() FROM unnest($2::text[]) w ON CONFLICT DO NOTHING"
        for _ in range(8):
            await database.value(sql, actor.id, words)
            typed = [*words[::-1], *words]
            await gather(*(search.remember_search(database, actor, q) for q in typed))
        assert "a search is not kept" not in caplog.messages
        assert (await search.get_recent_searches(database, actor)).searches

    async def test_fail_without_the_search(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        gone = msgspec.structs.replace(await make_actor(database), id=new_id())
        await search.remember_search(database, gone, "bees")
        assert "a search is not kept" in caplog.messages

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgraph import accounts, forums, notifications
from cgraph.accounts import Actor
from cgraph.forums import (
    ForumChange,
    ForumDirectory,
    Limits,
    ModeratorOrder,
    NewForum,
    NotModerator,
    OutrankedInForum,
)
from cgraph.forums.forum import RESERVED
from cgraph.forums.nesting import list_ancestors
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.forums import ban, make_forum, slug, subscribe
from support.talk import make_actor


async def change(db: Transaction, actor: Actor, forum_id: Any, **given: Any) -> forums.Forum:
    return await forums.update_forum(db, actor, forum_id, ForumChange(**given))


class TestCreate:
    async def test_is_the_creators(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann, sidebar="*be* kind", rules=["Be kind."])
        assert (forum.creator_id, forum.moderator, forum.subscription) == (ann.id, True, "active")
        assert (forum.subscriber_count, forum.post_count) == (1, 0)
        assert forum.sidebar_html == "<p><em>be</em> kind</p>\n"

    async def test_refuses_a_slug_that_is_taken(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        with pytest.raises(forums.SlugTaken):
            await make_forum(db, bob, slug=forum.slug)

    @pytest.mark.parametrize("word", sorted(RESERVED))
    def test_refuses_words_of_addresses(self, word: str) -> None:
        with pytest.raises(Invalid):
            NewForum(word, "Bees")

    async def test_is_bounded(self, db: Transaction, ann: Actor) -> None:
        await make_forum(db, ann)
        with pytest.raises(forums.TooManyForums):
            await forums.create_forum(db, ann, NewForum(slug(), "B"), limits=Limits(forums_max=1))

    async def test_is_found_by_id_and_by_slug_in_any_case(
        self, db: Transaction, ann: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for name in (str(forum.id), forum.slug, forum.slug.upper()):
            assert (await forums.read_forum(db, None, forums.forum_name(name))).id == forum.id


class TestVisibility:
    async def test_private_is_nowhere_for_strangers(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann, visibility="private")
        for stranger in (bob, None):
            with pytest.raises(forums.ForumNotFound):
                await forums.read_forum(db, stranger, forum.id)
        listed = await forums.list_forums(db, bob, ForumDirectory(limit=100))
        assert forum.id not in [one.id for one in listed.items]

    async def test_unlisted_is_for_whoever_knows_it(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann, visibility="unlisted")
        assert (await forums.read_forum(db, None, forum.slug)).id == forum.id
        listed = await forums.list_forums(db, bob, ForumDirectory(limit=100))
        assert forum.id not in [one.id for one in listed.items]

    async def test_private_opens_for_who_is_accepted(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann, visibility="private")
        await subscribe(db, bob, forum.id, "watching")
        with pytest.raises(forums.ForumNotFound):
            await forums.read_forum(db, bob, forum.id)
        waiting = await forums.list_forums(db, bob, ForumDirectory(scope="pending"))
        assert [(one.slug, one.title, one.subscriber_count) for one in waiting.items] == [
            (forum.slug, forum.slug, 0)
        ]
        (asked,) = (await forums.list_subscribers(db, ann, forum.id, state="pending")).items
        assert asked.user.id == bob.id
        await forums.accept_subscriber(db, ann, forum.id, bob.id)
        shown = await forums.read_forum(db, bob, forum.id)
        assert (shown.subscription, shown.level, shown.subscriber_count) == (
            "active",
            "watching",
            2,
        )

    async def test_private_closes_what_is_open_of_it(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for person in (bob, eve):
            await subscribe(db, person, forum.id)

        def closed() -> list[UUID | None]:
            lost = [one for one in db.events if isinstance(one, forums.AccessLost)]
            return [one.user_id for one in lost if one.forum_id == forum.id]

        await forums.unsubscribe(db, eve, forum.id)
        assert closed() == []
        await change(db, ann, forum.id, visibility="private")
        assert closed() == [None]
        await forums.remove_subscriber(db, ann, forum.id, bob.id)
        assert closed() == [None, bob.id]
        await forums.accept_subscriber(db, ann, forum.id, eve.id)
        await forums.unsubscribe(db, eve, forum.id)
        assert closed() == [None, bob.id, eve.id]

    @pytest.mark.parametrize("visibility", ["public", "unlisted"])
    async def test_nobody_waits_where_it_is_private_no_longer(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, visibility: str
    ) -> None:
        forum = await make_forum(db, ann, visibility="private")
        await subscribe(db, bob, forum.id, "watching")
        await subscribe(db, eve, forum.id)
        await change(db, ann, forum.id, visibility=visibility)
        shown = await forums.read_forum(db, bob, forum.id)
        assert (shown.subscription, shown.level) == ("active", "watching")
        assert shown.subscriber_count == 3
        waiting = await forums.list_subscribers(db, ann, forum.id, state="pending")
        assert waiting.items == []
        scope = notifications.Scope("forum", forum.id)
        assert (await notifications.get_preference(db, bob.id, scope)).level == "all"
        assert (await notifications.get_preference(db, eve.id, scope)).level is None
        await forums.unsubscribe(db, eve, forum.id)
        assert (await forums.read_forum(db, bob, forum.id)).subscriber_count == 2

    async def test_private_is_gone_for_the_banned(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann, visibility="private")
        await forums.accept_subscriber(db, ann, forum.id, bob.id)
        await ban(db, forum.id, bob.id)
        with pytest.raises(forums.ForumNotFound):
            await forums.read_forum(db, bob, forum.id)

    async def test_is_the_creators_to_change(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann)
        await forums.add_moderator(db, ann, forum.id, bob.id)
        await change(db, bob, forum.id, title="Wasps")
        for given_ in ({"visibility": "private"}, {"archived": True}):
            with pytest.raises(forums.NotCreator):
                await change(db, bob, forum.id, **given_)


class TestUpdate:
    async def test_to_what_already_is_tells_nobody(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        await change(db, ann, forum.id, title=forum.title)
        assert not [one for one in db.events if isinstance(one, forums.ForumUpdated)]

    async def test_is_told_and_logged(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        await change(db, ann, forum.id, title="Wasps")
        (told,) = [one for one in db.events if isinstance(one, forums.ForumUpdated)]
        assert b'"title":"Wasps"' in told.payload
        (entry,) = (await forums.list_log(db, None, forum.id)).items
        assert entry.changes == {"title": {"before": "Beekeeping", "after": "Wasps"}}

    async def test_archived_is_only_read(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann)
        archived = await change(db, ann, forum.id, archived=True)
        assert archived.archived_at is not None
        with pytest.raises(forums.ForumArchived):
            await forums.create_post(db, bob, forum.id, forums.NewPost("Bees"))
        assert (await change(db, ann, forum.id, archived=False)).archived_at is None

    async def test_administrators_of_the_site_may(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann, visibility="private")
        await accounts.grant_admin(db, bob.username)
        assert (await change(db, bob, forum.id, visibility="public")).visibility == "public"


class TestModerators:
    async def names(self, db: Transaction, forum_id: Any) -> list[Any]:
        return [one.user.id for one in await forums.list_moderators(db, None, forum_id)]

    async def test_later_ones_stand_below(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for one in (bob, eve):
            await forums.add_moderator(db, ann, forum.id, one.id)
        assert await self.names(db, forum.id) == [ann.id, bob.id, eve.id]
        for low, high in ((eve, bob), (bob, ann)):
            with pytest.raises(OutrankedInForum):
                await forums.remove_moderator(db, low, forum.id, high.id)
        await forums.remove_moderator(db, bob, forum.id, eve.id)
        await forums.remove_moderator(db, bob, forum.id, bob.id)
        assert await self.names(db, forum.id) == [ann.id]
        with pytest.raises(NotModerator):
            await forums.add_moderator(db, bob, forum.id, eve.id)

    async def test_creators_hand_over_before_they_leave(self, db: Transaction, ann: Actor) -> None:
        forum = await make_forum(db, ann)
        with pytest.raises(OutrankedInForum):
            await forums.remove_moderator(db, ann, forum.id, ann.id)

    async def test_only_those_below_are_reordered(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        forum, zoe = await make_forum(db, ann), await make_actor(db)
        for one in (bob, eve, zoe):
            await forums.add_moderator(db, ann, forum.id, one.id)
        order = ModeratorOrder([bob.id, zoe.id, eve.id])
        with pytest.raises(OutrankedInForum):
            await forums.reorder_moderators(db, eve, forum.id, order)
        await forums.reorder_moderators(db, bob, forum.id, order)
        assert await self.names(db, forum.id) == [ann.id, bob.id, zoe.id, eve.id]
        with pytest.raises(OutrankedInForum):
            up = ModeratorOrder([zoe.id, bob.id, eve.id])
            await forums.reorder_moderators(db, bob, forum.id, up)
        for wrong in ([bob.id], [bob.id, bob.id, eve.id], [ann.id, bob.id, zoe.id, eve.id]):
            with pytest.raises(Invalid):
                await forums.reorder_moderators(db, ann, forum.id, ModeratorOrder(wrong))


class TestSubscriptions:
    async def test_set_the_preference_of_the_forum(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for level, expected in (("watching", "all"), ("muted", "none"), ("normal", None)):
            await subscribe(db, bob, forum.id, level)
            sql = "SELECT level FROM notification_preferences WHERE user_id = $1 AND scope_id = $2"
            assert await db.value(sql, bob.id, forum.id) == expected

    async def test_count_each_once(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann)
        for _ in range(2):
            await subscribe(db, bob, forum.id)
        assert (await forums.read_forum(db, None, forum.id)).subscriber_count == 2
        for _ in range(2):
            await forums.unsubscribe(db, bob, forum.id)
        assert (await forums.read_forum(db, None, forum.id)).subscriber_count == 1


class TestNesting:
    async def test_shows_the_way_down(self, db: Transaction, ann: Actor) -> None:
        top = await make_forum(db, ann)
        middle = await make_forum(db, ann, parent_id=top.id)
        low = await make_forum(db, ann, parent_id=middle.id)
        assert [one.id for one in low.ancestors] == [top.id, middle.id]
        assert [one.id for one in await forums.list_children(db, None, top.id)] == [middle.id]

    async def test_leaves_out_what_one_may_not_read(self, db: Transaction, ann: Actor) -> None:
        top = await make_forum(db, ann, visibility="private")
        low = await make_forum(db, ann, parent_id=top.id)
        assert (await forums.read_forum(db, None, low.id)).ancestors == []

    async def test_needs_ones_own_parent(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        forum = await make_forum(db, ann)
        with pytest.raises(Invalid):
            await make_forum(db, bob, parent_id=forum.id)

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(moves=st.lists(st.tuples(st.integers(0, 6), st.integers(-1, 6)), max_size=25))
    async def test_is_a_forest_whatever_is_moved(
        self, db: Transaction, moves: list[tuple[int, int]]
    ) -> None:
        """Moves that would make a ring or too high a tree are refused, and no others; a model agrees with all of it."""
        ann = await make_actor(db)
        made = [await make_forum(db, ann) for _ in range(7)]
        parents: dict[int, int | None] = dict.fromkeys(range(7))
        limits = Limits(forum_depth_max=4)
        for child, parent in moves:
            new = ForumChange(parent_id=None if parent < 0 else made[parent].id)
            allowed = _fits(parents, child, parent)
            try:
                await forums.update_forum(db, ann, made[child].id, new, limits=limits)
            except Invalid:
                assert not allowed
            else:
                assert allowed
                parents[child] = None if parent < 0 else parent
        for n, forum in enumerate(made):
            way = [one.id for one in await list_ancestors(db, ann, forum.id)]
            assert way == [made[m].id for m in _above(parents, n)]


def _above(parents: dict[int, int | None], n: int) -> list[int]:
    way: list[int] = []
    above = parents[n]
    while above is not None:
        way.insert(0, above)
        above = parents[above]
    return way


def _height(parents: dict[int, int | None], n: int) -> int:
    children = [child for child, parent in parents.items() if parent == n]
    return 1 + max((_height(parents, child) for child in children), default=0)


def _fits(parents: dict[int, int | None], child: int, parent: int) -> bool:
    if parent < 0 or parents[child] == parent:
        return True
    above = [*_above(parents, parent), parent]
    return child not in above and len(above) + _height(parents, child) <= 4

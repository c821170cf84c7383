"""`forum:<id>` and `post:<id>`, as their readers' devices see them."""

from uuid import UUID

import pytest

from cgraph import forums
from cgraph.application import App
from cgraph.forums import ForumChange, ForumEvent, PostChange, PostEvent, SetVote
from cgraph_kit.channels.testing import JoinRefused
from cgraph_web.channels.forum import ForumChannel
from cgraph_web.channels.post import PostChannel
from support.forums import ban, make_forum, make_post, subscribe
from support.people import Person, register

from .conftest import Connect


@pytest.fixture
async def ada(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def bob(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def forum(app: App, ada: Person) -> UUID:
    """Ada's."""
    return (await make_forum(app.db, ada.actor)).id


@pytest.fixture
async def post(app: App, ada: Person, forum: UUID) -> UUID:
    return (await make_post(app.db, ada.actor, forum)).id


async def close(app: App, ada: Person, forum: UUID) -> None:
    """Ada makes it private."""
    change = ForumChange(visibility="private")
    await forums.update_forum(app.db, ada.actor, forum, change)


class TestJoin:
    async def test_is_for_whoever_may_read(
        self, app: App, connect: Connect, ada: Person, bob: Person, forum: UUID, post: UUID
    ) -> None:
        socket = await connect(bob)
        await socket.join(f"forum:{forum}")
        await socket.join(f"post:{post}")
        await close(app, ada, forum)
        for topic in (f"forum:{forum}", f"post:{post}", f"forum:{post}", "forum:x", "post:x"):
            with pytest.raises(JoinRefused) as refused:
                await (await connect(bob)).join(topic)
            assert refused.value.response["reason"] == "unauthorized"

    async def test_in_another_spelling_is_refused(
        self, connect: Connect, bob: Person, forum: UUID
    ) -> None:
        with pytest.raises(JoinRefused):
            await (await connect(bob)).join(f"forum:{str(forum).upper()}")

    async def test_with_since_brings_what_was_missed(
        self, app: App, connect: Connect, ada: Person, bob: Person, forum: UUID
    ) -> None:
        made = await make_post(app.db, ada.actor, forum, title="Missed")
        channel = await (await connect(bob)).join(f"forum:{forum}", {"since": 0})
        assert channel.response["resumed"] is True
        (event,) = channel.response["events"]
        assert (event["event"], event["payload"]["id"]) == ("new_post", str(made.id))


class TestPushes:
    async def test_of_posts_reach_the_forum(
        self, app: App, connect: Connect, ada: Person, bob: Person, forum: UUID
    ) -> None:
        channel = await (await connect(bob)).join(f"forum:{forum}")
        made = await make_post(app.db, ada.actor, forum, title="News", content="*hi*")
        told = await channel.assert_push("new_post")
        assert (told["title"], told["content"], told["seq"]) == ("News", "*hi*", 1)
        assert told["author"]["username"] == ada.actor.username
        await forums.edit_post(app.db, ada.actor, made.id, PostChange(title="Old news"))
        assert (await channel.assert_push("post_updated"))["title"] == "Old news"
        await forums.delete_post(app.db, ada.actor, made.id)
        gone = await channel.assert_push("post_updated")
        assert (gone["title"], gone["content"], gone["author"]) == ("", "", None)
        assert gone["deleted_at"] is not None

    async def test_of_changes_reach_the_post(
        self, app: App, connect: Connect, ada: Person, bob: Person, post: UUID
    ) -> None:
        channel = await (await connect(bob)).join(f"post:{post}")
        await forums.edit_post(app.db, ada.actor, post, PostChange(title="Changed"))
        assert (await channel.assert_push("post_updated"))["title"] == "Changed"

    async def test_of_votes_reach_both_with_the_newest_numbers(
        self, app: App, connect: Connect, bob: Person, forum: UUID, post: UUID
    ) -> None:
        socket = await connect(bob)
        of_forum = await socket.join(f"forum:{forum}")
        of_post = await socket.join(f"post:{post}")
        for value in (1, -1, 1):
            await forums.vote_for_post(app.db, bob.actor, post, SetVote(value))
        for channel in (of_forum, of_post):
            told = await channel.assert_push("post_counted")
            assert (told["id"], told["score"], told["upvotes"]) == (str(post), 2, 2)
            await channel.refute_push("post_counted")

    async def test_of_readers_tell_only_how_many(
        self, connect: Connect, ada: Person, bob: Person, post: UUID
    ) -> None:
        hers = await (await connect(ada)).join(f"post:{post}")
        await (await connect(bob)).join(f"post:{post}")
        told = await hers.assert_push("readers")
        if told == {"count": 1}:
            told = await hers.assert_push("readers")
        assert told == {"count": 2}
        await hers.refute_push("presence_state")

    def test_are_made_of_every_durable_event(self) -> None:
        assert {kind.when for kind in ForumChannel.pushes} == set(ForumEvent.__subclasses__())
        assert {kind.when for kind in PostChannel.pushes} == set(PostEvent.__subclasses__())


class TestLosingAccess:
    async def test_closes_topics_when_the_forum_becomes_private(
        self, app: App, connect: Connect, ada: Person, bob: Person, forum: UUID, post: UUID
    ) -> None:
        inside = await register(app)
        await subscribe(app.db, inside.actor, forum)
        his, theirs = await connect(bob), await connect(inside)
        of_forum, of_post = await his.join(f"forum:{forum}"), await his.join(f"post:{post}")
        kept = await theirs.join(f"forum:{forum}")
        await close(app, ada, forum)
        await of_forum.assert_push("phx_close")
        await of_post.assert_push("phx_close")
        await make_post(app.db, ada.actor, forum)
        await kept.assert_push("new_post")
        await of_forum.refute_push("new_post")

    async def test_closes_topics_of_who_is_shown_out(
        self, app: App, connect: Connect, ada: Person, bob: Person, forum: UUID, post: UUID
    ) -> None:
        await subscribe(app.db, bob.actor, forum)
        await close(app, ada, forum)
        channel = await (await connect(bob)).join(f"post:{post}")
        await forums.remove_subscriber(app.db, ada.actor, forum, bob.id)
        await channel.assert_push("phx_close")

    async def test_leaves_who_is_banned_from_a_public_forum(
        self, app: App, connect: Connect, ada: Person, bob: Person, forum: UUID
    ) -> None:
        channel = await (await connect(bob)).join(f"forum:{forum}")
        await ban(app.db, forum, bob.id)
        await make_post(app.db, ada.actor, forum)
        await channel.assert_push("new_post")

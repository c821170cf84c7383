"""Previews go where what they stand in goes: merged, split, become a thread or a post. Nobody is asked again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from cgraph import conversions, forums, groups, messaging, previews
from cgraph.application import App
from cgraph.files import NewAttachment
from cgraph.groups import CHANNELS, NewThread
from cgraph.messaging import NewMessage
from cgraph.messaging.sweeping import sweep
from support.attached import exists, make_file
from support.communities import first_channel, found
from support.forums import make_forum
from support.people import Person
from support.pictures import png
from support.web_site import WebSite

COMMENTS, POSTS = "/api/v1/comments", "/api/v1/posts"


@pytest.fixture
async def forum(app: App, ann: Person) -> UUID:
    return (await make_forum(app.db, ann.actor)).id


@pytest.fixture
async def channel(app: App, ann: Person) -> UUID:
    return await first_channel(app.db, await found(app.db, ann.actor))


@pytest.fixture
def pictured(site: WebSite) -> str:
    """A page with a picture."""
    picture = site.says("/bee.png", png(64, 64), content_type="image/png")
    return site.page("/bees", f'<title>Bees</title><meta property="og:image" content="{picture}">')


async def posted(app: App, ann: Person, forum: UUID, content: str = "…", **new: Any) -> UUID:
    post = forums.NewPost(f"About {content}"[:90], content, **new)
    return (await forums.create_post(app.db, ann.actor, forum, post)).id


async def commented(app: App, ann: Person, post: UUID, content: str, **new: Any) -> UUID:
    comment = forums.NewComment(content, **new)
    return (await forums.create_comment(app.db, ann.actor, post, comment)).id


async def titles(caller: Any, *items: str) -> list[list[str]]:
    """What each shows of its links."""
    answers = [await caller.get(item) for item in items]
    return [[one["title"] for one in answer.json["data"]["previews"]] for answer in answers]


async def uses(app: App, *items: UUID) -> list[Any]:
    """Where links stand: kind, thing, whether its picture is kept for it, whether anything is waited for."""
    return await app.db.values(_USES, list(items))


_USES = """
SELECT jsonb_build_array(kind, item_id, image_id IS NOT NULL, settled)
FROM link_preview_uses WHERE item_id = ANY($1) ORDER BY kind, item_id
"""


def said_to(kind: str, *items: UUID) -> list[Any]:
    """What `uses` says where all is shown, with pictures."""
    return [[kind, str(id), True, True] for id in sorted(items)]


class TestMerge:
    async def test_takes_them_along_and_back(
        self, app: App, ada: Any, ann: Person, forum: UUID, site: WebSite, pictured: str, work: Any
    ) -> None:
        post, into = [await posted(app, ann, forum, url=url) for url in (pictured, None)]
        await work()
        asked = len(site.asked)
        act = await forums.merge_posts(app.db, ann.actor, post, into)
        comment = UUID(act.changes["comment_id"]["after"])
        assert await titles(ada, f"{COMMENTS}/{comment}") == [["Bees"]]
        assert await uses(app, post, comment) == said_to("comment", comment)
        await forums.undo_act(app.db, ann.actor, forum, act.id)
        assert await titles(ada, f"{POSTS}/{post}") == [["Bees"]]
        assert await uses(app, post, comment) == said_to("post", post)
        await work()
        assert len(site.asked) == asked

    async def test_shows_what_comes_later(
        self, app: App, ada: Any, ann: Person, forum: UUID, pictured: str, work: Any
    ) -> None:
        post, into = [await posted(app, ann, forum, content) for content in (pictured, "…")]
        act = await forums.merge_posts(app.db, ann.actor, post, into)
        comment = UUID(act.changes["comment_id"]["after"])
        await work()
        assert await titles(ada, f"{COMMENTS}/{comment}") == [["Bees"]]

    async def test_shows_none_of_who_wants_none(
        self, app: App, ada: Any, ann: Person, forum: UUID, site: WebSite, pictured: str, work: Any
    ) -> None:
        post = await posted(app, ann, forum, "quietly", suppress_previews=True)
        act = await forums.merge_posts(app.db, ann.actor, post, await posted(app, ann, forum))
        comment = f"{COMMENTS}/{act.changes['comment_id']['after']}"
        await ada.send("PATCH", comment, json={"content": f"still {pictured}"})
        await work()
        assert await titles(ada, comment) == [[]]
        assert not site.asked


class TestSplit:
    async def test_takes_them_along_and_back(
        self, app: App, ada: Any, ann: Person, forum: UUID, site: WebSite, pictured: str, work: Any
    ) -> None:
        comment = await commented(app, ann, await posted(app, ann, forum), pictured)
        await work()
        asked = len(site.asked)
        act = await forums.split_comment(app.db, ann.actor, comment, "Bees apart")
        post = UUID(act.changes["post_id"]["after"])
        assert await titles(ada, f"{POSTS}/{post}") == [["Bees"]]
        assert await uses(app, post, comment) == said_to("post", post)
        await forums.undo_act(app.db, ann.actor, forum, act.id)
        assert await titles(ada, f"{COMMENTS}/{comment}") == [["Bees"]]
        assert await uses(app, post, comment) == said_to("comment", comment)
        await work()
        assert len(site.asked) == asked


class Told:
    """A thread in which three things are said: the second with no previews, the third with a file."""

    def __init__(self, app: App, ann: Person, channel: UUID) -> None:
        self.app, self.ann, self.channel = app, ann, channel
        self.ids: list[UUID] = []

    async def begin(self, url: str) -> UUID:
        new = NewThread("Bees")
        thread = await groups.create_thread(self.app.db, self.ann.actor, self.channel, new)
        self.file = await make_file(self.app.db, self.ann.actor)
        for message in (
            NewMessage(f"first {url}"),
            NewMessage(f"quietly {url}", suppress_previews=True),
            NewMessage(f"third {url}", attachments=[NewAttachment(self.file)]),
        ):
            sent = await messaging.send_message(
                self.app.db, self.ann.actor, thread.id, message, gate=CHANNELS
            )
            self.ids.append(sent.id)
        return thread.id

    async def to_post(self, thread: UUID, forum: UUID) -> UUID:
        db, ann = self.app.db, self.ann.actor
        seen = await conversions.preview_post(db, ann, thread, forum)
        return (await conversions.make_post_of_thread(db, ann, thread, forum, seen.token)).id

    async def to_thread(self, post: UUID) -> UUID:
        db, ann = self.app.db, self.ann.actor
        seen = await conversions.preview_thread(db, ann, post, self.channel)
        made = await conversions.make_thread_of_post(db, ann, post, self.channel, seen.token)
        return made.id

    def messages(self, thread: UUID, ids: Sequence[UUID]) -> list[str]:
        return [f"/api/v1/channels/{thread}/messages/{id}" for id in ids]


@pytest.fixture
def told(app: App, ann: Person, channel: UUID) -> Told:
    return Told(app, ann, channel)


class TestConversions:
    async def test_take_them_along_and_back(
        self,
        app: App,
        ada: Any,
        ann: Person,
        forum: UUID,
        told: Told,
        site: WebSite,
        pictured: str,
        work: Any,
    ) -> None:
        thread = await told.begin(pictured)
        await work()
        asked = len(site.asked)
        first, quiet, third = told.ids
        post = await told.to_post(thread, forum)
        await sweep(app.db, [thread])
        places = [f"{POSTS}/{post}", f"{COMMENTS}/{quiet}", f"{COMMENTS}/{third}"]
        assert await titles(ada, *places) == [["Bees"], [], ["Bees"]]
        shown = [["comment", str(third), True, True], ["post", str(post), True, True]]
        assert await uses(app, post, *told.ids) == shown
        back = await told.to_thread(post)
        assert await titles(ada, *told.messages(back, told.ids)) == [["Bees"], [], ["Bees"]]
        assert await uses(app, post, *told.ids) == said_to("message", first, third)
        answer = await ada.get(told.messages(back, [quiet])[0])
        assert answer.json["data"]["previews_suppressed"]
        await work()
        assert len(site.asked) == asked

    async def test_lose_nothing_to_what_they_were_before(
        self, app: App, ada: Any, forum: UUID, told: Told, pictured: str, work: Any
    ) -> None:
        thread = await told.begin(pictured)
        await work()
        back = await told.to_thread(await told.to_post(thread, forum))
        await sweep(app.db, [thread])
        first, _, third = told.ids
        assert await uses(app, *told.ids) == said_to("message", first, third)
        assert await exists(app.db, told.file)
        assert await previews.collect_unused(app.db) == 0
        assert await titles(ada, *told.messages(back, [third])) == [["Bees"]]

    async def test_show_what_comes_later(
        self, ada: Any, forum: UUID, told: Told, pictured: str, work: Any
    ) -> None:
        post = await told.to_post(await told.begin(pictured), forum)
        await work()
        places = [f"{POSTS}/{post}", *(f"{COMMENTS}/{id}" for id in told.ids[1:])]
        assert await titles(ada, *places) == [["Bees"], [], ["Bees"]]

    async def test_of_posts_take_theirs_along(
        self, app: App, ada: Any, ann: Person, forum: UUID, told: Told, pictured: str, work: Any
    ) -> None:
        post = await posted(app, ann, forum, url=pictured)
        comment = await commented(app, ann, post, pictured)
        await work()
        thread = await told.to_thread(post)
        said = await messaging.list_messages(app.db, ann.actor, thread, gate=CHANNELS)
        assert [[one.title for one in m.previews] for m in said.items] == [["Bees"], ["Bees"]]
        assert await uses(app, post, comment) == said_to("message", post, comment)


class TestImports:
    async def test_ask_nobody(
        self, app: App, ann: Person, channel: UUID, site: WebSite, pictured: str, work: Any
    ) -> None:
        thread = await groups.create_thread(app.db, ann.actor, channel, NewThread("Old"))
        old = messaging.ImportedMessage(
            UUID(int=thread.id.int ^ 1), ann.id, f"see {pictured}", thread.inserted_at
        )
        async with app.db.transaction() as tx:
            await messaging.import_messages(tx, thread.id, [old])
        await work()
        assert not site.asked
        assert await uses(app, old.id) == []

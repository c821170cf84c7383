"""Previews of the links in posts and comments."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph.application import App
from cgraph_kit import streams
from support.forums import make_forum
from support.people import Person
from support.web_site import WebSite

POSTS, COMMENTS = "/api/v1/posts", "/api/v1/comments"


@pytest.fixture
async def forum(app: App, ann: Person) -> UUID:
    return (await make_forum(app.db, ann.actor)).id


async def posted(caller: Any, forum: UUID, **new: Any) -> str:
    answer = await caller.post(f"/api/v1/forums/{forum}/posts", {"title": "Swarms"} | new)
    assert answer.status == 201, answer.body
    return f"{POSTS}/{answer.json['data']['id']}"


async def commented(caller: Any, post: str, content: str, **more: Any) -> str:
    answer = await caller.post(f"{post}/comments", {"content": content} | more)
    assert answer.status == 201, answer.body
    return f"{COMMENTS}/{answer.json['data']['id']}"


async def titles(caller: Any, item: str) -> list[str]:
    return [one["title"] for one in (await caller.get(item)).json["data"]["previews"]]


async def told(app: App, stream: UUID | str, type: str) -> list[list[str]]:
    """The titles each event of the type tells."""
    found = await streams.since(app.db, UUID(str(stream).rpartition("/")[2]), 0, most=100)
    payloads = [msgspec.json.decode(one.body()) for one in found.events if one.type == type]
    return [[preview["title"] for preview in one["previews"]] for one in payloads]


class TestPosts:
    async def test_show_where_they_lead_first(
        self, app: App, ada: Any, nobody: Any, forum: UUID, site: WebSite, work: Any
    ) -> None:
        one, two = (site.page(f"/{n}", f"<title>{n}</title>") for n in (1, 2))
        post = await posted(ada, forum, url=two, content=f"not {one}")
        assert await titles(nobody, post) == []
        await work()
        assert await titles(nobody, post) == ["2", "1"]
        listed = (await nobody.get(f"/api/v1/forums/{forum}/posts")).json["data"]
        assert [preview["title"] for preview in listed[0]["previews"]] == ["2", "1"]
        assert (await told(app, post, "post_updated"))[-1] == ["2", "1"]
        assert (await told(app, forum, "post_updated"))[-1] == ["2", "1"]

    async def test_follow_what_they_say(
        self, app: App, ada: Any, forum: UUID, site: WebSite, work: Any
    ) -> None:
        one, two = (site.page(f"/{n}", f"<title>{n}</title>") for n in (1, 2))
        post = await posted(ada, forum, content=f"{one} {two}")
        await work()
        await ada.send("PATCH", post, json={"content": two})
        assert await titles(ada, post) == ["2"]
        await ada.send("PATCH", post, json={"suppress_previews": True})
        assert await titles(ada, post) == []
        await ada.send("PATCH", post, json={"content": f"still {one}"})
        await work()
        assert await titles(ada, post) == []
        await ada.send("PATCH", post, json={"suppress_previews": False})
        await work()
        assert await titles(ada, post) == ["1"]

    async def test_leave_nothing_behind(
        self, app: App, ada: Any, forum: UUID, site: WebSite, work: Any
    ) -> None:
        post = await posted(ada, forum, content=site.page("/", "<title>1</title>"))
        await commented(ada, post, "so that a stub stays")
        await work()
        await ada.send("DELETE", post)
        assert await titles(ada, post) == []
        assert not any(await told(app, post, "post_updated"))
        assert not any(await told(app, forum, "post_updated"))
        assert await app.db.value(_USES, UUID(post.rpartition("/")[2])) == 0

    async def test_may_come_without(self, ada: Any, forum: UUID, site: WebSite, work: Any) -> None:
        url = site.page("/", "<title>1</title>")
        post = await posted(ada, forum, url=url, suppress_previews=True)
        await work()
        assert not site.asked
        assert await titles(ada, post) == []


class TestComments:
    async def test_show_where_they_lead(
        self, app: App, ada: Any, nobody: Any, forum: UUID, site: WebSite, work: Any
    ) -> None:
        url = site.page("/", "<title>1</title>")
        post = await posted(ada, forum)
        comment = await commented(ada, post, url)
        quiet = await commented(ada, post, f"quietly {url}", suppress_previews=True)
        await work()
        assert (await titles(nobody, comment), await titles(nobody, quiet)) == (["1"], [])
        listed = (await nobody.get(f"{post}/comments")).json["data"]["comments"]
        assert sorted(len(one["previews"]) for one in listed) == [0, 1]
        assert (await told(app, post, "comment_updated"))[-1] == ["1"]

    async def test_follow_what_they_say_and_leave_nothing_behind(
        self, app: App, ada: Any, forum: UUID, site: WebSite, work: Any
    ) -> None:
        one, two = (site.page(f"/{n}", f"<title>{n}</title>") for n in (1, 2))
        post = await posted(ada, forum)
        comment = await commented(ada, post, one)
        await commented(ada, post, "below", parent_id=comment.rpartition("/")[2])
        await work()
        await ada.send("PATCH", comment, json={"content": f"{two} {one}"})
        await work()
        assert await titles(ada, comment) == ["2", "1"]
        await ada.send("PATCH", comment, json={"suppress_previews": True})
        assert await titles(ada, comment) == []
        await ada.send("PATCH", comment, json={"suppress_previews": False})
        await work()
        await ada.send("DELETE", comment)
        assert await titles(ada, comment) == []
        assert not any(await told(app, post, "comment_updated"))
        assert await app.db.value(_USES, UUID(comment.rpartition("/")[2])) == 0


_USES = "SELECT count(*) FROM link_preview_uses WHERE item_id = $1"

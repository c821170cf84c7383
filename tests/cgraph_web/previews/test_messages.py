"""Previews of the links in messages, as people and their clients meet them."""

from typing import Any

import pytest

from cgraph import messaging
from cgraph.application import App
from support.people import Person, converse
from support.pictures import jpeg
from support.web_site import WebSite

CARD = (
    '<title>Bees</title><meta property="og:title" content="All about bees">'
    '<meta property="og:description" content="They fly &amp; hum.">'
    '<meta property="og:site_name" content="Garden"><meta property="og:image" content="/bee.jpg">'
)


@pytest.fixture
async def path(app: App, ann: Person, bob: Person) -> str:
    return f"/api/v1/conversations/{await converse(app, ann, bob)}"


async def said(caller: Any, path: str, content: str, **more: Any) -> str:
    answer = await caller.post(f"{path}/messages", {"content": content, **more})
    assert answer.status == 201, answer.body
    return f"{path}/messages/{answer.json['data']['id']}"


async def shown(caller: Any, message: str) -> list[Any]:
    found: list[Any] = (await caller.get(message)).json["data"]["previews"]
    return found


class TestShow:
    async def test_a_link_gets_what_its_page_says(
        self, app: App, ada: Any, path: str, site: WebSite, work: Any
    ) -> None:
        site.says("/bee.jpg", jpeg(1280, 800), content_type="image/jpeg")
        url = site.page("/bees", CARD)
        message = await said(ada, path, f"see {url}#wings")
        assert await shown(ada, message) == []
        assert not site.asked
        await work()
        (preview,) = await shown(ada, message)
        assert preview["url"] == url
        assert (preview["kind"], preview["title"]) == ("page", "All about bees")
        assert (preview["description"], preview["site_name"]) == ("They fly & hum.", "Garden")
        assert (preview["image"]["width"], preview["image"]["height"]) == (640, 400)
        assert (await ada.get(f"{path}/messages")).json["data"][0]["previews"] == [preview]
        agent = site.asked[0][1]["user-agent"]
        assert agent.startswith("cgraphbot/")
        assert {"cookie", "authorization", "referer"}.isdisjoint(site.asked[0][1])

"""Previews in channels, where it takes a right to have them shown."""

from typing import Any

import pytest

from cgraph.application import App
from cgraph.groups import Permission
from support.communities import enter, first_channel, found, make_role, overwrite
from support.people import Person
from support.web_site import WebSite

TITLE = "<title>Bees</title>"


@pytest.fixture
def bobby(nobody: Any, bob: Person) -> Any:
    """Bob's caller."""
    return nobody.as_(bob.token)


async def said(caller: Any, path: str, content: str) -> str:
    answer = await caller.post(f"{path}/messages", {"content": content})
    assert answer.status == 201, answer.body
    return f"{path}/messages/{answer.json['data']['id']}"


async def titles(caller: Any, message: str) -> list[str]:
    return [one["title"] for one in (await caller.get(message)).json["data"]["previews"]]


class TestEmbedLinks:
    async def test_shows_links_of_who_has_it_and_of_nobody_else(
        self,
        app: App,
        ada: Any,
        bobby: Any,
        ann: Person,
        bob: Person,
        site: WebSite,
        work: Any,
    ) -> None:
        group = await found(app.db, ann.actor)
        await enter(app.db, group, bob.actor)
        channel = await first_channel(app.db, group)
        path, url = f"/api/v1/channels/{channel}", site.page("/", TITLE)
        first = await said(bobby, path, url)
        await work()
        assert await titles(ada, first) == ["Bees"]
        await overwrite(app.db, channel, bob.id, deny=int(Permission.EMBED_LINKS))
        second, third = await said(bobby, path, url), await said(ada, path, url)
        await bobby.send("PUT", f"{second}/previews")
        await work()
        assert (await titles(ada, second), await titles(ada, third)) == ([], ["Bees"])
        await bobby.send("PATCH", first, json={"content": f"see {url}"})
        await work()
        assert await titles(ada, first) == []


class TestHide:
    async def test_is_for_who_manages_messages(
        self, app: App, ada: Any, bobby: Any, ann: Person, bob: Person, site: WebSite, work: Any
    ) -> None:
        group = await found(app.db, ann.actor)
        role = await make_role(app.db, group, int(Permission.MANAGE_MESSAGES))
        await enter(app.db, group, bob.actor)
        path = f"/api/v1/channels/{await first_channel(app.db, group)}"
        message = await said(ada, path, site.page("/", TITLE))
        await work()
        refused = await bobby.send("DELETE", f"{message}/previews")
        assert (refused.code, await titles(ada, message)) == ("not_author", ["Bees"])
        await app.db.value(_GIVE, group, bob.id, role)
        hidden = await bobby.send("DELETE", f"{message}/previews")
        assert (hidden.status, await titles(ada, message)) == (200, [])
        await bobby.send("PUT", f"{message}/previews")
        await work()
        assert await titles(ada, message) == ["Bees"]


_GIVE = "INSERT INTO group_member_roles (group_id, user_id, role_id) VALUES ($1, $2, $3)"

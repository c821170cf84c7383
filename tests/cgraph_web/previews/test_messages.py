"""Previews of the links in messages, as people and their clients meet them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph import files, messaging, previews
from cgraph.application import App
from cgraph_kit import clock
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


@pytest.fixture
def bobby(nobody: Any, bob: Person) -> Any:
    """Bob's caller."""
    return nobody.as_(bob.token)


async def said(caller: Any, path: str, content: str, **more: Any) -> str:
    answer = await caller.post(f"{path}/messages", {"content": content, **more})
    assert answer.status == 201, answer.body
    return f"{path}/messages/{answer.json['data']['id']}"


async def shown(caller: Any, message: str) -> list[Any]:
    found: list[Any] = (await caller.get(message)).json["data"]["previews"]
    return found


async def titles(caller: Any, message: str) -> list[str]:
    return [preview["title"] for preview in await shown(caller, message)]


async def told(app: App, person: Person, path: str) -> list[Any]:
    """What the log of a conversation tells of previews."""
    missed = await messaging.read_since(app.db, person.actor, UUID(path.rpartition("/")[2]), 0)
    found = [event for event in missed.events if event.type == "previews_updated"]
    return [msgspec.json.decode(event.body()) for event in found]


class TestShow:
    async def test_a_link_gets_what_its_page_says(
        self, ada: Any, path: str, site: WebSite, work: Any
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

    async def test_everybody_hears_of_it_and_who_was_away_too(
        self, app: App, ada: Any, ann: Person, bob: Person, path: str, site: WebSite, work: Any
    ) -> None:
        message = await said(ada, path, site.page("/", CARD))
        await work()
        (event,) = await told(app, bob, path)
        assert event["id"] == message.rpartition("/")[2]
        assert event["previews"] == await shown(ada, message)

    async def test_links_keep_their_order_and_five_are_enough(
        self, ada: Any, path: str, site: WebSite, work: Any
    ) -> None:
        urls = [site.page(f"/{n}", f"<title>{n}</title>") for n in (3, 1, 2, 6, 5, 4)]
        message = await said(ada, path, " ".join(urls))
        await work()
        assert await titles(ada, message) == ["3", "1", "2", "6", "5"]
        assert not site.asked_for("/4")

    async def test_a_page_is_read_once_for_all_for_a_day(
        self, app: App, ada: Any, path: str, site: WebSite, work: Any
    ) -> None:
        url = site.page("/", "<title>old</title>")
        first = await said(ada, path, url)
        second = await said(ada, path, f"again {url}")
        await work()
        third = await said(ada, path, f"and again {url}")
        await work()
        assert await titles(ada, first) == await titles(ada, second) == ["old"]
        assert await titles(ada, third) == ["old"]
        assert site.asked_for("/") == 1
        site.page("/", "<title>new</title>")
        await app.db.value(_AGE, url, clock.now())
        fourth = await said(ada, path, f"much later {url}")
        await work()
        assert await titles(ada, fourth) == ["new"]
        assert await titles(ada, first) == ["old"]

    async def test_what_failed_is_not_asked_for_an_hour_and_shows_nothing(
        self, app: App, ada: Any, bob: Person, path: str, site: WebSite, work: Any
    ) -> None:
        url = f"{site.url}/gone"
        message = await said(ada, path, url)
        await work()
        await said(ada, path, f"again {url}")
        await work()
        assert site.asked_for("/gone") == 1
        assert await shown(ada, message) == []
        assert await told(app, bob, path) == []
        ends = await app.db.value("SELECT expires_at FROM link_previews WHERE url = $1", url)
        assert timedelta(minutes=59) < ends - clock.now() <= timedelta(hours=1)

    async def test_a_picture_is_shown_as_one(
        self, ada: Any, path: str, site: WebSite, work: Any
    ) -> None:
        url = site.says("/bee.jpg", jpeg(300, 200), content_type="image/jpeg")
        message = await said(ada, path, url)
        await work()
        (preview,) = await shown(ada, message)
        assert (preview["kind"], preview["title"]) == ("image", "bee.jpg")
        assert (preview["image"]["width"], preview["image"]["height"]) == (300, 200)

    @pytest.mark.parametrize(
        "body",
        [
            b"no picture",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            jpeg(9, 9)[:-90],
            b"GIF89a" + b"\xff\xff\xff\xff" + bytes(99),
        ],
        ids=["words", "drawing", "half", "bomb"],
    )
    async def test_what_is_no_picture_is_shown_without(
        self, ada: Any, path: str, site: WebSite, work: Any, body: bytes
    ) -> None:
        site.says("/bee.jpg", body, content_type="image/jpeg")
        message = await said(ada, path, site.page("/", CARD))
        alone = await said(ada, path, f"{site.url}/bee.jpg")
        await work()
        (preview,) = await shown(ada, message)
        assert (preview["title"], preview["image"]) == ("All about bees", None)
        assert await shown(ada, alone) == []

    async def test_a_host_is_asked_one_page_at_a_time(
        self, app: App, ada: Any, path: str, site: WebSite, work: Any
    ) -> None:
        message = await said(ada, path, site.page("/", CARD))
        await app.db.value(_TAKE, clock.now() + timedelta(minutes=1))
        await work()
        assert not site.asked
        await app.db.value("DELETE FROM link_preview_hosts")
        await work(later=True)
        assert await titles(ada, message) == ["All about bees"]
        assert await app.db.value("SELECT count(*) FROM link_preview_hosts") == 0

    async def test_a_text_without_links_asks_for_nothing(
        self, app: App, ada: Any, path: str
    ) -> None:
        message = await said(ada, path, "http is a protocol, `https://code.example` is code")
        await said(ada, path, "<https://quiet.example/>")
        assert await app.db.value(_USES, UUID(message.rpartition("/")[2])) == 0
        assert not await app.db.value("SELECT true FROM link_previews WHERE host LIKE '%.example'")


class TestEdit:
    async def test_what_is_shown_follows_the_text(
        self, app: App, ada: Any, bob: Person, path: str, site: WebSite, work: Any
    ) -> None:
        one, two = (site.page(f"/{n}", f"<title>{n}</title>") for n in (1, 2))
        message = await said(ada, path, one)
        await work()
        await ada.send("PATCH", message, json={"content": f"{two} {one}"})
        assert await titles(ada, message) == ["1"]
        await work()
        assert await titles(ada, message) == ["2", "1"]
        await ada.send("PATCH", message, json={"content": f"only {two}"})
        assert await titles(ada, message) == ["2"]
        await ada.send("PATCH", message, json={"content": "nothing"})
        assert await shown(ada, message) == []
        events = await told(app, bob, path)
        assert events[-1]["previews"] == []
        assert await app.db.value(_USES, UUID(message.rpartition("/")[2])) == 0

    async def test_other_words_around_a_link_change_nothing(
        self, app: App, ada: Any, bob: Person, path: str, site: WebSite, work: Any
    ) -> None:
        url = site.page("/", CARD)
        message = await said(ada, path, url)
        await work()
        before = await told(app, bob, path)
        await ada.send("PATCH", message, json={"content": f"see {url}"})
        await work()
        assert await titles(ada, message) == ["All about bees"]
        assert len(await told(app, bob, path)) == len(before)


class TestDelete:
    async def test_nothing_is_left_of_it_in_the_log_either(
        self, app: App, ada: Any, bob: Person, path: str, site: WebSite, work: Any
    ) -> None:
        message = await said(ada, path, site.page("/", CARD))
        await work()
        await ada.send("DELETE", message)
        assert await shown(ada, message) == []
        (event,) = await told(app, bob, path)
        assert event["previews"] == []
        assert await app.db.value(_USES, UUID(message.rpartition("/")[2])) == 0

    async def test_what_is_gone_before_its_page_was_read_stays_gone(
        self, app: App, ada: Any, bob: Person, path: str, site: WebSite, work: Any
    ) -> None:
        message = await said(ada, path, site.page("/", CARD))
        await ada.send("DELETE", message)
        await work()
        assert await shown(ada, message) == []
        assert await told(app, bob, path) == []


class TestSuppress:
    async def test_its_author_may_have_none_shown_and_have_them_back(
        self, ada: Any, path: str, site: WebSite, work: Any
    ) -> None:
        url = site.page("/", CARD)
        message = await said(ada, path, url)
        await work()
        hidden = await ada.send("DELETE", f"{message}/previews")
        assert (hidden.status, hidden.json["data"]["previews"]) == (200, [])
        assert hidden.json["data"]["previews_suppressed"] is True
        await ada.send("PATCH", message, json={"content": f"still {url}"})
        await work()
        assert await shown(ada, message) == []
        back = await ada.send("PUT", f"{message}/previews")
        assert back.json["data"]["previews_suppressed"] is False
        await work()
        assert await titles(ada, message) == ["All about bees"]

    async def test_may_be_said_with_the_message(
        self, ada: Any, path: str, site: WebSite, work: Any
    ) -> None:
        message = await said(ada, path, site.page("/", CARD), suppress_previews=True)
        await work()
        assert not site.asked
        assert (await ada.get(message)).json["data"]["previews_suppressed"] is True

    @pytest.mark.parametrize("changed", [False, True])
    async def test_may_be_said_of_what_is_said_later(
        self, ada: Any, path: str, site: WebSite, work: Any, changed: bool
    ) -> None:
        at = (clock.now() + timedelta(minutes=5)).isoformat()
        new = {"content": site.page("/", CARD), "send_at": at, "suppress_previews": not changed}
        later = (await ada.post(f"{path}/scheduled-messages", new)).json["data"]
        assert later["suppress_previews"] is not changed
        kept = f"/api/v1/me/scheduled-messages/{later['id']}"
        if changed:
            answer = await ada.send("PATCH", kept, json={"suppress_previews": True})
            assert answer.json["data"]["suppress_previews"] is True
        sent = await ada.post(f"{kept}/send")
        await work()
        assert not site.asked
        message = await ada.get(f"{path}/messages/{sent.json['data']['id']}")
        assert message.json["data"]["previews_suppressed"] is True

    async def test_is_nobody_elses(
        self, ada: Any, bobby: Any, nobody: Any, path: str, site: WebSite
    ) -> None:
        message = await said(ada, path, "hi")
        for method in ("PUT", "DELETE"):
            assert (await bobby.send(method, f"{message}/previews")).code == "not_author"
            assert (await nobody.send(method, f"{message}/previews")).status == 401


class TestImage:
    async def test_is_handed_out_by_us_alone(
        self, app: App, ada: Any, nobody: Any, path: str, site: WebSite, work: Any
    ) -> None:
        site.says("/bee.jpg", jpeg(1280, 800), content_type="image/jpeg")
        message = await said(ada, path, site.page("/", CARD))
        await work()
        asked = len(site.asked)
        (preview,) = await shown(ada, message)
        answer = await nobody.get(preview["image"]["url"])
        assert answer.status == 200
        assert answer.body[8:12] == b"WEBP"
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"].startswith("public")
        assert len(site.asked) == asked
        tag = {"if-none-match": answer.headers["etag"]}
        assert (await nobody.get(preview["image"]["url"], headers=tag)).status == 304

    async def test_is_kept_once_and_as_long_as_it_is_shown(
        self, app: App, ada: Any, nobody: Any, path: str, site: WebSite, work: Any
    ) -> None:
        site.says("/bee.jpg", jpeg(700, 77), content_type="image/jpeg")
        urls = [site.page(f"/{n}", CARD) for n in (1, 2)]
        messages = [await said(ada, path, url) for url in urls]
        await work()
        one, two = [(await shown(ada, message))[0]["image"]["url"] for message in messages]
        assert one == two
        await ada.send("DELETE", messages[0])
        await collect(app, urls)
        assert (await nobody.get(one)).status == 200
        await ada.send("DELETE", messages[1])
        await collect(app, urls)
        assert (await nobody.get(one)).code == "preview_not_found"
        id = UUID(one.split("/")[-2])
        assert await app.storage.head(previews.image_key(id)) is None
        assert not await app.db.value("SELECT true FROM link_previews WHERE url = $1", urls[0])


async def collect(app: App, urls: list[str]) -> None:
    """As if what was read of these pages had been kept long enough."""
    await app.db.value(_OLD, urls, clock.now() - timedelta(days=3))
    await app.db.value("UPDATE link_images SET inserted_at = now() - interval '2 hours'")
    await previews.collect_unused(app.db)
    await files.collect(app.db, app.storage)


_AGE = "UPDATE link_previews SET expires_at = $2 WHERE url = $1"
_OLD = "UPDATE link_previews SET expires_at = $2 WHERE url = ANY($1)"
_TAKE = "INSERT INTO link_preview_hosts (host, until) VALUES ('127.0.0.1', $1)"
_USES = "SELECT count(*) FROM link_preview_uses WHERE item_id = $1"

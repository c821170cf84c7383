"""Feeds, read by a parser that knows nothing of how they are made."""

from typing import Any
from xml.etree import ElementTree

import pytest

from .test_forums import made, posted

ATOM = "{http://www.w3.org/2005/Atom}"
NASTY = "<b>&amp; ]]> \u0007 \U0001f41d"


async def parsed(caller: Any, path: str) -> tuple[Any, ElementTree.Element]:
    answer = await caller.get(f"/api/v1{path}")
    assert answer.status == 200, answer.body
    return answer, ElementTree.fromstring(answer.body)  # noqa: S314 (our own)


class TestForumFeed:
    async def test_atom_has_the_newest_posts(self, person: Any, nobody: Any) -> None:
        ann = await person()
        forum = await made(ann, description=f"About {NASTY}")
        await posted(ann, forum, title="First")
        last = await posted(
            ann, forum, title=NASTY, url="https://x.example/?a=1&b=2", content="*hi* ]]>"
        )
        answer, feed = await parsed(nobody, f"/forums/{forum['slug']}/feed/atom")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        entries = feed.findall(f"{ATOM}entry")
        titles = [entry.findtext(f"{ATOM}title") for entry in entries]
        assert titles == [NASTY.replace("\u0007", "\ufffd"), "First"]
        assert entries[0].findtext(f"{ATOM}content") == "<p><em>hi</em> ]]&gt;</p>\n"
        assert (entries[0].findtext(f"{ATOM}id") or "").endswith(f"/posts/{last['id']}")
        links = {link.get("rel"): link.get("href") for link in entries[0].findall(f"{ATOM}link")}
        assert links["related"] == "https://x.example/?a=1&b=2"
        assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")

    async def test_rss_has_the_same(self, person: Any, nobody: Any) -> None:
        ann = await person()
        forum = await made(ann)
        await posted(ann, forum, title=NASTY)
        answer, feed = await parsed(nobody, f"/forums/{forum['slug']}/feed/rss")
        assert answer.headers["content-type"].startswith("application/rss+xml")
        (item,) = feed.findall("channel/item")
        assert item.findtext("title") == NASTY.replace("\u0007", "\ufffd")
        assert (item.findtext("pubDate") or "").endswith("GMT")

    async def test_may_be_empty(self, person: Any, nobody: Any) -> None:
        forum = await made(await person())
        for format in ("atom", "rss"):
            await parsed(nobody, f"/forums/{forum['slug']}/feed/{format}")

    async def test_is_cached_and_asked_for_again_for_nothing(
        self, person: Any, nobody: Any
    ) -> None:
        forum = await made(await person())
        path = f"/api/v1/forums/{forum['slug']}/feed/atom"
        tag = (await nobody.get(path)).headers["etag"]
        again = await nobody.get(path, headers={"if-none-match": tag})
        assert (again.status, again.body) == (304, b"")

    @pytest.mark.parametrize("format", ["json", "ATOM", "x"])
    async def test_of_another_kind_is_not_there(
        self, person: Any, nobody: Any, format: str
    ) -> None:
        forum = await made(await person())
        assert (await nobody.get(f"/api/v1/forums/{forum['slug']}/feed/{format}")).status == 404

    async def test_of_a_private_forum_is_for_those_inside(self, person: Any, nobody: Any) -> None:
        ann = await person()
        forum = await made(ann, visibility="private")
        path = f"/forums/{forum['slug']}/feed/atom"
        assert (await nobody.get(f"/api/v1{path}")).status == 404
        answer, _ = await parsed(ann.caller, path)
        assert answer.headers["cache-control"] == "private, no-store"


class TestPostFeed:
    async def test_has_the_newest_comments(self, person: Any, nobody: Any) -> None:
        ann = await person()
        post = await posted(ann, await made(ann), title="Bees")
        for content in ("one", "two"):
            said = await ann.caller.post(
                f"/api/v1/posts/{post['id']}/comments", {"content": content}
            )
            assert said.status == 201, said.body
        for format, entry, text in (
            ("atom", f"{ATOM}entry", f"{ATOM}content"),
            ("rss", "channel/item", "description"),
        ):
            _, feed = await parsed(nobody, f"/posts/{post['id']}/feed/{format}")
            assert [one.findtext(text) for one in feed.findall(entry)] == [
                "<p>two</p>\n",
                "<p>one</p>\n",
            ]

from typing import Any

from cgraph_kit.ids import new_id

FORUMS = "/api/v1/forums"


def slug() -> str:
    return "f" + new_id().hex[-12:]


async def made(person: Any, **more: Any) -> dict[str, Any]:
    """A forum of somebody's."""
    answer = await person.caller.post(FORUMS, {"slug": slug(), "title": "Things"} | more)
    assert answer.status == 201, answer.body
    data: dict[str, Any] = answer.json["data"]
    return data


async def posted(person: Any, forum: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await person.caller.post(f"{FORUMS}/{forum['slug']}/posts", {"title": "A post"} | more)
    assert answer.status == 201, answer.body
    data: dict[str, Any] = answer.json["data"]
    return data


class TestThinPath:
    async def test_a_forum_a_post_and_a_reader_without_a_token(
        self, person: Any, nobody: Any
    ) -> None:
        ann = await person()
        forum = await made(ann, sidebar="*be* kind")
        assert forum["sidebar_html"] == "<p><em>be</em> kind</p>\n"
        post = await posted(ann, forum, content="**hello** <script>alert(1)</script>")
        assert (post["score"], post["my_vote"]) == (1, 1)
        read = await nobody.get(f"/api/v1/posts/{post['id']}")
        assert read.status == 200
        assert read.json["data"]["html"].startswith("<p><strong>hello</strong> &lt;script")
        assert read.json["data"]["forum"]["slug"] == forum["slug"]
        shown = await nobody.get(f"{FORUMS}/{forum['id']}")
        assert shown.json["data"]["post_count"] == 1

from typing import Any

import pytest

from .test_forums import made, posted

A = "/api/v1"


async def said(person: Any, post_id: str, content: str = "Yes.", **more: Any) -> dict[str, Any]:
    answer = await person.caller.post(f"{A}/posts/{post_id}/comments", {"content": content} | more)
    assert answer.status == 201, answer.body
    data: dict[str, Any] = answer.json["data"]
    return data


class TestComments:
    async def test_are_read_as_a_tree_without_a_token(self, person: Any, nobody: Any) -> None:
        ann, bob = await person(), await person()
        post_id = (await posted(ann, await made(ann)))["id"]
        top = await said(bob, post_id)
        for n in range(5):
            await said(ann, post_id, f"Answer {n}", parent_id=top["id"])
        page = (await nobody.get(f"{A}/posts/{post_id}/comments?sort=old")).json["data"]
        assert [one["content"] for one in page["comments"]] == [
            "Yes.",
            "Answer 0",
            "Answer 1",
            "Answer 2",
        ]
        more = page["comments"][0]["more"]
        assert (more["parent_id"], more["remaining"]) == (top["id"], 2)
        rest = await nobody.get(f"{A}/posts/{post_id}/comments?cursor={more['cursor']}")
        assert [one["content"] for one in rest.json["data"]["comments"]] == ["Answer 3", "Answer 4"]
        assert rest.json["data"]["sort"] == "old"

    async def test_may_be_changed_and_taken_back(self, person: Any, nobody: Any) -> None:
        ann = await person()
        post_id = (await posted(ann, await made(ann)))["id"]
        comment = await said(ann, post_id)
        url = f"{A}/comments/{comment['id']}"
        answer = await ann.caller.send("PATCH", url, json={"content": "*No.*"})
        assert (answer.status, answer.json["data"]["html"]) == (200, "<p><em>No.</em></p>\n")
        assert len((await nobody.get(f"{url}/revisions")).json["data"]) == 1
        assert (await ann.caller.send("DELETE", url)).status == 204
        gone = await nobody.get(url)
        assert (gone.status, gone.json["error"]["code"]) == (404, "comment_not_found")

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("sort=loudest", "sort"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("depth=11", "depth"),
            ("cursor=x", "cursor"),
            ("focus=x", "focus"),
            ("context=51", "context"),
        ],
    )
    async def test_say_what_is_wrong_with_a_question(
        self, person: Any, query: str, field: str
    ) -> None:
        ann = await person()
        post_id = (await posted(ann, await made(ann)))["id"]
        answer = await ann.caller.get(f"{A}/posts/{post_id}/comments?{query}")
        assert answer.status == 422
        assert field in answer.json["error"]["fields"]

    async def test_refuse_what_says_nothing(self, person: Any) -> None:
        ann = await person()
        post_id = (await posted(ann, await made(ann)))["id"]
        for content in ("", " ", "x" * 10_001):
            answer = await ann.caller.post(f"{A}/posts/{post_id}/comments", {"content": content})
            assert answer.status == 422
            assert "content" in answer.json["error"]["fields"]


class TestVotes:
    async def test_count_once_however_often_they_are_given(self, person: Any) -> None:
        ann, bob = await person(), await person()
        post_id = (await posted(ann, await made(ann)))["id"]
        for _ in range(2):
            answer = await bob.caller.send("PUT", f"{A}/posts/{post_id}/vote", json={"value": -1})
            assert answer.json["data"] == {
                "id": post_id,
                "upvotes": 1,
                "downvotes": 1,
                "score": 0,
                "my_vote": -1,
            }
        shown = await bob.caller.get(f"{A}/posts/{post_id}")
        assert (shown.json["data"]["score"], shown.json["data"]["my_vote"]) == (0, -1)

    @pytest.mark.parametrize("value", [2, -2, "up", None, 0.5])
    async def test_are_one_of_three(self, person: Any, value: Any) -> None:
        ann, bob = await person(), await person()
        post_id = (await posted(ann, await made(ann)))["id"]
        answer = await bob.caller.send("PUT", f"{A}/posts/{post_id}/vote", json={"value": value})
        assert answer.status == 422
        assert "value" in answer.json["error"]["fields"]

    async def test_are_known_to_moderators(self, person: Any) -> None:
        ann, bob = await person(), await person()
        comment = await said(bob, (await posted(ann, await made(ann)))["id"])
        url = f"{A}/comments/{comment['id']}"
        assert (await ann.caller.send("PUT", f"{url}/vote", json={"value": 1})).status == 200
        given = (await ann.caller.get(f"{url}/votes")).json["data"]
        assert sorted(vote["value"] for vote in given) == [1, 1]
        assert (await bob.caller.get(f"{url}/votes")).status == 403

    async def test_give_karma(self, person: Any) -> None:
        ann, bob = await person(), await person()
        forum = await made(ann)
        comment = await said(bob, (await posted(ann, forum))["id"])
        await ann.caller.send("PUT", f"{A}/comments/{comment['id']}/vote", json={"value": 1})
        karma = (await ann.caller.get(f"{A}/users/{bob.id}/karma")).json["data"]
        assert (karma["posts"], karma["comments"], karma["total"]) == (0, 1, 1)
        assert [one["slug"] for one in karma["forums"]] == [forum["slug"]]


class TestRankedLists:
    async def test_go_on_where_they_stood(self, person: Any, nobody: Any) -> None:
        ann, bob = await person(), await person()
        forum = await made(ann)
        posts = [(await posted(ann, forum, title=f"No. {n}"))["id"] for n in range(6)]
        url = f"{A}/forums/{forum['slug']}/posts?sort=top&limit=2"
        page = (await nobody.get(url)).json
        seen = [one["id"] for one in page["data"]]
        await bob.caller.send("PUT", f"{A}/posts/{posts[0]}/vote", json={"value": 1})
        await bob.caller.send("PUT", f"{A}/posts/{posts[5]}/vote", json={"value": -1})
        while page["page"]["after"]:
            page = (await nobody.get(f"{url}&after={page['page']['after']}")).json
            seen += [one["id"] for one in page["data"]]
        assert seen == posts[::-1]

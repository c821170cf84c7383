from typing import Any

from cgraph_kit.ids import new_id

from .conftest import PASSWORD

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


class TestCaching:
    async def test_answers_to_nobody_are_kept_and_named(self, person: Any, nobody: Any) -> None:
        ann = await person()
        forum = await made(ann)
        post = await posted(ann, forum)
        for path in (
            f"{FORUMS}/{forum['slug']}",
            f"{FORUMS}/{forum['slug']}/posts?sort=new",
            f"/api/v1/posts/{post['id']}",
            f"/api/v1/posts?forums={forum['slug']}&sort=new",
            f"{FORUMS}?limit=1",
        ):
            first = await nobody.get(path)
            assert first.headers["cache-control"].startswith("public, max-age=")
            assert "authorization" in first.headers["vary"]
            for tag in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
                again = await nobody.get(path, headers={"if-none-match": tag})
                assert (again.status, again.body) == (304, b""), path
                assert again.headers["etag"] == first.headers["etag"]
            other = await nobody.get(path, headers={"if-none-match": '"x"'})
            assert (other.status, other.json) == (200, first.json)

    async def test_names_change_with_what_is_said(self, person: Any, nobody: Any) -> None:
        ann = await person()
        post = await posted(ann, await made(ann))
        path = f"/api/v1/posts/{post['id']}"
        tag = (await nobody.get(path)).headers["etag"]
        await ann.caller.send("PATCH", path, json={"title": "Another"})
        assert (await nobody.get(path, headers={"if-none-match": tag})).status == 200

    async def test_answers_to_somebody_are_nobody_elses(self, person: Any) -> None:
        ann = await person()
        post = await posted(ann, await made(ann))
        path = f"/api/v1/posts/{post['id']}"
        answer = await ann.caller.get(path, headers={"if-none-match": "*"})
        assert answer.status == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert "etag" not in answer.headers

    async def test_failures_are_not_kept(self, nobody: Any) -> None:
        answer = await nobody.get(f"{FORUMS}/{slug()}")
        assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")

    async def test_a_token_that_is_none_is_refused(self, person: Any, nobody: Any) -> None:
        forum = await made(await person())
        answer = await nobody.as_("x.y.z").get(f"{FORUMS}/{forum['slug']}")
        assert answer.status == 401


class TestDelete:
    async def test_takes_the_password_and_no_children(self, person: Any, nobody: Any) -> None:
        ann = await person()
        top = await made(ann)
        low = await made(ann, parent_id=top["id"])
        post = await posted(ann, low)

        async def delete(forum: dict[str, Any], password: str) -> Any:
            path = f"{FORUMS}/{forum['slug']}/delete"
            return await ann.caller.post(path, {"password": password})

        assert (await delete(low, "wrong password")).code == "wrong_password"
        assert (await delete(top, PASSWORD)).code == "forum_has_children"
        assert (await delete(low, PASSWORD)).status == 204
        for path in (f"{FORUMS}/{low['slug']}", f"/api/v1/posts/{post['id']}"):
            assert (await nobody.get(path)).status == 404
            assert (await ann.caller.get(path)).status == 404
        again = await ann.caller.post(FORUMS, {"slug": low["slug"], "title": "Mine now"})
        assert again.code == "slug_taken"
        assert (await delete(top, PASSWORD)).status == 204


class TestTransfer:
    async def test_makes_the_old_creator_the_second(self, person: Any) -> None:
        ann, bob = await person(), await person()
        forum = await made(ann)
        path = f"{FORUMS}/{forum['slug']}"
        body = {"user_id": bob.id, "password": PASSWORD}
        assert (await ann.caller.post(f"{path}/transfer", body)).code == "moderator_not_found"
        await ann.caller.send("PUT", f"{path}/moderators/{bob.id}")
        answer = await ann.caller.post(f"{path}/transfer", body)
        assert [(one["user"]["id"], one["creator"]) for one in answer.json["data"]] == [
            (bob.id, True),
            (ann.id, False),
        ]


class TestRepeats:
    async def test_a_named_post_is_made_once(self, person: Any) -> None:
        ann = await person()
        forum = await made(ann)
        path = f"{FORUMS}/{forum['slug']}/posts"
        answers = [
            await ann.caller.post(path, {"title": "Bees"}, headers={"idempotency-key": "k"})
            for _ in range(2)
        ]
        assert answers[0].json == answers[1].json
        assert answers[1].headers["idempotent-replay"] == "true"
        listed = await ann.caller.get(path)
        assert len(listed.json["data"]) == 1

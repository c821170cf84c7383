"""What moderators of forums do, over REST."""

from typing import Any

import pytest

from cgraph import forums
from cgraph.application import App
from cgraph.forums import NewComment
from cgraph_web.app import create_app
from support.forums import make_forum, make_post
from support.people import Person, register

from .conftest import Caller

P = "/api/v1/posts"
C = "/api/v1/comments"


@pytest.fixture
async def people(app: App) -> tuple[Person, Person]:
    """Who moderates, and who writes."""
    return await register(app), await register(app)


def caller(app: App, person: Person) -> Caller:
    return Caller(app, create_app(app), person.token)


class TestMerge:
    async def test_leads_the_old_address_on(self, app: App, people: tuple[Person, Person]) -> None:
        host, ann = people
        forum = await make_forum(app.db, host.actor)
        post = await make_post(app.db, ann.actor, forum.id)
        into = await make_post(app.db, ann.actor, forum.id)
        body = {"into_id": str(into.id), "reason": "the same question"}
        act = (await caller(app, host).post(f"{P}/{post.id}/merge", body)).json["data"]
        answer = await caller(app, ann).get(f"{P}/{post.id}")
        assert (answer.status, answer.code) == (301, "post_moved")
        assert answer.headers["location"] == f"{P}/{into.id}"
        assert answer.error["moved_to"] == {"kind": "post", "id": str(into.id)}

        path = f"/api/v1/forums/{forum.slug}/log/{act['id']}/undo"
        assert (await caller(app, host).post(path, {})).status == 200
        assert (await caller(app, ann).get(f"{P}/{post.id}")).status == 200


class TestSplit:
    async def test_leads_the_old_address_on(self, app: App, people: tuple[Person, Person]) -> None:
        host, ann = people
        forum = await make_forum(app.db, host.actor)
        post = await make_post(app.db, ann.actor, forum.id)
        said = await forums.create_comment(app.db, ann.actor, post.id, NewComment("Besides…"))
        body = {"title": "Another subject"}
        act = (await caller(app, host).post(f"{C}/{said.id}/split", body)).json["data"]
        made: Any = act["changes"]["post_id"]["after"]
        answer = await caller(app, ann).get(f"{C}/{said.id}")
        assert (answer.status, answer.headers["location"]) == (301, f"{P}/{made}")


class TestLog:
    async def test_names_nobody_who_reported(self, app: App, people: tuple[Person, Person]) -> None:
        host, ann = people
        reporter = await register(app)
        forum = await make_forum(app.db, host.actor)
        post = await make_post(app.db, ann.actor, forum.id)
        report = {"kind": "post", "id": str(post.id), "reason": "spam"}
        await caller(app, reporter).post("/api/v1/reports", report)
        queue = await caller(app, host).get(f"/api/v1/moderation/queue?place_id={forum.id}")
        (case,) = queue.json["data"]
        decision = {"version": case["version"], "decision": "approve", "measures": ["remove"]}
        path = f"/api/v1/moderation/queue/{case['id']}/resolve"
        assert (await caller(app, host).post(path, decision)).status == 200
        log = await caller(app, ann).get(f"/api/v1/forums/{forum.slug}/log")
        assert [entry["action"] for entry in log.json["data"]] == ["post_removed"]
        assert str(reporter.id).encode() not in log.body
        notices = await caller(app, ann).get("/api/v1/moderation/notices")
        assert [one["measures"] for one in notices.json["data"]] == [["remove"]]
        assert str(host.id).encode() not in notices.body

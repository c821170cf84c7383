"""The inbox, and why one was told or not, over REST."""

from typing import Any, NamedTuple
from uuid import UUID

import pytest

from cgraph import accounts, messaging
from cgraph_kit.ids import new_id

INBOX = "/api/v1/me/notifications"
OUTCOMES = "/api/v1/me/notification-outcomes"
ADMIN = "/api/v1/admin/notification-outcomes"


class Scene(NamedTuple):
    """Ann writes to Bob."""

    app: Any
    ann: Any
    bob: Any
    conversation_id: str

    async def say(self, text: str = "hello") -> str:
        """Said, and told."""
        path = f"/api/v1/conversations/{self.conversation_id}/messages"
        said = await self.ann.caller.post(path, {"content": text})
        worker = messaging.notify_participants
        await worker.handler(self.app, worker.args(UUID(self.conversation_id)))
        return str(said.json["data"]["id"])

    async def inbox(self, query: str = "") -> Any:
        return (await self.bob.caller.get(INBOX + query)).json["data"]

    async def count(self) -> tuple[int, int]:
        found = (await self.bob.caller.get(f"{INBOX}/count")).json["data"]
        return found["unread"], found["unseen"]


@pytest.fixture
async def scene(app: Any, person: Any) -> Scene:
    ann, bob = await person(), await person()
    made = await ann.caller.post("/api/v1/conversations", {"participant_ids": [bob.id]})
    return Scene(app, ann, bob, made.json["data"]["id"])


class TestInbox:
    async def test_is_listed_and_counted(self, scene: Scene) -> None:
        id = await scene.say()
        (entry,) = await scene.inbox()
        assert (entry["kind"], entry["object_id"], entry["text"]) == ("dm", id, "hello")
        assert entry["scope_id"] == scene.conversation_id
        assert [actor["id"] for actor in entry["actors"]] == [scene.ann.id]
        assert await scene.count() == (1, 1)
        assert await scene.inbox("?kind=mention") == []
        assert len(await scene.inbox("?unread=true&kind=dm")) == 1

    async def test_is_seen_read_and_emptied(self, scene: Scene) -> None:
        await scene.say()
        (entry,) = await scene.inbox()
        assert (await scene.bob.caller.post(f"{INBOX}/seen")).json["data"] == {
            "unread": 1,
            "unseen": 0,
        }
        read = await scene.bob.caller.post(f"{INBOX}/read", {"id": entry["id"]})
        assert read.json["data"]["unread"] == 0
        assert await scene.inbox("?unread=true") == []
        path = f"{INBOX}/{entry['id']}"
        assert (await scene.bob.caller.send("DELETE", path)).status == 204
        assert (await scene.bob.caller.send("DELETE", path)).status == 404
        assert await scene.inbox() == []

    async def test_is_read_with_the_conversation(self, scene: Scene) -> None:
        await scene.say()
        path = f"/api/v1/conversations/{scene.conversation_id}/read"
        await scene.bob.caller.post(path, {})
        assert await scene.count() == (0, 0)

    async def test_refuses_what_means_two_things(self, scene: Scene) -> None:
        both = {"id": str(new_id()), "up_to": str(new_id())}
        answer = await scene.bob.caller.post(f"{INBOX}/read", both)
        assert (answer.status, answer.error["fields"]) == (
            422,
            {"up_to": ["cannot be combined with id"]},
        )
        unknown = await scene.bob.caller.post(f"{INBOX}/read", {"id": str(new_id())})
        assert (unknown.status, unknown.error["code"]) == (404, "notification_not_found")


class TestOutcomes:
    async def test_say_why(self, scene: Scene) -> None:
        id = await scene.say()
        (one,) = (await scene.bob.caller.get(f"{OUTCOMES}?message_id={id}")).json["data"]
        assert (one["event_id"], one["kind"], one["state"]) == (id, "dm", "pending")
        assert {way: said["rule"] for way, said in one["ways"].items()} == {
            "in_app": "default",
            "push": "no_device",
            "email": "default",
        }
        assert one["ways"]["push"]["text"] == "None of your devices is registered for pushes."
        for query in (f"event_id={id}", "state=pending", "since=2020-01-01T00:00:00Z"):
            found = (await scene.bob.caller.get(f"{OUTCOMES}?{query}")).json["data"]
            assert [each["event_id"] for each in found] == [id], query
        for query in (f"event_id={new_id()}", "state=held", "until=2020-01-01T00:00:00Z"):
            assert (await scene.bob.caller.get(f"{OUTCOMES}?{query}")).json["data"] == [], query

    async def test_are_ones_own(self, scene: Scene) -> None:
        id = await scene.say()
        assert (await scene.ann.caller.get(f"{OUTCOMES}?message_id={id}")).json["data"] == []

    async def test_come_in_pages(self, scene: Scene) -> None:
        ids = [await scene.say(f"{n}") for n in range(3)]
        first = (await scene.bob.caller.get(f"{OUTCOMES}?limit=2")).json
        after = first["page"]["after"]
        second = (await scene.bob.caller.get(f"{OUTCOMES}?limit=2&after={after}")).json
        found = [one["event_id"] for one in [*first["data"], *second["data"]]]
        assert found == ids[::-1]
        assert second["page"]["after"] is None

    async def test_are_open_to_administrators(self, scene: Scene) -> None:
        id = await scene.say()
        path = f"{ADMIN}?user_id={scene.bob.id}"
        assert (await scene.ann.caller.get(path)).status == 404
        await accounts.grant_admin(scene.app.db, scene.ann.name)
        (one,) = (await scene.ann.caller.get(path)).json["data"]
        assert one["event_id"] == id
        assert (await scene.ann.caller.get(ADMIN)).status == 422

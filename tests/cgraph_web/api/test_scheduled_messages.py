"""What is said later in channels, over HTTP, and by the job that waits for its time."""

from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from cgraph import messaging
from cgraph_kit import clock
from cgraph_kit.jobs.testing import drain

from .conftest import Person, TestApp

MINE = "/api/v1/me/scheduled-messages"


class Place(NamedTuple):
    """The first channel of a group of Ann's."""

    path: str
    ann: Person

    async def schedule(self, **more: Any) -> Any:
        at = clock.now() + timedelta(minutes=5)
        body = {"content": "later, @everyone", "send_at": at.isoformat()} | more
        answer = await self.ann.caller.post(f"{self.path}/scheduled-messages", body)
        assert answer.status == 201, answer.body
        return answer.json["data"]

    async def said(self) -> list[Any]:
        answer = await self.ann.caller.get(f"{self.path}/messages")
        return list(answer.json["data"])


@pytest.fixture
async def place(app: TestApp, person: Any) -> Place:
    ann = await person()
    made = await ann.caller.post("/api/v1/groups", {"name": "Allotments"})
    group = f"/api/v1/groups/{made.json['data']['id']}"
    (channel,) = (await ann.caller.get(f"{group}/channels")).json["data"]
    return Place(f"/api/v1/channels/{channel['id']}", ann)


class TestChannels:
    async def test_are_listed_changed_and_cancelled_as_ones_own(self, place: Place) -> None:
        later = await place.schedule(allowed_mentions={"parse": ["users"]})
        assert (later["place"], later["allowed_mentions"]["parse"]) == ("channel", ["users"])
        (listed,) = (await place.ann.caller.get(MINE)).json["data"]
        assert listed == later
        path = f"{MINE}/{later['id']}"
        changed = await place.ann.caller.send("PATCH", path, json={"content": "much later"})
        assert changed.json["data"]["content"] == "much later"
        assert (await place.ann.caller.send("DELETE", path)).status == 204
        assert (await place.ann.caller.get(path)).status == 404
        assert await place.said() == []

    async def test_hear_it_now(self, place: Place) -> None:
        later = await place.schedule()
        sent = await place.ann.caller.post(f"{MINE}/{later['id']}/send")
        assert sent.status == 201
        (message,) = await place.said()
        assert message["id"] == sent.json["data"]["id"]

    async def test_hear_it_at_its_time(self, app: TestApp, place: Place) -> None:
        later = await place.schedule()
        sql = "UPDATE scheduled_messages SET send_at = now() - interval '1 minute' WHERE id = $1"
        await app.db.value(sql, later["id"])
        workers = [messaging.send_scheduled]
        ended = await drain(app.db, app, workers, queue="default", scheduled=True)
        assert ended["completed"] == 1
        (message,) = await place.said()
        assert message["content"] == later["content"]
        assert len(message["mention_roles"]) == 1

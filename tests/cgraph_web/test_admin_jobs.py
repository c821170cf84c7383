"""Jobs over HTTP, for administrators."""

from typing import Any

import msgspec
import pytest

from cgraph import accounts
from cgraph.application import App
from cgraph_kit.ids import new_id
from cgraph_kit.jobs import job
from cgraph_web.app import create_app
from support.people import register

from .conftest import Caller


class Nothing(msgspec.Struct, frozen=True):
    """No argument that matters."""

    name: str


@job(queue="nobody-serves-this")
async def rest(_app: Any, _args: Nothing) -> None:
    """Do nothing."""


class TestAdminJobs:
    @pytest.fixture
    async def admin(self, app: App) -> Any:
        person = await register(app)
        await accounts.grant_admin(app.db, person.actor.username)
        return Caller(app, create_app(app), person.token)

    @pytest.fixture
    def tag(self) -> str:
        return f"tag-{new_id()}"

    async def test_are_listed_page_by_page(self, app: App, admin: Any, tag: str) -> None:
        ids = [(await rest.enqueue(app.db, name=str(n), tags=[tag])).id for n in range(3)]
        first = (await admin.get(f"/api/v1/admin/jobs?tag={tag}&limit=2")).json
        rest_ = (
            await admin.get(f"/api/v1/admin/jobs?tag={tag}&after={first['page']['after']}")
        ).json
        listed = [one["id"] for one in first["data"] + rest_["data"]]
        assert listed == sorted(ids, reverse=True)
        assert rest_["page"]["after"] is None

    async def test_are_shown_whole(self, app: App, admin: Any) -> None:
        id = (await rest.enqueue(app.db, name="x", priority=3)).id
        shown = (await admin.get(f"/api/v1/admin/jobs/{id}")).json["data"]
        assert (shown["state"], shown["args"], shown["priority"]) == ("available", {"name": "x"}, 3)
        assert shown["errors"] == []

    @pytest.mark.parametrize("id", ["0", "-1", "x", str(2**63), str(2**63 - 1)])
    async def test_that_are_not_there_are_not_found(self, admin: Any, id: str) -> None:
        assert (await admin.get(f"/api/v1/admin/jobs/{id}")).status == 404

    async def test_are_cancelled_retried_and_deleted(self, app: App, admin: Any, tag: str) -> None:
        id = (await rest.enqueue(app.db, name="x", tags=[tag])).id
        path = "/api/v1/admin/jobs"

        async def state() -> Any:
            return (await admin.get(f"{path}/{id}")).json["data"]["state"]

        assert (await admin.post(f"{path}/cancel", {"ids": [id]})).json["data"] == {"count": 1}
        assert await state() == "cancelled"
        assert (await admin.post(f"{path}/cancel", {"tag": tag})).json["data"] == {"count": 0}
        assert (await admin.post(f"{path}/retry", {"tag": tag})).json["data"] == {"count": 1}
        assert await state() == "available"
        assert (await admin.post(f"{path}/delete", {"tag": tag})).json["data"] == {"count": 1}
        assert (await admin.get(f"{path}/{id}")).status == 404

    async def test_are_never_all_meant_by_mistake(self, admin: Any) -> None:
        for word in ("cancel", "retry", "delete"):
            refused = await admin.post(f"/api/v1/admin/jobs/{word}", {})
            assert (refused.status, list(refused.error["fields"])) == (422, ["ids"])


class TestQueues:
    async def test_are_paused_scaled_and_resumed(self, app: App) -> None:
        person = await register(app)
        await accounts.grant_admin(app.db, person.actor.username)
        admin = Caller(app, create_app(app), person.token)
        name = f"queue-{new_id()}"
        path = f"/api/v1/admin/queues/{name}"

        async def change(**change: Any) -> Any:
            answer = await admin.send("PATCH", path, json=change)
            return next(one for one in answer.json["data"] if one["name"] == name)

        paused = await change(paused=True, concurrency=3)
        assert (paused["paused"], paused["concurrency"]) == (True, 3)
        resumed = await change(paused=False)
        assert (resumed["paused"], resumed["concurrency"]) == (False, 3)
        assert (await change(concurrency=None))["concurrency"] is None
        refused = await admin.send("PATCH", path, json={"concurrency": 0})
        assert (refused.status, list(refused.error["fields"])) == (422, ["concurrency"])

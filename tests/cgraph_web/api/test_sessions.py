from typing import Any

import pytest

from cgraph_kit.ids import new_id

from .conftest import PASSWORD


@pytest.fixture
async def devices(nobody: Any, person: Any) -> list[Any]:
    """Callers from three sessions of one person, and their sessions' ids."""
    ann = await person()
    found = [(ann.caller, ann.answer["session"]["id"])]
    for _ in range(2):
        answer = await nobody.post("/api/v1/auth/login", {"login": ann.name, "password": PASSWORD})
        data = answer.json["data"]
        found.append((nobody.as_(data["access_token"]), data["session"]["id"]))
    return found


class TestIndex:
    async def test_shows_which_one_this_is(self, devices: Any) -> None:
        listed = (await devices[1][0].get("/api/v1/me/sessions")).json
        assert [(one["id"], one["current"]) for one in listed["data"]] == [
            (devices[2][1], False),
            (devices[1][1], True),
            (devices[0][1], False),
        ]
        assert listed["page"] == {"before": None, "after": None}

    async def test_page_by_page(self, devices: Any) -> None:
        caller = devices[0][0]
        first = (await caller.get("/api/v1/me/sessions?limit=2")).json
        after = first["page"]["after"]
        rest = (await caller.get(f"/api/v1/me/sessions?limit=2&after={after}")).json
        ids = [one["id"] for one in first["data"] + rest["data"]]
        assert ids == [id for _, id in reversed(devices)]
        refused = await caller.get("/api/v1/me/sessions?after=x")
        assert refused.status == 422


class TestRename:
    async def test_names_a_device(self, devices: Any) -> None:
        path = f"/api/v1/me/sessions/{devices[1][1]}"
        answer = await devices[0][0].send("PATCH", path, json={"name": " Phone "})
        assert answer.json["data"]["name"] == "Phone"
        assert answer.json["data"]["current"] is False

    async def test_only_one_s_own(self, devices: Any, person: Any) -> None:
        bob = await person()
        path = f"/api/v1/me/sessions/{devices[1][1]}"
        refused = await bob.caller.send("PATCH", path, json={"name": "mine"})
        assert (refused.status, refused.code) == (404, "session_not_found")


class TestRevoke:
    async def test_ends_one_at_once(self, devices: Any, app: Any) -> None:
        (here, _), (there, id), (third, _) = devices
        assert (await there.get("/api/v1/me")).status == 200
        assert (await here.send("DELETE", f"/api/v1/me/sessions/{id}")).status == 204
        assert (await there.get("/api/v1/me")).code == "session_revoked"
        assert (await third.get("/api/v1/me")).status == 200
        assert app.events[-1].type == "session_revoked"

    async def test_only_one_s_own(self, devices: Any, person: Any) -> None:
        bob = await person()
        for id in (devices[1][1], new_id()):
            refused = await bob.caller.send("DELETE", f"/api/v1/me/sessions/{id}")
            assert (refused.status, refused.code) == (404, "session_not_found")
        assert (await devices[1][0].get("/api/v1/me")).status == 200


class TestRevokeOthers:
    async def test_ends_all_but_this(self, devices: Any) -> None:
        answer = await devices[1][0].send("DELETE", "/api/v1/me/sessions")
        assert set(answer.json["data"]["session_ids"]) == {devices[0][1], devices[2][1]}
        assert [(await caller.get("/api/v1/me")).status for caller, _ in devices] == [
            401,
            200,
            401,
        ]

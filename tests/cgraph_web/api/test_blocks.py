from typing import Any

from cgraph_kit.ids import new_id


class TestBlocks:
    async def test_come_and_go(self, person: Any, app: Any) -> None:
        ann, bob = await person(), await person(display_name="Bob")
        path = f"/api/v1/me/blocks/{bob.id}"
        app.events.clear()
        made = await ann.caller.send("PUT", path)
        assert made.status == 200
        assert (made.json["data"]["id"], made.json["data"]["display_name"]) == (bob.id, "Bob")
        assert (await ann.caller.send("PUT", path)).json == made.json
        listed = (await ann.caller.get("/api/v1/me/blocks")).json
        assert listed["data"] == [made.json["data"]]
        assert (await bob.caller.get("/api/v1/me/blocks")).json["data"] == []
        for _ in range(2):
            assert (await ann.caller.send("DELETE", path)).status == 204
        assert (await ann.caller.get("/api/v1/me/blocks")).json["data"] == []
        assert [event.type for event in app.events] == ["user_blocked", "user_unblocked"]
        assert {str(event.user_id) for event in app.events} == {ann.id}

    async def test_the_blocked_see_no_status(self, person: Any) -> None:
        ann, bob = await person(), await person()
        await ann.caller.send("PUT", f"/api/v1/me/blocks/{bob.id}")
        shown = (await bob.caller.get(f"/api/v1/users/{ann.id}")).json["data"]
        assert shown["status"] == "offline"

    async def test_not_oneself_and_not_nobody(self, person: Any) -> None:
        ann = await person()
        oneself = await ann.caller.send("PUT", f"/api/v1/me/blocks/{ann.id}")
        assert (oneself.status, list(oneself.error["fields"])) == (422, ["user_id"])
        for id in (new_id(), "x"):
            assert (await ann.caller.send("PUT", f"/api/v1/me/blocks/{id}")).status == 404

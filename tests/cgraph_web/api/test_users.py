from typing import Any

from cgraph_kit.ids import new_id


class TestShow:
    async def test_shows_others_without_their_secrets(self, person: Any) -> None:
        ann, bob = await person(display_name="Ann"), await person()
        shown = (await bob.caller.get(f"/api/v1/users/{ann.id}")).json["data"]
        assert shown == {
            "id": ann.id,
            "user_id": ann.user["user_id"],
            "username": ann.name,
            "display_name": "Ann",
            "avatar_url": None,
            "status": "online",
            "status_text": None,
            "state": "active",
            "inserted_at": ann.user["inserted_at"],
        }

    async def test_nobody_is_not_found(self, person: Any) -> None:
        ann = await person()
        missing = await ann.caller.get(f"/api/v1/users/{new_id()}")
        assert (missing.status, missing.code) == (404, "user_not_found")
        assert (await ann.caller.get("/api/v1/users/1001")).status == 404


class TestIndex:
    async def test_finds_by_name_number_ids_and_prefix(self, person: Any) -> None:
        ann, bob = await person(), await person()
        queries = (
            f"username={ann.name.upper()}",
            f"user_id={ann.user['user_id']}",
            f"ids={ann.id},{new_id()}",
            f"q={ann.name[:12]}",
        )
        for query in queries:
            found = (await bob.caller.get(f"/api/v1/users?{query}")).json
            assert [one["id"] for one in found["data"]] == [ann.id], query
            assert found["page"] == {"before": None, "after": None}

    async def test_needs_a_question(self, person: Any) -> None:
        ann = await person()
        for query in ("", "?q=a", "?q=an&username=ann", "?name=ann", "?ids=x", "?q=an&limit=0"):
            refused = await ann.caller.get(f"/api/v1/users{query}")
            assert refused.status == 422, query

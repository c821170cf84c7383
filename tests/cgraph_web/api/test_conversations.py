from typing import Any

from cgraph_kit.ids import new_id

CONVERSATIONS = "/api/v1/conversations"


async def opened(actor: Any, *others: Any) -> str:
    """The path of a conversation of these people."""
    ids = [other.id for other in others]
    made = await actor.caller.post(CONVERSATIONS, {"participant_ids": ids})
    assert made.status in {200, 201}, made.body
    return f"{CONVERSATIONS}/{made.json['data']['id']}"


class TestCreate:
    async def test_direct_is_made_once(self, person: Any) -> None:
        ann, bob = await person(), await person()
        first = await ann.caller.post(CONVERSATIONS, {"participant_ids": [bob.id]})
        again = await bob.caller.post(CONVERSATIONS, {"participant_ids": [ann.id]})
        assert (first.status, again.status) == (201, 200)
        assert first.json["data"]["id"] == again.json["data"]["id"]
        assert first.json["data"]["kind"] == "direct"

    async def test_several_make_a_group(self, person: Any) -> None:
        ann, bob, eve = await person(), await person(), await person()
        ids = [bob.id, eve.id]
        made = await ann.caller.post(CONVERSATIONS, {"participant_ids": ids, "name": "we"})
        data = made.json["data"]
        assert (made.status, data["kind"], data["name"]) == (201, "group", "we")
        assert data["owner_id"] == ann.id

    async def test_named_write_is_done_once(self, person: Any) -> None:
        ann, bob, eve = await person(), await person(), await person()
        body = {"participant_ids": [bob.id, eve.id]}
        key = {"idempotency-key": "k"}
        first = await ann.caller.post(CONVERSATIONS, body, headers=key)
        again = await ann.caller.post(CONVERSATIONS, body, headers=key)
        assert first.json == again.json
        assert again.headers["idempotent-replay"] == "true"

    async def test_bad_input(self, person: Any) -> None:
        ann = await person()
        for body, field in (
            ({}, "participant_ids"),
            ({"participant_ids": ["x"]}, "participant_ids[0]"),
            ({"participant_ids": [str(new_id())]}, "participant_ids"),
            ({"participant_ids": [], "color": 1}, "color"),
        ):
            answer = await ann.caller.post(CONVERSATIONS, body)
            assert answer.status == 422
            assert list(answer.error["fields"]) == [field]


class TestGroup:
    async def test_from_beginning_to_end(self, person: Any) -> None:
        ann, bob, eve, joe = [await person() for _ in range(4)]
        path = await opened(ann, bob, eve)
        renamed = await bob.caller.send("PATCH", path, json={"name": "us"})
        assert renamed.json["data"]["name"] == "us"
        added = await bob.caller.post(f"{path}/participants", {"participant_ids": [joe.id]})
        assert added.json["data"]["participant_count"] == 4
        people = (await joe.caller.get(f"{path}/participants?limit=100")).json["data"]
        assert {p["id"] for p in people} == {ann.id, bob.id, eve.id, joe.id}
        refused = await bob.caller.send("DELETE", f"{path}/participants/{joe.id}")
        assert (refused.status, refused.code) == (403, "not_owner")
        gone = await ann.caller.send("DELETE", f"{path}/participants/{joe.id}")
        assert gone.status == 204
        assert (await joe.caller.get(path)).code == "conversation_not_found"
        handed = await ann.caller.send("PATCH", path, json={"owner_id": bob.id})
        assert handed.json["data"]["owner_id"] == bob.id
        assert (await bob.caller.post(f"{path}/leave", None)).status == 204
        assert (await bob.caller.get(path)).status == 404
        kinds = [m["kind"] for m in (await ann.caller.get(f"{path}/messages")).json["data"]]
        assert kinds == ["renamed", "added", "removed", "owner_changed", "left", "owner_changed"]


class TestIndex:
    async def test_pages_by_activity(self, person: Any) -> None:
        ann = await person()
        paths = [await opened(ann, await person()) for _ in range(3)]
        for path in paths:
            await ann.caller.post(f"{path}/messages", {"content": "hi"})
        first = (await ann.caller.get(f"{CONVERSATIONS}?limit=2")).json
        rest = (await ann.caller.get(f"{CONVERSATIONS}?after={first['page']['after']}")).json
        found = [f"{CONVERSATIONS}/{c['id']}" for c in [*first["data"], *rest["data"]]]
        assert found == paths[::-1]
        assert first["data"][0]["last_message"]["content"] == "hi"


class TestSettings:
    async def test_mute_and_archive(self, person: Any) -> None:
        ann, bob = await person(), await person()
        path = await opened(ann, bob)
        change = {"muted": True, "archived": True}
        changed = (await ann.caller.send("PATCH", f"{path}/settings", json=change)).json["data"]
        assert (changed["muted"], changed["muted_until"], changed["archived"]) == (True, None, True)
        shown = (await ann.caller.get(path)).json["data"]
        assert (shown["muted"], shown["muted_until"], shown["archived"]) == (True, None, True)
        assert (await bob.caller.get(path)).json["data"]["muted"] is False

from typing import Any

import pytest

from cgraph_kit.ids import new_id

CONVERSATIONS = "/api/v1/conversations"


async def opened(actor: Any, *others: Any) -> str:
    """The path of a conversation of these people."""
    ids = [other.id for other in others]
    made = await actor.caller.post(CONVERSATIONS, {"participant_ids": ids})
    return f"{CONVERSATIONS}/{made.json['data']['id']}"


async def said(actor: Any, path: str, content: str = "hello", **more: Any) -> Any:
    """What a message was answered with."""
    sent = await actor.caller.post(f"{path}/messages", {"content": content, **more})
    assert sent.status == 201, sent.body
    return sent.json["data"]


@pytest.fixture
async def ann(person: Any) -> Any:
    return await person()


@pytest.fixture
async def bob(person: Any) -> Any:
    return await person()


@pytest.fixture
async def path(ann: Any, bob: Any) -> str:
    return await opened(ann, bob)


class TestCreate:
    async def test_has_the_seeds_shape(self, ann: Any, path: str) -> None:
        message = await said(ann, path, "Hello")
        assert message["content"] == "Hello"
        assert message["sender_id"] == ann.id
        assert path.endswith(message["conversation_id"])
        assert message["seq"] == 1
        assert message["inserted_at"].endswith("Z")
        assert message["sender"]["username"] == ann.name

    @pytest.mark.parametrize("header", [True, False])
    async def test_named_is_said_once(self, ann: Any, path: str, header: bool) -> None:
        body = {"content": "x"} if header else {"content": "x", "client_id": "k" * 128}
        headers = {"idempotency-key": "k" * 255} if header else {}
        first, again = [
            await ann.caller.post(f"{path}/messages", body, headers=headers) for _ in range(2)
        ]
        assert first.body == again.body
        assert again.headers["idempotent-replay"] == "true"
        assert "idempotent-replay" not in first.headers
        other = await ann.caller.post(f"{path}/messages", body | {"content": "y"}, headers=headers)
        assert (other.status, other.code) == (409, "idempotency_key_reused")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "content"),
            ({"content": ""}, "content"),
            ({"content": "  "}, "content"),
            ({"content": "a\x00b"}, "content"),
            ({"content": "x" * 4001}, "content"),
            ({"content": 1}, "content"),
            ({"content": "x", "reply_to_id": str(new_id())}, "reply_to_id"),
            ({"content": "x", "reply_to_id": "x"}, "reply_to_id"),
            ({"content": "x", "client_id": ""}, "client_id"),
            ({"content": "x", "color": "red"}, "color"),
        ],
    )
    async def test_bad_input_names_the_field(
        self, ann: Any, path: str, body: Any, field: str
    ) -> None:
        answer = await ann.caller.post(f"{path}/messages", body)
        assert (answer.status, list(answer.error["fields"])) == (422, [field])
        assert (await ann.caller.get(f"{path}/messages")).json["data"] == []

    async def test_strangers_get_404(self, person: Any, path: str) -> None:
        eve = await person()
        for method, rest, body in (
            ("GET", "/messages", None),
            ("POST", "/messages", {"content": "x"}),
            ("GET", "/pins", None),
            ("POST", "/read", {}),
            ("GET", "/unread", None),
            ("GET", "/events?since=0", None),
            ("PATCH", "/settings", {"muted": True}),
        ):
            answer = await eve.caller.send(method, path + rest, json=body)
            assert (answer.status, answer.code) == (404, "conversation_not_found"), rest

    async def test_a_block_makes_it_read_only(self, ann: Any, bob: Any, path: str) -> None:
        await bob.caller.send("PUT", f"/api/v1/me/blocks/{ann.id}")
        for actor in (ann, bob):
            answer = await actor.caller.post(f"{path}/messages", {"content": "x"})
            assert (answer.status, answer.code) == (403, "cannot_send")


class TestIndex:
    async def test_pages_both_ways(self, ann: Any, path: str) -> None:
        for n in range(5):
            await said(ann, path, str(n))
        last = (await ann.caller.get(f"{path}/messages?limit=2")).json
        before = (await ann.caller.get(f"{path}/messages?before={last['page']['before']}")).json
        assert [m["content"] for m in last["data"]] == ["3", "4"]
        assert [m["content"] for m in before["data"]] == ["0", "1", "2"]
        after = (await ann.caller.get(f"{path}/messages?after={before['page']['after']}")).json
        assert after["data"] == last["data"]

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "before=x", "since=1", "limit=a"])
    async def test_bad_queries(self, ann: Any, path: str, query: str) -> None:
        assert (await ann.caller.get(f"{path}/messages?{query}")).status == 422


class TestOneMessage:
    async def test_edit_history_delete(self, ann: Any, bob: Any, path: str) -> None:
        message = await said(ann, path, "one")
        one = f"{path}/messages/{message['id']}"
        edited = await ann.caller.send("PATCH", one, json={"content": "two"})
        assert edited.json["data"]["content"] == "two"
        refused = await bob.caller.send("PATCH", one, json={"content": "no"})
        assert (refused.status, refused.code) == (403, "not_author")
        history = (await ann.caller.get(f"{one}/edits")).json["data"]
        assert [r["content"] for r in history] == ["one", "two"]
        deleted = await ann.caller.send("DELETE", one)
        assert (deleted.status, deleted.json["data"]["content"]) == (200, "")
        assert (await bob.caller.get(one)).json["data"]["deleted_by"] == ann.id

    async def test_reactions_and_pins(self, ann: Any, bob: Any, path: str) -> None:
        message = await said(ann, path)
        thumb = f"{path}/messages/{message['id']}/reactions/👍"
        for _ in range(2):
            given = await bob.caller.send("PUT", thumb)
        assert given.json["data"] == {"emoji": "👍", "count": 1, "me": True}
        assert (await bob.caller.send("PUT", thumb + "x")).status == 422
        taken = await bob.caller.send("DELETE", thumb)
        assert taken.json["data"] == {"emoji": "👍", "count": 0, "me": False}
        pin = f"{path}/pins/{message['id']}"
        assert (await bob.caller.send("PUT", pin)).json["data"]["pinned_by"] == bob.id
        assert len((await ann.caller.get(f"{path}/pins")).json["data"]) == 1
        assert (await ann.caller.send("DELETE", pin)).json["data"]["pinned_at"] is None


class TestUnread:
    async def test_counts_marks_and_verifies(self, ann: Any, bob: Any, path: str) -> None:
        sent = [await said(ann, path, f"@{bob.name} {n}") for n in range(3)]
        found = (await bob.caller.get("/api/v1/me/unread?verify=1")).json["data"]
        assert (found["unread"], found["mentions"], found["badge"]) == (3, 3, 3)
        assert found["conversations"][0]["first_unread_id"] == sent[0]["id"]
        (twice,) = found["verified"]
        assert twice["unread"] == twice["recounted_unread"] == 3
        read = await bob.caller.post(f"{path}/read", {"message_id": sent[1]["id"]})
        assert read.json["data"]["unread"] == 1
        back = await bob.caller.post(f"{path}/unread", {"seq": sent[1]["seq"]})
        assert back.json["data"]["unread"] == 2
        assert (await bob.caller.post(f"{path}/read", {})).json["data"]["unread"] == 0
        assert (await bob.caller.post(f"{path}/delivered", {"seq": 3})).status == 204
        people = (await ann.caller.get(f"{path}/participants")).json["data"]
        assert {p["id"]: p["read_seq"] for p in people}[bob.id] == 3


class TestEvents:
    async def test_replay_what_was_pushed(self, ann: Any, bob: Any, path: str) -> None:
        sent = [await said(ann, path, str(n)) for n in range(3)]
        found = (await bob.caller.get(f"{path}/events?since=1")).json["data"]
        assert (found["seq"], found["resumed"]) == (3, True)
        assert [e["payload"] for e in found["events"]] == sent[1:]
        ahead = (await bob.caller.get(f"{path}/events?since=9")).json["data"]
        assert (ahead["resumed"], ahead["reason"], ahead["events"]) == (False, "ahead", [])

    async def test_own_ones_too(self, ann: Any, path: str) -> None:
        found = (await ann.caller.get("/api/v1/me/events?since=0")).json["data"]
        assert "conversation_added" in [e["event"] for e in found["events"]]

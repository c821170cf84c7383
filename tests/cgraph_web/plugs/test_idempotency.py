"""Writes a client has named, with real commits."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from cgraph_kit import idempotency
from cgraph_kit.db import Database
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_web.plugs.idempotency import idempotency_key
from support.things import THINGS


@pytest.fixture
def caller(web: Callable[..., Any]) -> Any:
    return web(*THINGS)


@pytest.fixture
def person(caller: Any) -> UUID:
    return caller.app.actor(caller.token).id  # type: ignore[no-any-return]


def named(key: str = "k") -> dict[str, str]:
    return {"idempotency-key": key}


async def made(database: Database, id: object) -> int:
    return int(await database.value("SELECT count(*) FROM streams WHERE id = $1", id))


class TestAnswerOnce:
    async def test_repeats_the_original_answer(self, caller: Any, database: Database) -> None:
        new = {"id": str(id := new_id())}
        first = await caller.post("/things", new, headers=named())
        again = await caller.post("/things", new, headers=named())
        assert (first.status, again.status) == (201, 201)
        assert again.body == first.body
        assert "idempotent-replay" not in first.headers
        assert again.headers["idempotent-replay"] == "true"
        assert await made(database, id) == 1

    async def test_three_at_once_have_one_effect(self, caller: Any, database: Database) -> None:
        new = {"id": str(id := new_id())}
        tries = [caller.post("/things", new, headers=named()) for _ in range(3)]
        answers = await asyncio.gather(*tries)
        assert [answer.status for answer in answers] == [201, 201, 201]
        assert sum("idempotent-replay" in answer.headers for answer in answers) == 2
        assert await made(database, id) == 1

    async def test_is_committed_before_the_answer_leaves(
        self, caller: Any, database: Database, person: UUID
    ) -> None:
        new = {"id": str(id := new_id())}
        answer = await caller.post("/things", new, headers=named())
        kept = await database.value(
            "SELECT body FROM idempotency_keys WHERE user_id = $1 AND key = 'k'", person
        )
        assert (kept, await made(database, id)) == (answer.body, 1)

    async def test_refuses_the_key_of_another_request(
        self, caller: Any, database: Database
    ) -> None:
        first, second = new_id(), new_id()
        await caller.post("/things", {"id": str(first)}, headers=named())
        reused = await caller.post("/things", {"id": str(second)}, headers=named())
        elsewhere = await caller.send("DELETE", f"/things/{first}", headers=named())
        for refused in (reused, elsewhere):
            assert (refused.status, refused.code) == (409, "idempotency_key_reused")
        assert await made(database, second) == 0

    async def test_a_failure_frees_the_key(self, caller: Any, database: Database) -> None:
        id = new_id()
        failed = await caller.post("/things", {"id": str(id), "fail": True}, headers=named())
        assert (failed.status, failed.code, await made(database, id)) == (
            409,
            "test_thing_broken",
            0,
        )
        tried_again = await caller.post("/things", {"id": str(id)}, headers=named())
        assert (tried_again.status, await made(database, id)) == (201, 1)

    async def test_keys_are_each_persons_own(self, caller: Any) -> None:
        other = caller.as_(caller.app.auth.person())
        for one in (caller, other):
            answer = await one.post("/things", {"id": str(new_id())}, headers=named())
            assert answer.status == 201
            assert "idempotent-replay" not in answer.headers

    async def test_replays_an_empty_answer(self, caller: Any) -> None:
        path = f"/things/{new_id()}"
        answers = [await caller.send("DELETE", path, headers=named()) for _ in range(2)]
        assert [(answer.status, answer.body) for answer in answers] == [(204, b"")] * 2
        assert "idempotent-replay" in answers[1].headers

    async def test_means_nothing_to_reads(self, caller: Any) -> None:
        for _ in range(2):
            answer = await caller.get(f"/things/{new_id()}", headers=named())
            assert (answer.status, "idempotent-replay" in answer.headers) == (200, False)

    async def test_leaves_the_key_to_a_write_that_answers_for_itself(self, caller: Any) -> None:
        for _ in range(2):
            answer = await caller.post("/things/own", headers=named("mine"))
            assert (answer.status, answer.json) == (201, {"data": "mine"})

    async def test_does_not_answer_for_a_write_that_does(
        self, caller: Any, database: Database, person: UUID
    ) -> None:
        path = f"/things/{new_id()}"
        hash = idempotency.request_hash(b"DELETE", path.encode(), b"", b"")
        async with database.transaction() as tx:
            await idempotency.claim(tx, person, "k", hash)
        refused = await caller.send("DELETE", path, headers=named())
        assert refused.code == "idempotency_key_reused"


class TestIdempotencyKey:
    def test_is_taken_as_it_is(self) -> None:
        assert idempotency_key({b"idempotency-key": "klücz 1".encode()}) == "klücz 1"
        assert idempotency_key({}) is None

    @pytest.mark.parametrize("key", [b"", b"x" * 256, b"a\x00b", b"\xff"])
    def test_refuses_what_cannot_be_kept(self, key: bytes) -> None:
        with pytest.raises(Invalid) as refused:
            idempotency_key({b"idempotency-key": key})
        assert list(refused.value.fields) == ["Idempotency-Key"]

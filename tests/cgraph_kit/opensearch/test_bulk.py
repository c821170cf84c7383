"""Bulks of which some is written, some too old, some refused, and some waits."""

from typing import Any

import pytest

from cgraph_kit.opensearch import Away, Delete, OpenSearch, Put, Rejected, write
from support.opensearch import FakeOpenSearch
from support.providers.serving import Answered

BODY: dict[str, Any] = {
    "settings": {"analysis": {"tokenizer": {}, "filter": {}, "analyzer": {}}},
    "mappings": {"dynamic": "strict", "properties": {"n": {"type": "long"}}},
    "aliases": {"things": {}},
}


@pytest.fixture(autouse=True)
async def made(cluster: OpenSearch) -> None:
    await cluster.ask("PUT", "/things-1", BODY)


def held(fake: FakeOpenSearch) -> dict[str, Any]:
    docs = fake.indexes["things-1"].docs
    return {id: one.source["n"] for id, one in docs.items() if one.source is not None}


class TestWrite:
    async def test_puts_and_deletes(self, fake: FakeOpenSearch, cluster: OpenSearch) -> None:
        await write(cluster, [Put("things", "a", {"n": 1}, 1), Put("things", "b", {"n": 2})])
        await write(cluster, [Delete("things", "a", 1), Delete("things", "nothing")])
        assert held(fake) == {"b": 2}

    async def test_nothing_is_asked_for_nothing(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        asked = len(fake.requests)
        assert await write(cluster, []) == 0
        assert len(fake.requests) == asked

    async def test_what_is_older_is_left_out_and_counted(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        await write(cluster, [Put("things", "a", {"n": 5}, 5), Delete("things", "b", 5)])
        late = [Put("things", "a", {"n": 4}, 4), Put("things", "b", {"n": 4}, 4)]
        assert await write(cluster, [*late, Delete("things", "a", 4)]) == 3
        assert held(fake) == {"a": 5}
        assert await write(cluster, [Put("things", "a", {"n": 6}, 5)]) == 0
        assert held(fake) == {"a": 6}

    @pytest.mark.parametrize("status", [429, 503])
    async def test_what_waits_is_asked_for_again_alone(
        self, fake: FakeOpenSearch, cluster: OpenSearch, status: int
    ) -> None:
        fake.items = [("b", status, "rejected_execution_exception")]
        await write(cluster, [Put("things", id, {"n": 1}, 1) for id in "abc"])
        assert held(fake) == {"a": 1, "b": 1, "c": 1}
        assert fake.requests[-1].body.count(b"\n") == 2

    async def test_what_waits_for_ever_is_away(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        fake.items = [("b", 429, "rejected_execution_exception")] * 4
        with pytest.raises(Away, match="no time for 1 documents"):
            await write(cluster, [Put("things", id, {"n": 1}, 1) for id in "ab"])
        assert held(fake) == {"a": 1}

    async def test_what_cannot_be_keeps_nothing_else_from_being(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        wrong = [Put("things", "a", {"m": 1}), Put("things", "b", {"n": "some words"})]
        with pytest.raises(Rejected, match=r"^2 documents cannot be written: strict_dynamic"):
            await write(cluster, [*wrong, Put("things", "c", {"n": 1})])
        assert held(fake) == {"c": 1}

    async def test_no_index_is_made_by_the_way(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        for name in ("nothing", "things-1"):
            with pytest.raises(Away, match="index_not_found"):
                await write(cluster, [Put(name, "a", {"n": 1})])
        assert list(fake.indexes) == ["things-1"]

    async def test_where_writing_is_forbidden_it_waits(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        fake.items = [("a", 403, "cluster_block_exception")]
        with pytest.raises(Away, match="cluster_block_exception"):
            await write(cluster, [Put("things", "a", {"n": 1})])

    async def test_much_goes_in_several_requests(
        self, fake: FakeOpenSearch, cluster: OpenSearch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph_kit.opensearch.bulk.BYTES_MOST", 200)
        asked = len(fake.requests)
        await write(cluster, [Put("things", f"{n}", {"n": n}, 1) for n in range(20)])
        assert len(held(fake)) == 20
        assert len(fake.requests) - asked > 5
        assert all(len(one.body) <= 200 for one in fake.requests[asked:])

    async def test_an_answer_of_another_length_is_none(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        fake.answers = [Answered(200, {}, b'{"items": []}')]
        with pytest.raises(Away, match="other documents"):
            await write(cluster, [Put("things", "a", {"n": 1})])

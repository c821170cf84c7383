"""Counting, and telling apart."""

import msgspec
import pytest

from cgraph_kit.dump import Applied, Facts, connected, differences, gather

FACTS = Facts([Applied(1, "0001_a", "x")], {"public.a": 1000, "public.b": 2}, 3, 4)


class TestGather:
    async def test_counts_every_table_once(self, filled: str) -> None:
        seen: list[tuple[int, int, str]] = []
        async with connected(filled) as connection:
            facts = await gather(connection, lambda *step: seen.append(step))
        assert facts.rows == {
            "public.people": 1000,
            "public.words_2026": 500,
            'public."odd ""name"': 0,
        }
        assert facts.migrations == []
        assert facts.foreign_keys == 2  # the partitioned table's, and its partition's
        assert [step[:2] for step in seen] == [(0, 3), (1, 3), (2, 3)]


class TestDifferences:
    def test_none_between_equals(self) -> None:
        assert differences(FACTS, msgspec.structs.replace(FACTS)) == []

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"migrations": []}, "migrations are none, not 0001_a"),
            ({"rows": {"public.a": 999, "public.b": 2}}, "public.a has 999 rows, not 1,000"),
            ({"rows": {"public.a": 1000}}, "table public.b is missing"),
            ({"rows": FACTS.rows | {"c": 0}}, "table c should not be there"),
            ({"foreign_keys": 2}, "2 validated foreign keys, not 3"),
            ({"indexes": 5}, "5 complete indexes, not 4"),
        ],
    )
    def test_each_is_named(self, change: dict[str, object], words: str) -> None:
        assert differences(FACTS, msgspec.structs.replace(FACTS, **change)) == [words]

"""How PostgreSQL finds names: among names, however much is said in the same words."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from cgraph.search import PostgresSearch
from cgraph.search.backend import Paging, Scope, Wanted, Word
from cgraph.search.document import Document
from cgraph.search.postgres_statements import MEETING, SETTINGS, Asked, rank
from cgraph.searchable import Kind
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.indexed import document, of_forum

GROUP, FORUM = new_id(), new_id()
KINDS: Sequence[Kind] = ("user", "group", "channel", "forum")


@pytest.fixture(autouse=True)
async def alone(db: Transaction) -> None:
    """The planner weighs what lies in the table: what tests with real commits have left would decide."""
    await db.value("TRUNCATE search_documents")


@pytest.fixture
async def written(db: Transaction) -> dict[Kind, UUID]:
    """Much talk of xylophones, and one name of each kind; by kind their ids."""
    said = [document("xylophone repairs", community_id=GROUP, at=n / 100) for n in range(1000)]
    said += [of_forum(FORUM, "xylophone makers", at=n / 100) for n in range(1000)]
    named = {kind: name(kind) for kind in KINDS}
    async with db.transaction() as tx:
        await PostgresSearch(tx).index(tx, [*said, *named.values()], [], version=0)
    await db.value("ANALYZE search_documents")
    return {kind: one.id for kind, one in named.items()}


def name(kind: Kind) -> Document:
    id = new_id()
    within = GROUP if kind == "channel" else id
    return document(kind=kind, id=id, container_id=id, community_id=within, title="Xylophonists")


class TestNames:
    @pytest.mark.parametrize("kinds", [("forum",), ("channel",), KINDS[1:], KINDS])
    async def test_are_found_in_an_index_of_their_own(
        self, db: Transaction, written: dict[Kind, UUID], kinds: Sequence[Kind]
    ) -> None:
        scope = Scope(communities=[GROUP, written["group"]])
        wanted = Wanted(match=Word("xylo", prefix=True), kinds=kinds)
        asked = Asked(wanted, scope, Paging(order="relevance", count=False))
        found = await PostgresSearch(db).search(*asked)
        assert {hit.id for hit in found.hits} == {written[kind] for kind in kinds}
        await db.value(SETTINGS)
        await db.value(MEETING)
        sql, args = rank(asked, 10)
        plan = "\n".join(await db.values(f"EXPLAIN {sql}", *args))
        # Of the quarter they are in; where there is nothing, any index will do.
        assert f"Bitmap Index Scan on {await db.value(_INDEX)} " in plan


_INDEX = """
SELECT i.inhrelid::regclass::text FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
WHERE i.inhparent = 'search_documents_names'::regclass AND x.indrelid = 'search_documents_2026_1'::regclass
"""

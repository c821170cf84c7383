"""PostgreSQL's index is asked only for stems that documents have."""

from datetime import timedelta

import pytest

from cgraph.search import PostgresSearch
from cgraph.search.analysis_matching import match_of
from cgraph.search.backend import AllOf, AnyOf, Match, NoneOf, Paging, Scope, Wanted, Word
from cgraph.search.document import Document, Gone
from cgraph.search.grammar import parse
from cgraph.search.postgres_match import tsquery_of
from cgraph.search.postgres_stems import only_existing
from cgraph_kit.db import Transaction
from support.indexed import document


@pytest.fixture(autouse=True)
async def nothing_known(db: Transaction) -> None:
    await PostgresSearch(db).clear()


async def put(db: Transaction, text: str, language: str) -> Document:
    one: Document = document(text, language=language)
    await PostgresSearch(db).index(db, [one], [], version=1)
    return one


async def asked(db: Transaction, typed: str) -> str | None:
    return tsquery_of(await only_existing(db, match_of(parse(typed))))


class TestOnlyExisting:
    async def test_of_a_word_those_that_documents_have(self, db: Transaction) -> None:
        assert await asked(db, "running") == "'running'"
        await put(db, "they run", "en")
        assert await asked(db, "running") == "('running' | '~en:run')"
        await put(db, "runningen", "de")
        assert await asked(db, "running") == "('running' | '~en:run' | '~de:running')"

    async def test_all_while_documents_are_written_anew(self, db: Transaction) -> None:
        typed = match_of(parse("running"))
        await db.value("UPDATE search_rebuilds SET finished_at = NULL WHERE kind = 'post'")
        assert await asked(db, "running") == tsquery_of(typed)

    async def test_wherever_they_stand(self, db: Transaction) -> None:
        await put(db, "bees", "en")
        there, absent, word = Word("~en:bee"), Word("~de:bee"), Word("bees")
        match = AllOf([AnyOf([word, there, absent]), NoneOf([AnyOf([absent, there]), absent])])
        left = AllOf([AnyOf([word, there]), NoneOf([AnyOf([there])])])
        assert tsquery_of(await only_existing(db, match)) == tsquery_of(left)

    @pytest.mark.parametrize("match", [None, Word("bees"), AnyOf([Word("a"), Word("b")])])
    async def test_what_has_none_is_as_it_was(self, db: Transaction, match: Match | None) -> None:
        assert await only_existing(db, match) is match


class TestSearch:
    async def test_finds_by_a_stem_that_has_just_come(self, db: Transaction) -> None:
        backend = PostgresSearch(db)
        one = await put(db, "they run", "en")
        scope = Scope(containers={one.container_id: -1}, forums=False, people=False)
        found = await backend.search(Wanted(match=match_of(parse("running"))), scope, Paging())
        assert [hit.id for hit in found.hits] == [one.id]


class TestTidy:
    async def test_forgets_stems_of_nothing(
        self, db: Transaction, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph.search.words.RECHECK", timedelta(seconds=-60))
        one = await put(db, "they run", "en")
        await put(db, "she talks", "en")
        gone = Gone("message", one.id, one.container_id, one.inserted_at)
        await PostgresSearch(db).index(db, [], [gone], version=2)
        await PostgresSearch(db).tidy()
        assert await db.values("SELECT stem FROM search_stems") == ["~en:talk"]

"""What is particular to an index that is somewhere else: it is away, it is told things twice, it is made anew."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph.accounts import Actor
from cgraph.search import SearchPage, SearchUnavailable, follow_changes, search
from cgraph.search.backend import AnyOf, Paging, Phrase, Scope, Wanted, Word
from cgraph.search.changes import get_lag, hold_turn
from cgraph.search.document import Document, Gone
from cgraph.search.opensearch import OpenSearchIndex
from cgraph.search.opensearch_indexes import Shape
from cgraph.search.reindexing import begin_rebuild, list_rebuilds, rebuild_some
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.opensearch import Away, OpenSearch, Refused, parse_cluster
from support.forums import make_forum, make_post
from support.indexed import document, of_forum
from support.opensearch import FakeOpenSearch
from support.providers.serving import json_answer
from support.served import free_port
from support.talk import open_between, say


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("client", "bulk"):
        monkeypatch.setattr(f"cgraph_kit.opensearch.{module}.BACKOFF", 0.0)


@pytest.fixture
async def nobody(db: Transaction) -> AsyncIterator[OpenSearchIndex]:
    """A cluster that is not there."""
    cluster = OpenSearch(parse_cluster(f"opensearch+http://127.0.0.1:{free_port()}"))
    yield OpenSearchIndex(db, cluster)
    await cluster.close()


@pytest.fixture
async def place(db: Transaction, ann: Actor, bob: Actor) -> UUID:
    place = await open_between(db, ann, bob)
    await db.value("DELETE FROM search_changes")
    return place


async def found(index: OpenSearchIndex, place: UUID, match: Any = None, **wanted: Any) -> set[UUID]:
    scope = Scope(containers={place: -1}, forums=False, people=False)
    page = await index.search(Wanted(match=match, **wanted), scope, Paging(limit=100))
    return {hit.id for hit in page.hits}


async def put(
    db: Transaction, index: OpenSearchIndex, *documents: Document, gone: Any = (), version: int = 1
) -> None:
    await index.index(db, documents, gone, version=version)
    await index.refresh()


def gone(one: Document) -> Gone:
    return Gone(one.kind, one.id, one.container_id, one.inserted_at)


def names(fake: FakeOpenSearch, index: OpenSearchIndex) -> set[str]:
    """The indexes of documents that are this one's, and are there."""
    prefix = index._indexes.current.documents
    return {name for name in fake.indexes if name.startswith(f"{prefix}-")}


class TestAway:
    async def test_what_changes_waits(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        nobody: OpenSearchIndex,
        opensearch: OpenSearchIndex,
    ) -> None:
        said = await say(db, ann, place, "a quokka")
        with pytest.raises(SearchUnavailable):
            async with db.savepoint() as tx:
                await follow_changes(tx, nobody)
        assert (await get_lag(db)).changes == 1
        await follow_changes(db, opensearch)
        assert await found(opensearch, place) == {said.id}

    async def test_a_bulk_that_ends_in_the_middle_waits_and_is_written_again(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        fake: FakeOpenSearch,
        opensearch: OpenSearchIndex,
    ) -> None:
        one, other = await say(db, ann, place, "one"), await say(db, ann, place, "other")
        fake.items = [(str(other.id), 429, "rejected_execution_exception")] * 4
        with pytest.raises(SearchUnavailable):
            async with db.savepoint() as tx:
                await follow_changes(tx, opensearch)
        assert (await get_lag(db)).changes == 2
        await follow_changes(db, opensearch)
        assert await found(opensearch, place) == {one.id, other.id}

    async def test_who_searches_is_told_so(
        self,
        db: Transaction,
        ann: Actor,
        nobody: OpenSearchIndex,
        opensearch: OpenSearchIndex,
        fake: FakeOpenSearch,
    ) -> None:
        with pytest.raises(SearchUnavailable) as away:
            await search(db, nobody, ann, SearchPage("quokka"))
        assert away.value.code == "search_unavailable"
        # Nothing has been written yet, and so there is no index.
        with pytest.raises(SearchUnavailable, match="404 index_not_found_exception"):
            await search(db, opensearch, ann, SearchPage("quokka"))
        with pytest.raises(SearchUnavailable):
            await opensearch.expand("quo", "prefix")
        assert (await opensearch.volume()).documents == 0

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            ({"timed_out": True}, "took too long"),
            ({"_shards": {"failed": 1}}, "does not answer"),
            ({"error": {"type": "search_phase_execution_exception"}, "status": 503}, "503"),
            ({"error": {"type": "circuit_breaking_exception"}, "status": 429}, "429"),
        ],
    )
    async def test_half_an_answer_is_none(
        self,
        fake: FakeOpenSearch,
        opensearch: OpenSearchIndex,
        answer: dict[str, Any],
        reason: str,
    ) -> None:
        response = {"status": 200, "hits": {"hits": []}, **answer}
        fake.answers = [json_answer(200, {"responses": [response]})]
        with pytest.raises(Away, match=reason):
            await found(opensearch, new_id())

    async def test_a_search_that_is_none_is_no_outage(
        self, fake: FakeOpenSearch, opensearch: OpenSearchIndex
    ) -> None:
        response = {"error": {"type": "parsing_exception"}, "status": 400}
        fake.answers = [json_answer(200, {"responses": [response]})]
        with pytest.raises(Refused, match="parsing_exception"):
            await found(opensearch, new_id())

    async def test_what_cannot_be_written_keeps_nothing_else_waiting(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        fake: FakeOpenSearch,
        opensearch: OpenSearchIndex,
    ) -> None:
        texts = ("quokka one", "poison", "quokka two")
        sent = [await say(db, ann, place, text) for text in texts]
        # Told of once with the others, and once alone.
        fake.items = [(str(sent[1].id), 400, "mapper_parsing_exception")] * 2
        await follow_changes(_Separate(db), opensearch)  # type: ignore[arg-type]
        assert await found(opensearch, place) == {sent[0].id, sent[2].id}
        assert (await get_lag(db)).changes == 0


class _Separate:
    """A pool whose transactions are savepoints of the test's."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return self._tx.savepoint if name == "transaction" else getattr(self._tx, name)


class TestVersions:
    async def test_what_is_told_late_replaces_nothing(
        self, db: Transaction, opensearch: OpenSearchIndex
    ) -> None:
        new = document("a wombat")
        old = document("a quokka", id=new.id, container_id=new.container_id)
        await put(db, opensearch, new, version=5)
        await put(db, opensearch, old, version=4)
        assert await found(opensearch, new.container_id, Word("wombat")) == {new.id}
        await put(db, opensearch, gone=[gone(new)], version=4)
        assert await found(opensearch, new.container_id) == {new.id}

    async def test_what_is_gone_stays_gone(
        self, db: Transaction, opensearch: OpenSearchIndex
    ) -> None:
        one = document("a quokka")
        await put(db, opensearch, one, version=3)
        await put(db, opensearch, gone=[gone(one)], version=5)
        await put(db, opensearch, one, version=4)
        assert await found(opensearch, one.container_id) == set()

    async def test_the_same_again_is_the_same(
        self, db: Transaction, opensearch: OpenSearchIndex
    ) -> None:
        one = document("a quokka")
        for _ in range(2):
            await put(db, opensearch, one, version=3)
        assert await found(opensearch, one.container_id) == {one.id}

    async def test_a_turn_that_came_to_nothing_has_a_number_too(self, db: Transaction) -> None:
        numbers = [await hold_turn(db)]
        with pytest.raises(ZeroDivisionError):
            async with db.savepoint() as tx:
                numbers.append(await hold_turn(tx))
                raise ZeroDivisionError
        numbers.append(await hold_turn(db))
        assert numbers == sorted(set(numbers))


class TestFiles:
    async def test_go_alone_and_with_what_they_hang_on(
        self, db: Transaction, opensearch: OpenSearchIndex
    ) -> None:
        one = document("look")
        near = document("look", id=one.id)
        files = [
            document(title=name, kind="file", container_id=bearer.container_id, item_id=one.id)
            for name, bearer in (("a.pdf", one), ("b.pdf", one), ("c.pdf", near))
        ]
        await put(db, opensearch, one, near, *files)
        await put(db, opensearch, one, files[1], version=2)
        assert await found(opensearch, one.container_id, kinds=["file"]) == {files[1].id}
        # What has the same id in another place has its own.
        assert await found(opensearch, near.container_id, kinds=["file"]) == {files[2].id}
        await put(db, opensearch, gone=[gone(files[1]), gone(near)], version=3)
        assert await found(opensearch, one.container_id) == {one.id}
        assert await found(opensearch, near.container_id) == set()


class TestIndexes:
    async def test_an_empty_one_is_filled_without_being_asked_to(
        self, db: Transaction, ann: Actor, place: UUID, opensearch: OpenSearchIndex
    ) -> None:
        sent = await say(db, ann, place, "a quokka")
        await db.value("DELETE FROM search_changes")
        await begin_rebuild(db, ["user"])
        assert await rebuild_some(db, opensearch, ["user"])
        assert not any(one.finished_at for one in await list_rebuilds(db))
        while await rebuild_some(db, opensearch):
            pass
        assert await found(opensearch, place) == {sent.id}

    async def test_one_that_is_lost_is_made_again(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        fake: FakeOpenSearch,
        opensearch: OpenSearchIndex,
    ) -> None:
        sent = [await say(db, ann, place, "a quokka")]
        await follow_changes(db, opensearch)
        await db.value("UPDATE search_rebuilds SET finished_at = now()")
        (name,) = names(fake, opensearch)
        fake._drop(name)
        with pytest.raises(SearchUnavailable):
            await found(opensearch, place)
        sent.append(await say(db, ann, place, "another"))
        await follow_changes(db, opensearch)
        assert await found(opensearch, place) == {sent[1].id}
        while await rebuild_some(db, opensearch):
            pass
        assert await found(opensearch, place) == {one.id for one in sent}

    async def test_another_takes_its_place_once_it_is_whole(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        fake: FakeOpenSearch,
        opensearch: OpenSearchIndex,
    ) -> None:
        sent = [await say(db, ann, place, f"quokka {n}") for n in range(2)]
        await follow_changes(db, opensearch)
        while await rebuild_some(db, opensearch):
            pass
        before = names(fake, opensearch)
        await opensearch.begin_beside()
        await begin_rebuild(db)
        assert await found(opensearch, place) == {one.id for one in sent}
        assert await rebuild_some(db, opensearch)
        sent.append(await say(db, ann, place, "quokka, late"))
        await follow_changes(db, opensearch)
        assert await found(opensearch, place) == {one.id for one in sent}
        assert names(fake, opensearch) > before
        while await rebuild_some(db, opensearch):
            pass
        assert await found(opensearch, place) == {one.id for one in sent}
        assert len(names(fake, opensearch)) == 1
        assert names(fake, opensearch).isdisjoint(before)
        assert await opensearch.expand("quok", "prefix") == ["quokka"]

    async def test_one_begun_and_forgotten_never_passes_for_whole(
        self,
        db: Transaction,
        ann: Actor,
        place: UUID,
        fake: FakeOpenSearch,
        opensearch: OpenSearchIndex,
    ) -> None:
        sent = await say(db, ann, place, "a quokka")
        await follow_changes(db, opensearch)
        while await rebuild_some(db, opensearch):
            pass
        await opensearch.begin_beside()
        # Whoever did so ends here, and one kind is written anew for another reason.
        await begin_rebuild(db, ["forum"])
        assert await rebuild_some(db, opensearch, ["forum"])
        assert await found(opensearch, place) == {sent.id}
        assert len(names(fake, opensearch)) == 2
        while await rebuild_some(db, opensearch):
            pass
        assert await found(opensearch, place) == {sent.id}
        assert len(names(fake, opensearch)) == 1

    async def test_clearing_leaves_one_and_throws_a_begun_one_away(
        self, db: Transaction, fake: FakeOpenSearch, opensearch: OpenSearchIndex
    ) -> None:
        one = document("a quokka")
        await put(db, opensearch, one)
        await opensearch.begin_beside()
        await opensearch.begin_beside()
        assert len(names(fake, opensearch)) == 2
        await opensearch.clear()
        assert len(names(fake, opensearch)) == 1
        assert await found(opensearch, one.container_id) == set()

    async def test_they_are_as_they_were_asked_for(
        self, db: Transaction, cluster: OpenSearch, fake: FakeOpenSearch
    ) -> None:
        index = OpenSearchIndex(db, cluster, Shape(f"t{uuid4().hex}", 3, 2))
        await put(db, index, document("a quokka"))
        made = [one.json for one in fake.requests if one.method == "PUT"][-1]
        assert made["settings"]["number_of_shards"] == 3
        assert made["settings"]["number_of_replicas"] == 2

    async def test_what_people_wrote_is_not_kept_there(
        self, db: Transaction, fake: FakeOpenSearch, opensearch: OpenSearchIndex
    ) -> None:
        await put(db, opensearch, document("zyqsecret", title="zyqtitle"))
        (name,) = names(fake, opensearch)
        kept = [one.source for one in fake.indexes[name].docs.values()]
        assert "zyq" not in str(kept)


class TestSearch:
    async def test_many_conversations_each_from_a_number_on(
        self, db: Transaction, opensearch: OpenSearchIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph.search.opensearch_conditions.BOUNDS_MOST", 20)
        places = {new_id(): n + 1 for n in range(70)}
        some = [
            document("fox", container_id=place, seq=after + later, at=after + later)
            for place, after in places.items()
            for later in range(2)
        ]
        await put(db, opensearch, *some)
        scope = Scope(containers=places, forums=False, people=False)
        read = sorted(
            (one for one in some if (one.seq or 0) > places[one.container_id]),
            key=lambda one: (one.inserted_at, one.id),
            reverse=True,
        )
        page = await opensearch.search(Wanted(match=Word("fox")), scope, Paging(limit=40))
        rest = await opensearch.search(
            Wanted(match=Word("fox")), scope, Paging(limit=40, after=page.hits[-1].position)
        )
        assert page.total == len(read) == 70
        assert [hit.id for hit in page.hits + rest.hits] == [one.id for one in read]
        best = await opensearch.search(Wanted(match=Word("fox")), scope, Paging(order="relevance"))
        assert best.total == 70

    async def test_more_that_is_excluded_than_fits_into_a_list(
        self, db: Transaction, opensearch: OpenSearchIndex
    ) -> None:
        group = new_id()
        one, other = document("fox", community_id=group), document("fox", community_id=group)
        await put(db, opensearch, one, other)
        excluded = {other.container_id, *(UUID(int=n) for n in range(70_000))}
        scope = Scope(communities=[group], excluded=excluded, forums=False, people=False)
        page = await opensearch.search(Wanted(), scope, Paging())
        assert [hit.id for hit in page.hits] == [one.id]

    async def test_more_alternatives_than_clauses(
        self, db: Transaction, opensearch: OpenSearchIndex
    ) -> None:
        one = document("fox")
        await put(db, opensearch, one)
        match = AnyOf([Word(f"w{n}") for n in range(3_000)] + [Word("fox")])
        assert await found(opensearch, one.container_id, match) == {one.id}
        scope = Scope(containers={one.container_id: -1}, forums=False, people=False)
        best = await opensearch.search(Wanted(match=match), scope, Paging(order="relevance"))
        assert best.total == 1

    @pytest.mark.parametrize(
        ("phrase", "holds"),
        [
            (Phrase([Word("re", prefix=True), Word("fox")]), {"red fox", "real fox"}),
            (Phrase([Word("red"), Word("f", prefix=True)]), {"red fox", "red fog"}),
            (Phrase([Word("re", prefix=True), Word("fox")], [2]), {"red big fox"}),
            (
                Phrase([AnyOf([Word("big"), Word("rea", prefix=True)]), Word("fox")]),
                {"real fox", "red big fox"},
            ),
            (Phrase([Word("red"), AnyOf([Word("big"), Word("fog")])]), {"red big fox", "red fog"}),
            (Phrase([Word("red"), AnyOf([])]), set()),
            (Phrase([Word("re d"), Word("fox")]), set()),
            (Phrase([Word("zz", prefix=True), Word("fox")]), set()),
            (Phrase([Word("red", titles=True), Word("hen", titles=True)]), {"red hen"}),
        ],
    )
    async def test_phrases(
        self, db: Transaction, opensearch: OpenSearchIndex, phrase: Phrase, holds: set[str]
    ) -> None:
        texts = ("red fox", "real fox", "red fog", "red big fox", "fox red")
        place = new_id()
        some = {text: document(text, container_id=place) for text in texts}
        some["red hen"] = document(title="red hen", kind="post", container_id=place)
        await put(db, opensearch, *some.values())
        assert await found(opensearch, place, phrase) == {some[text].id for text in holds}

    async def test_votes_are_asked_of_the_database(
        self, db: Transaction, ann: Actor, opensearch: OpenSearchIndex, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr("cgraph.search.opensearch_searching.SIEVED", 2)
        forum = await make_forum(db, ann)
        posts = [await make_post(db, ann, forum.id, title="fox") for _ in range(5)]
        for n, post in enumerate(posts):
            await db.value(
                "UPDATE post_ranks SET upvotes = $2, downvotes = 0 WHERE id = $1", post.id, n
            )
        ids = [post.id for post in posts]
        said = of_forum(forum.id, "fox", kind="message")
        made = [of_forum(forum.id, "fox", id=id, at=n) for n, id in enumerate(ids)]
        await put(db, opensearch, said, *made)
        scope = Scope(containers={forum.id: -1}, forums=False, people=False)

        async def pages(wanted: Wanted, **paging: Any) -> list[UUID]:
            shown: list[UUID] = []
            after = None
            while True:
                page = await opensearch.search(wanted, scope, Paging(after=after, **paging))
                shown += [hit.id for hit in page.hits]
                if not page.more:
                    return shown
                after = page.hits[-1].position

        above = Wanted(score_above=1)
        assert await pages(above, limit=2) == ids[:1:-1]
        assert (await opensearch.search(above, scope, Paging())).total == 3
        assert await pages(Wanted(score_above=0, score_below=3), limit=1) == [ids[2], ids[1]]
        assert await pages(Wanted(match=Word("fox"), score_below=1), order="relevance") == ids[:1]
        top = await pages(Wanted(kinds=["post"]), order="top", limit=2)
        assert top == ids[::-1]


class TestWords:
    async def test_are_told_of_once(
        self, db: Transaction, fake: FakeOpenSearch, opensearch: OpenSearchIndex
    ) -> None:
        await put(db, opensearch, document("quokka wombat"))
        asked = len(fake.requests)
        await put(db, opensearch, document("quokka bilby"), version=2)
        told = b"".join(one.body for one in fake.requests[asked:] if one.path == "/_bulk")
        assert b'"word":"bilby"' in told
        assert b'"word":"quokka"' not in told
        assert await opensearch.expand("bil", "prefix") == ["bilby"]

    async def test_long_ones_are_words_too(
        self, db: Transaction, opensearch: OpenSearchIndex
    ) -> None:
        word = "quokka" * 20
        await put(db, opensearch, document(word))
        (known,) = await opensearch.expand("quokkaquokka", "prefix")
        assert word.startswith(known)


class TestDropping:
    async def test_what_lies_in_deleted_forums_goes_at_night(
        self, db: Transaction, ann: Actor, opensearch: OpenSearchIndex
    ) -> None:
        forum, other = await make_forum(db, ann), await make_forum(db, ann)
        await put(db, opensearch, of_forum(forum.id, "fox"), kept := of_forum(other.id, "fox"))
        await db.value("UPDATE forums SET deleted_at = now() WHERE id = $1", forum.id)
        await opensearch.tidy()
        assert await found(opensearch, forum.id) == set()
        assert await found(opensearch, other.id) == {kept.id}

"""What every index must do: the contract of `SearchBackend`."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from cgraph.search.backend import (
    TOTAL_MOST,
    AllOf,
    AnyOf,
    Found,
    NoneOf,
    Paging,
    Phrase,
    Scope,
    SearchBackend,
    Wanted,
    Word,
)
from cgraph.search.document import Document, Gone, Key, under
from cgraph.search.opensearch import OpenSearchIndex
from cgraph.search.postgres import PostgresSearch
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.indexed import EPOCH, document, of_forum

NOTHING = Scope(forums=False, people=False)


@pytest.fixture(params=["postgres", "opensearch"])
async def backend(
    request: pytest.FixtureRequest, db: Transaction, opensearch: OpenSearchIndex
) -> SearchBackend:
    """Empty of what the test has not put there, as far as its scopes reach."""
    return opensearch if request.param == "opensearch" else PostgresSearch(db)


class Index:
    """An index, and words for what tests do with it."""

    def __init__(self, db: Transaction, backend: SearchBackend) -> None:
        self.db = db
        self.backend = backend
        self.version = 0

    async def put(self, *documents: Document, gone: Sequence[Gone] = ()) -> None:
        self.version += 1
        await self.backend.index(self.db, documents, gone, version=self.version)
        await self.backend.refresh()

    async def search(self, scope: Scope, wanted: Wanted | None = None, **paging: Any) -> Found:
        return await self.backend.search(wanted or Wanted(), scope, Paging(**paging))

    async def ids(self, scope: Scope, **wanted: Any) -> list[UUID]:
        return [hit.id for hit in (await self.search(scope, Wanted(**wanted))).hits]


@pytest.fixture
async def index(db: Transaction, backend: SearchBackend) -> Index:
    return Index(db, backend)


def reading(*documents: Document, **more: Any) -> Scope:
    """Who reads these, by their containers."""
    containers = {one.container_id: -1 for one in documents}
    facts: dict[str, Any] = {"containers": containers, "forums": False, "people": False}
    return Scope(**facts | more)


class TestIndex:
    async def test_what_is_put_there_is_found(self, index: Index) -> None:
        one = document("a quokka at dawn", author_id=new_id(), seq=7)
        await index.put(one)
        (hit,) = (await index.search(reading(one), Wanted(match=Word("quokka")))).hits
        assert (hit.key, hit.author_id, hit.inserted_at, hit.seq) == (
            one.key,
            one.author_id,
            one.inserted_at,
            7,
        )

    async def test_what_is_put_there_again_is_as_it_is_now(self, index: Index) -> None:
        place = new_id()
        one = document("a quokka", container_id=place)
        await index.put(one)
        again = document("a wombat", container_id=place, id=one.id)
        await index.put(again)
        scope = reading(one)
        assert await index.ids(scope, match=Word("quokka")) == []
        assert await index.ids(scope, match=Word("wombat")) == [one.id]

    async def test_the_same_twice_is_there_once(self, index: Index) -> None:
        one = document("a quokka")
        await index.put(one)
        await index.put(one)
        assert (await index.search(reading(one))).total == 1

    async def test_what_has_moved_in_time_is_where_it_is(self, index: Index) -> None:
        place = new_id()
        old = document("a quokka", container_id=place, kind="post", at=0)
        new = document("a quokka", container_id=place, kind="post", at=500, id=old.id)
        await index.put(old)
        await index.put(new, gone=[Gone("post", old.id, None, old.inserted_at)])
        found = await index.search(reading(old))
        assert [hit.inserted_at for hit in found.hits] == [new.inserted_at]

    async def test_what_is_gone_is_not_found(self, index: Index) -> None:
        one, other = document("a quokka"), document("a quokka")
        await index.put(one, other)
        await index.put(gone=[Gone("message", one.id, one.container_id, one.inserted_at)])
        assert await index.ids(reading(one, other)) == [other.id]

    async def test_an_id_is_a_messages_own_in_its_conversation_only(self, index: Index) -> None:
        one = document("a quokka")
        other = document("a quokka", id=one.id)
        await index.put(one, other)
        assert (await index.search(reading(one, other))).total == 2
        await index.put(gone=[Gone("message", one.id, one.container_id, one.inserted_at)])
        (hit,) = (await index.search(reading(one, other))).hits
        assert hit.container_id == other.container_id

    async def test_files_go_with_what_they_hang_on(self, index: Index) -> None:
        one = document("look")
        file = document(title="map.pdf", kind="file", container_id=one.container_id, item_id=one.id)
        await index.put(one, file)
        assert await index.ids(reading(one), kinds={"file"}) == [file.id]
        await index.put(one)
        assert await index.ids(reading(one)) == [one.id]

    async def test_gone_without_a_time_is_told_of_by_somebody_else(self, index: Index) -> None:
        one = document("a quokka")
        await index.put(one)
        await index.put(gone=[Gone("message", one.id, one.container_id, None)])
        assert await index.ids(reading(one)) == [one.id]

    async def test_signs_are_no_syntax(self, index: Index) -> None:
        for text in ("it's 'quoted' \\ back\\slash", "a:b & c | !d <-> (e)", 'say "hi" %_', "'"):
            one = document(text, features=("mention:'\"\\,{}",))
            await index.put(one)
            assert await index.ids(reading(one), features=["mention:'\"\\,{}"]) == [one.id]
        one = document("can't")
        await index.put(one)
        assert await index.ids(reading(one), match=Word("'\\:*&")) == []


class TestMatch:
    @pytest.fixture
    async def texts(self, index: Index) -> tuple[Scope, Callable[..., Awaitable[set[str]]]]:
        place = new_id()
        texts = {
            text: document(text, container_id=place)
            for text in ("red fox", "red hen", "fox red", "blue fox", "red big fox")
        }
        await index.put(*texts.values())
        scope = reading(*texts.values())
        by_id = {one.id: text for text, one in texts.items()}

        async def found(match: Any) -> set[str]:
            return {by_id[id] for id in await index.ids(scope, match=match)}

        return scope, found

    async def test_all_of_them(self, texts: Any) -> None:
        _, found = texts
        both = AllOf([Word("red"), Word("fox")])
        assert await found(both) == {"red fox", "fox red", "red big fox"}
        assert len(await found(AllOf([]))) == 5
        assert await found(AllOf([Word("blue"), AllOf([])])) == {"blue fox"}

    async def test_one_of_them(self, texts: Any) -> None:
        _, found = texts
        assert await found(AnyOf([Word("hen"), Word("blue")])) == {"red hen", "blue fox"}
        assert await found(AnyOf([])) == set()
        assert await found(AllOf([Word("red"), AnyOf([])])) == set()

    async def test_none_of_them(self, texts: Any) -> None:
        _, found = texts
        assert await found(AllOf([Word("red"), NoneOf([Word("fox")])])) == {"red hen"}
        assert await found(NoneOf([Word("red")])) == {"blue fox"}
        assert len(await found(NoneOf([]))) == 5
        assert len(await found(NoneOf([AnyOf([])]))) == 5
        assert await found(NoneOf([AllOf([])])) == set()

    async def test_one_after_the_other(self, texts: Any) -> None:
        _, found = texts
        assert await found(Phrase([Word("red"), Word("fox")])) == {"red fox"}
        assert await found(Phrase([Word("red"), Word("fox")], [2])) == {"red big fox"}
        either = AnyOf([Word("red"), Word("blue")])
        assert await found(Phrase([either, Word("fox")])) == {"red fox", "blue fox"}

    async def test_what_begins_so(self, texts: Any) -> None:
        _, found = texts
        assert await found(Word("he", prefix=True)) == {"red hen"}

    async def test_in_titles_only(self, index: Index) -> None:
        one = document("fox", title="hen", kind="post")
        await index.put(one)
        scope = reading(one)
        assert await index.ids(scope, match=Word("hen", titles=True)) == [one.id]
        assert await index.ids(scope, match=Word("fox", titles=True)) == []


class TestWanted:
    async def test_kinds(self, index: Index) -> None:
        one = document("fox")
        other = document("fox", kind="channel")
        await index.put(one, other)
        scope = reading(one, other)
        assert await index.ids(scope, kinds={"channel"}) == [other.id]
        assert await index.ids(scope, kinds=[]) == []

    async def test_authors(self, index: Index) -> None:
        ann, bob = new_id(), new_id()
        hers, his = document("fox", author_id=ann), document("fox", author_id=bob, at=1)
        nobodys = document("fox", at=2)
        await index.put(hers, his, nobodys)
        scope = reading(hers, his, nobodys)
        assert await index.ids(scope, authors=[ann]) == [hers.id]
        assert await index.ids(scope, authors=[]) == []
        assert await index.ids(scope, not_authors=[ann]) == [nobodys.id, his.id]

    async def test_places(self, index: Index) -> None:
        group = new_id()
        one, other = document("fox", community_id=group), document("fox", at=1)
        await index.put(one, other)
        scope = reading(one, other)
        assert await index.ids(scope, containers=[one.container_id]) == [one.id]
        assert await index.ids(scope, containers=[group]) == [one.id]
        assert await index.ids(scope, containers=[new_id()]) == []
        assert await index.ids(scope, containers=[]) == []
        assert await index.ids(scope, not_containers=[one.container_id]) == [other.id]
        assert await index.ids(scope, not_containers=[group]) == [other.id]
        whole = Scope(communities=[group], forums=False, people=False)
        assert await index.ids(whole, containers=[one.container_id]) == [one.id]
        assert await index.ids(whole, containers=[group]) == [one.id]
        assert await index.ids(whole, containers=[other.container_id]) == []

    async def test_times(self, index: Index) -> None:
        some = [document("fox", at=hour) for hour in range(3)]
        await index.put(*some)
        scope = reading(*some)
        noon = EPOCH + timedelta(hours=1)
        assert await index.ids(scope, since=noon) == [some[2].id, some[1].id]
        assert await index.ids(scope, before=noon) == [some[0].id]

    async def test_features(self, index: Index) -> None:
        one = document("fox", features=("link", "pinned"))
        other = document("fox", features=("link",), at=1)
        await index.put(one, other)
        scope = reading(one, other)
        assert await index.ids(scope, features=["link", "pinned"]) == [one.id]
        assert await index.ids(scope, any_features=[["poll", "link"]]) == [other.id, one.id]
        assert await index.ids(scope, any_features=[["link"], ["poll"]]) == []
        assert await index.ids(scope, not_features=["pinned"]) == [other.id]

    async def test_keys_and_items(self, index: Index) -> None:
        one, other = document("fox", item_id=new_id()), document("fox")
        await index.put(one, other)
        scope = reading(one, other)
        assert await index.ids(scope, keys=[Key("message", one.id)]) == [one.id]
        assert await index.ids(scope, keys=[]) == []
        assert await index.ids(scope, items=[one.item_id]) == [one.id]


class TestScope:
    async def test_nothing_is_found_by_who_reads_nothing(self, index: Index) -> None:
        await index.put(document("fox"), of_forum(new_id(), "fox"))
        assert await index.ids(NOTHING, match=Word("fox")) == []

    async def test_what_was_said_before_somebody_came(self, index: Index) -> None:
        place = new_id()
        some = [document("fox", container_id=place, seq=n, at=n) for n in (1, 2, 3)]
        await index.put(*some)
        scope = Scope(containers={place: 2}, forums=False, people=False)
        assert await index.ids(scope) == [some[2].id]
        everything = Scope(containers={place: 0}, forums=False, people=False)
        assert (await index.search(everything)).total == 3

    async def test_a_group_read_as_a_whole_but_for_some(self, index: Index) -> None:
        group, hidden, later = new_id(), new_id(), new_id()
        open_one = document("fox", community_id=group)
        shut = document("fox", community_id=group, container_id=hidden)
        below = document("fox", community_id=group, channel_id=hidden)
        early = document("fox", community_id=group, container_id=later, seq=1)
        late = document("fox", community_id=group, container_id=later, seq=9)
        await index.put(open_one, shut, below, early, late)
        scope = Scope(
            communities=[group],
            excluded=[hidden],
            containers={later: 5},
            forums=False,
            people=False,
        )
        assert set(await index.ids(scope)) == {open_one.id, late.id}

    async def test_forums_but_for_some(self, index: Index) -> None:
        word = f"w{new_id().hex}"
        public, private = new_id(), new_id()
        one, other = of_forum(public, word), of_forum(private, word)
        await index.put(one, other)
        scope = Scope(excluded_forums=[private], people=False)
        assert await index.ids(scope, match=Word(word)) == [one.id]
        let_in = Scope(excluded_forums=[private], containers={private: -1}, people=False)
        assert set(await index.ids(let_in, match=Word(word))) == {one.id, other.id}
        assert await index.ids(NOTHING, match=Word(word)) == []

    async def test_people(self, index: Index) -> None:
        word = f"w{new_id().hex}"
        who = document(title=word, kind="user")
        await index.put(who)
        assert await index.ids(Scope(forums=False), match=Word(word)) == [who.id]
        assert await index.ids(Scope(people=False), match=Word(word)) == []

    async def test_whose_things_are_never_shown(self, index: Index) -> None:
        word, who, place = f"w{new_id().hex}", new_id(), new_id()
        said = document(word, author_id=who, container_id=place)
        posted = of_forum(new_id(), word, author_id=who)
        nobodys = document(word, container_id=place, at=1)
        await index.put(said, posted, nobodys)
        containers = {place: -1}
        hidden = Scope(containers=containers, hidden_authors=[who])
        assert await index.ids(hidden, match=Word(word)) == [nobodys.id]
        in_forums = Scope(containers=containers, hidden_in_forums=[who])
        assert await index.ids(in_forums, match=Word(word)) == [nobodys.id, said.id]

    async def test_hidden_things_with_what_hangs_on_them(self, index: Index) -> None:
        forum = new_id()
        post = of_forum(forum, "fox")
        comment = of_forum(forum, "fox", kind="comment", item_id=post.id)
        below = [under(post.id)]
        file = of_forum(forum, "fox", kind="file", item_id=comment.id, features=below)
        await index.put(post, comment, file)
        assert await index.ids(reading(post, hidden=[post.id])) == []

    async def test_by_name_without_what_is_in_it(self, index: Index) -> None:
        place = new_id()
        name = document(title="fox", kind="channel", id=place, container_id=place)
        said = document("fox", container_id=place)
        await index.put(name, said)
        scope = Scope(seen=[place], forums=False, people=False)
        assert await index.ids(scope, match=Word("fox")) == [name.id]
        both = Scope(seen=[place], containers={place: -1}, forums=False, people=False)
        assert (await index.search(both, Wanted(match=Word("fox")))).total == 2


class TestPages:
    async def test_lead_through_all_of_it_once(self, index: Index) -> None:
        place = new_id()
        # Some at the same time, and in two quarters.
        some = [document("fox", container_id=place, at=n // 2 * 30) for n in range(7)]
        await index.put(*some)
        scope, wanted = reading(*some), Wanted(match=Word("fox"))
        for order in ("newest", "oldest", "relevance"):
            seen: list[UUID] = []
            after = None
            while True:
                found = await index.search(scope, wanted, limit=3, order=order, after=after)
                seen += [hit.id for hit in found.hits]
                if not found.more:
                    break
                after = found.hits[-1].position
            assert len(seen) == 7
            assert set(seen) == {one.id for one in some}
            if order != "relevance":
                by_time = sorted(some, key=lambda one: (one.inserted_at, one.id))
                expected = [one.id for one in by_time]
                assert seen == (expected if order == "oldest" else expected[::-1])

    async def test_total_is_counted_up_to_a_bound(self, index: Index) -> None:
        place = new_id()
        await index.put(*(document("fox", container_id=place, at=n) for n in range(TOTAL_MOST + 5)))
        scope = Scope(containers={place: -1}, forums=False, people=False)
        found = await index.search(scope, Wanted(match=Word("fox")), limit=2)
        assert (len(found.hits), found.more, found.total, found.capped) == (
            2,
            True,
            TOTAL_MOST,
            True,
        )
        uncounted = await index.search(scope, Wanted(match=Word("fox")), limit=2, count=False)
        assert (len(uncounted.hits), uncounted.more, uncounted.total) == (2, True, None)
        onward = await index.search(scope, limit=2, after=found.hits[-1].position)
        assert onward.total is None

    async def test_what_is_read_in_two_ways_counts_once(self, index: Index) -> None:
        group, channel = new_id(), new_id()
        in_both = document("fox", community_id=group, container_id=channel)
        in_group = document("fox", community_id=group)
        alone = document("fox")
        await index.put(in_both, in_group, alone)
        scope = reading(in_both, alone, communities=[group])
        found = await index.search(scope, Wanted(match=Word("fox")), limit=1)
        assert (len(found.hits), found.more, found.total) == (1, True, 3)

    async def test_the_best_first(self, index: Index) -> None:
        place = new_id()
        often = document("fox fox fox", container_id=place)
        titled = document("hen", title="fox", container_id=place)
        seldom = document("one fox among very many other words", container_id=place)
        await index.put(often, titled, seldom)
        found = await index.search(reading(often), Wanted(match=Word("fox")), order="relevance")
        assert found.hits[-1].id == seldom.id
        assert found.total == 3


class TestExpand:
    @pytest.fixture
    async def words(self, index: Index) -> Index:
        await index.put(document("zyqkettle zyqkettles zyqbattle 100%zyq zyq_x"))
        return index

    async def test_what_begins_so(self, words: Index) -> None:
        assert await words.backend.expand("zyqket", "prefix") == ["zyqkettle", "zyqkettles"]
        assert await words.backend.expand("zyqket", "prefix", limit=1) == ["zyqkettle"]
        assert await words.backend.expand("%yqket", "prefix") == []

    async def test_what_contains_it(self, words: Index) -> None:
        assert await words.backend.expand("yqkett", "infix") == ["zyqkettle", "zyqkettles"]
        assert await words.backend.expand("y", "infix") == []

    async def test_what_is_spelt_so_by_mistake(self, words: Index) -> None:
        assert (await words.backend.expand("zyqketlte", "similar"))[0] == "zyqkettle"
        assert "zyqbattle" not in await words.backend.expand("zyqkettel", "similar")
        assert await words.backend.expand("zy", "similar") == []


class TestTidy:
    async def test_words_of_nothing_are_forgotten(
        self, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, other = document("zyqalpha zyqcommon"), document("zyqcommon it's")
        await index.put(one, other)
        await index.put(gone=[Gone("message", one.id, one.container_id, one.inserted_at)])
        assert await index.backend.expand("zyqalpha", "prefix") == ["zyqalpha"]
        monkeypatch.setattr("cgraph.search.words.RECHECK", timedelta(seconds=-60))
        monkeypatch.setattr("cgraph.search.words.AT_ONCE", 10_000)
        assert await index.backend.tidy() >= 1
        assert await index.backend.expand("zyqalpha", "prefix") == []
        assert await index.backend.expand("zyqcommon", "prefix") == ["zyqcommon"]


class TestVolume:
    async def test_says_how_much_there_is(self, index: Index) -> None:
        await index.put(document("fox"))
        assert (await index.backend.volume()).bytes > 0


class TestClear:
    async def test_leaves_nothing(self, index: Index) -> None:
        one = document("fox")
        await index.put(one)
        await index.backend.clear()
        assert await index.ids(reading(one)) == []

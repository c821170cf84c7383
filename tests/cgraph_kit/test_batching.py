"""Writes that share statements."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest

from cgraph_kit import batching
from cgraph_kit.batching import LANES, MOST, Batched
from cgraph_kit.db import Database
from cgraph_kit.errors import Unavailable


class Mark(NamedTuple):
    key: int
    word: str


class Counted(msgspec.Struct, frozen=True):
    n: int
    count: int


class Marked(NamedTuple):
    """The event: which number a word got."""

    key: int
    word: str
    count: int


TABLES = """
CREATE TABLE counters (key int PRIMARY KEY, n int NOT NULL DEFAULT 0);
CREATE TABLE marks (key int, nth int, word text CHECK (word <> 'poison'));
INSERT INTO counters (key) SELECT generate_series(1, 200);
"""
MARK = """
WITH input AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::text[]) AS i (n, key, word)
), locked AS MATERIALIZED (
    SELECT i.* FROM input i, LATERAL (SELECT FROM counters c WHERE c.key = i.key FOR NO KEY UPDATE) c
), counted AS (
    UPDATE counters c SET n = c.n + 1 FROM locked l WHERE c.key = l.key RETURNING l.*, c.n AS count
), marked AS (
    INSERT INTO marks (key, nth, word) SELECT key, count, word FROM counted
)
SELECT n, count FROM counted
"""
DIE = """
SELECT n, (SELECT pg_terminate_backend(pg_backend_pid())::int + length(pg_sleep(5)::text))
FROM unnest($1::int[], $2::int[], $3::text[]) AS i (n, key, word)
"""


class Marking(Batched[Mark, Marked]):
    """Counts words per key; `batches` are the statements' entries so far."""

    def __init__(self, sql: str = MARK) -> None:
        self.batches: list[list[Mark]] = []
        self.sql = sql
        super().__init__(
            Counted,
            key=lambda mark: mark.key,
            statement=self._statement,
            happened=lambda mark, row: Marked(mark.key, mark.word, row.count),
        )

    def _statement(self, marks: Sequence[Mark]) -> tuple[str, Sequence[Any]]:
        self.batches.append(list(marks))
        return self.sql, (range(len(marks)), *zip(*marks, strict=True))

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.batches]


@pytest.fixture
async def own_dsn(dsn: str, clones: Any) -> str:
    """A database of this test's own, with counters 1 to 200."""
    address = await clones.make()
    database = await Database.connect(address, pool_size=1)
    for statement in TABLES.strip().split(";")[:-1]:
        await database.value(statement)
    await database.close()
    return address


@pytest.fixture
async def here(own_dsn: str) -> AsyncIterator[Database]:
    database = await Database.connect(own_dsn, pool_size=10)
    yield database
    await database.close()


@pytest.fixture
def heard(here: Database) -> list[Any]:
    """What is published, in order."""
    heard: list[Any] = []
    here.subscriber = heard.extend
    return heard


@pytest.fixture
def marking() -> Marking:
    return Marking()


async def at_once(db: Database, marking: Marking, *marks: Mark) -> list[Any]:
    """All of them in one tick: events, or what went wrong."""
    return await asyncio.gather(
        *(db.batched(marking, mark) for mark in marks), return_exceptions=True
    )


async def until(condition: Any) -> None:
    """Wait, boundedly, for something that is about to happen."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (nobody says when)
            await asyncio.sleep(0.001)


class TestBatches:
    async def test_a_lone_write_goes_alone_and_is_told(
        self, here: Database, marking: Marking, heard: list[Any]
    ) -> None:
        assert await here.batched(marking, Mark(1, "a")) == Marked(1, "a", 1)
        assert marking.sizes == [1]
        assert heard == [Marked(1, "a", 1)]

    async def test_what_comes_together_goes_together(
        self, here: Database, marking: Marking, heard: list[Any]
    ) -> None:
        marks = [Mark(key, "a") for key in range(150, 0, -1)]
        assert await at_once(here, marking, *marks) == [Marked(m.key, "a", 1) for m in marks]
        assert marking.sizes == [MOST, MOST, 150 - 2 * MOST]
        assert sorted(heard) == sorted(Marked(m.key, "a", 1) for m in marks)

    async def test_what_comes_while_others_are_under_way_gathers(
        self, here: Database, marking: Marking
    ) -> None:
        async with here.transaction() as tx:
            waiting = []
            for key in range(1, LANES + 1):
                await tx.value("SELECT n FROM counters WHERE key = $1 FOR UPDATE", key)
                waiting.append(asyncio.ensure_future(here.batched(marking, Mark(key, "slow"))))
                await until(lambda key=key: len(marking.batches) == key)
            for key in range(11, 20):
                waiting.append(asyncio.ensure_future(here.batched(marking, Mark(key, "quick"))))
                await asyncio.sleep(0)
            assert marking.sizes == [1] * LANES
        await asyncio.gather(*waiting)
        assert marking.sizes == [1] * LANES + [9]

    async def test_keys_are_met_in_ascending_order(self, here: Database, marking: Marking) -> None:
        await at_once(here, marking, *(Mark(key, "a") for key in (3, 1, 2)))
        assert marking.batches == [[Mark(1, "a"), Mark(2, "a"), Mark(3, "a")]]

    async def test_writes_of_one_key_keep_their_order(
        self, here: Database, marking: Marking, heard: list[Any]
    ) -> None:
        marks = [Mark(n % 3 + 1, str(n)) for n in range(60)]
        await at_once(here, marking, *marks)
        for key in (1, 2, 3):
            told = [(event.word, event.count) for event in heard if event.key == key]
            assert told == [
                (m.word, n) for n, m in enumerate((m for m in marks if m.key == key), 1)
            ]
        assert all(len({mark.key for mark in batch}) == len(batch) for batch in marking.batches)

    async def test_no_row_is_no_event(
        self, here: Database, marking: Marking, heard: list[Any]
    ) -> None:
        assert await at_once(here, marking, Mark(999, "a"), Mark(1, "b")) == [
            None,
            Marked(1, "b", 1),
        ]
        assert heard == [Marked(1, "b", 1)]


class TestTransaction:
    async def test_writes_alone_and_tells_after_the_commit(
        self, here: Database, marking: Marking, heard: list[Any]
    ) -> None:
        async with here.transaction() as tx:
            assert await tx.batched(marking, Mark(1, "a")) == Marked(1, "a", 1)
            assert heard == []
        assert heard == [Marked(1, "a", 1)]

    async def test_is_rolled_back_with_it(
        self, here: Database, marking: Marking, heard: list[Any]
    ) -> None:
        with pytest.raises(RuntimeError):
            async with here.transaction() as tx:
                await tx.batched(marking, Mark(1, "a"))
                raise RuntimeError
        assert heard == []
        assert await here.value("SELECT n FROM counters WHERE key = 1") == 0


class TestFailure:
    @pytest.mark.parametrize("bad", ["poison", "\ud800"], ids=["refused", "unsendable"])
    async def test_of_one_entry_is_its_own(
        self, here: Database, marking: Marking, heard: list[Any], bad: str
    ) -> None:
        first, wrong, last = await at_once(here, marking, Mark(1, "a"), Mark(2, bad), Mark(3, "c"))
        assert (first, last) == (Marked(1, "a", 1), Marked(3, "c", 1))
        assert isinstance(wrong, Exception)
        assert not isinstance(wrong, Unavailable)
        assert sorted(heard) == [first, last]
        assert await here.value("SELECT count(*) FROM marks") == 2
        assert await here.batched(marking, Mark(2, "b")) == Marked(2, "b", 1)

    async def test_of_the_database_is_everyones_at_once(self, here: Database) -> None:
        dying = Marking(DIE)
        told = await at_once(here, dying, *(Mark(key, "a") for key in range(1, 11)))
        assert [type(one) for one in told] == [Unavailable] * 10
        assert len(set(map(id, told))) == 10
        assert dying.sizes == [10]
        assert await here.batched(Marking(), Mark(1, "a")) == Marked(1, "a", 1)

    async def test_after_the_commit_writes_nothing_twice(
        self, here: Database, marking: Marking
    ) -> None:
        def fail(_mark: Mark, _row: Any) -> Marked:
            raise RuntimeError("no event of this")

        marking.happened = fail
        told = await at_once(here, marking, Mark(1, "a"), Mark(2, "b"))
        assert [type(one) for one in told] == [RuntimeError] * 2
        assert await here.value("SELECT count(*) FROM marks") == 2

    async def test_to_tell_one_keeps_nothing_from_others(
        self, here: Database, marking: Marking
    ) -> None:
        heard = []

        def listen(events: Sequence[Marked]) -> None:
            if events[0].key == 1:
                raise RuntimeError("deaf")
            heard.extend(events)

        here.subscriber = listen
        told = await at_once(here, marking, Mark(1, "a"), Mark(2, "b"))
        assert told == [Marked(1, "a", 1), Marked(2, "b", 1)]
        assert heard == [Marked(2, "b", 1)]


class TestCancellation:
    async def test_takes_nothing_from_anybody(
        self, here: Database, marking: Marking, heard: list[Any]
    ) -> None:
        async with here.transaction() as tx:
            await tx.value("SELECT n FROM counters WHERE key = 1 FOR UPDATE")
            callers = [
                asyncio.ensure_future(here.batched(marking, Mark(key, "a"))) for key in (1, 2)
            ]
            behind = asyncio.ensure_future(here.batched(marking, Mark(1, "b")))
            await until(lambda: marking.batches)
            for one in (callers[0], behind):
                one.cancel()
            await asyncio.wait([callers[0], behind])
        assert await callers[1] == Marked(2, "a", 1)
        await until(lambda: len(heard) == 3)
        assert heard == [Marked(1, "a", 1), Marked(2, "a", 1), Marked(1, "b", 2)]


class TestLocks:
    async def test_who_waits_for_one_does_not_hold_up_others(
        self, here: Database, marking: Marking
    ) -> None:
        async with here.transaction() as tx:
            stuck = []
            for key in range(1, LANES + 1):
                await tx.value("SELECT n FROM counters WHERE key = $1 FOR UPDATE", key)
                stuck.append(asyncio.ensure_future(here.batched(marking, Mark(key, "a"))))
                await until(lambda key=key: len(marking.batches) == key)
            async with asyncio.timeout(5):
                assert await here.batched(marking, Mark(100, "b")) == Marked(100, "b", 1)
            assert not any(one.done() for one in stuck)
        assert await asyncio.gather(*stuck) == [Marked(1, "a", 1), Marked(2, "a", 1)]

    async def test_two_nodes_do_not_deadlock(
        self, own_dsn: str, here: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        there = await Database.connect(own_dsn, pool_size=10)
        nodes = [(here, Marking()), (there, Marking())]
        order = random.Random(1)  # noqa: S311

        async def talk(db: Database, marking: Marking) -> None:
            for n in range(30):
                keys = order.sample(range(1, 41), 40)
                told = await at_once(db, marking, *(Mark(key, str(n)) for key in keys))
                assert all(isinstance(one, Marked) for one in told), told

        await asyncio.gather(*(talk(db, marking) for db, marking in nodes))
        assert "trying each alone" not in caplog.text
        counts = "SELECT count(*) FROM counters WHERE n = 60"
        assert await here.value(counts) == 40
        await there.close()


class TestTooMany:
    async def test_behind_one_key_are_refused(
        self, here: Database, marking: Marking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batching, "MOST_WAITING_PER_KEY", 2)
        told = await at_once(here, marking, *(Mark(1, str(n)) for n in range(4)), Mark(2, "a"))
        assert [type(one) for one in told] == [Marked] * 2 + [Unavailable] * 2 + [Marked]
        assert await here.batched(marking, Mark(1, "later")) == Marked(1, "later", 3)

    async def test_in_all_are_refused(
        self, here: Database, marking: Marking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batching, "MOST_WAITING", 3)
        told = await at_once(here, marking, *(Mark(n, "a") for n in range(1, 6)))
        assert [type(one) for one in told] == [Marked] * 3 + [Unavailable] * 2
        assert await here.batched(marking, Mark(4, "b")) == Marked(4, "b", 1)


class TestClosing:
    async def test_lets_what_has_come_go_out(self, own_dsn: str, marking: Marking) -> None:
        database = await Database.connect(own_dsn, pool_size=2)
        writes = [
            asyncio.ensure_future(database.batched(marking, Mark(n % 5 + 1, str(n))))
            for n in range(50)
        ]
        await asyncio.sleep(0)
        await database.close()
        assert all(isinstance(one, Marked) for one in await asyncio.gather(*writes))
        with pytest.raises(Unavailable):
            await database.batched(marking, Mark(1, "late"))

    async def test_ends_what_is_stuck(self, own_dsn: str, here: Database, marking: Marking) -> None:
        database = await Database.connect(own_dsn, pool_size=2)
        async with here.transaction() as tx:
            await tx.value("SELECT n FROM counters WHERE key = 1 FOR UPDATE")
            stuck = [
                asyncio.ensure_future(database.batched(marking, Mark(1, word))) for word in "ab"
            ]
            await until(lambda: marking.batches)
            async with asyncio.timeout(10):
                await database.close()
        told = await asyncio.gather(*stuck, return_exceptions=True)
        assert [type(one) for one in told] == [Unavailable] * 2

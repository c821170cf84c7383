"""Three people, and what happened last."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import pytest

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from support.talk import make_actor

T = TypeVar("T")


@pytest.fixture
async def ann(db: Transaction) -> Actor:
    return await make_actor(db, "ann")


@pytest.fixture
async def bob(db: Transaction) -> Actor:
    return await make_actor(db, "bob")


@pytest.fixture
async def eve(db: Transaction) -> Actor:
    return await make_actor(db, "eve")


@pytest.fixture
def happened(db: Transaction) -> Callable[[type[T]], list[T]]:
    """The events of a kind published so far."""

    def events(kind: type[T]) -> list[T]:
        return [event for event in db.events if isinstance(event, kind)]

    return events


class _Counting:
    """A connection that remembers what it was asked."""

    def __init__(self, connection: Any, queries: list[str]) -> None:
        self._connection = connection
        self._queries = queries

    def __getattr__(self, name: str) -> Any:
        word = getattr(self._connection, name)
        if name not in {"fetch", "fetchrow", "fetchval"}:
            return word

        def ask(sql: str, *args: Any) -> Any:
            self._queries.append(sql)
            return word(sql, *args)

        return ask


@contextmanager
def _counted(db: Any) -> Iterator[list[str]]:
    """The statements run inside."""
    queries: list[str] = []
    connection = db._connection
    db._connection = _Counting(connection, queries)
    try:
        yield queries
    finally:
        db._connection = connection


@pytest.fixture
def count_queries() -> Callable[[Any], AbstractContextManager[list[str]]]:
    return _counted

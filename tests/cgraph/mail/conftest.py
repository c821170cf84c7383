"""Letters to test with."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cgraph.mail import Item, Link, Place
from cgraph_kit.ids import new_id

THEN = datetime(2026, 3, 1, 14, 5, tzinfo=UTC)


@pytest.fixture
def item() -> Callable[..., Item]:
    """`item(who="Ada", …)`: one thing that happened."""

    def make(**given: Any) -> Item:
        values = {"who": "Ada", "what": "mentioned you", "at": THEN, "text": "Look at this"}
        return Item(**values | given)

    return make


@pytest.fixture
def place(item: Callable[..., Item]) -> Callable[..., Place]:
    """`place(3, title="Lounge")`: where so many things happened."""

    def make(count: int = 1, **given: Any) -> Place:
        items = [item(text=f"number {n}") for n in range(count)]
        values: dict[str, Any] = {
            "kind": "conversation",
            "id": new_id(),
            "items": items,
            "title": "Lounge",
            "link": Link("https://app.example.org/lounge"),
        }
        return Place(**values | given)

    return make

"""The envelopes of every answer: `{"data": …}` for one, `{"data": […], "page": {…}}` for many."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

import msgspec

from cgraph_kit.paging import Page

T = TypeVar("T")
S = TypeVar("S")


class Data(msgspec.Struct, Generic[T], frozen=True):
    """One."""

    data: T


class Cursors(msgspec.Struct, frozen=True):
    """Where a list goes on, in either direction."""

    before: str | None = None
    """Cursor of what precedes; null where the list begins."""
    after: str | None = None
    """Cursor of what follows; null where the list ends."""


class Many(msgspec.Struct, Generic[T], frozen=True):
    """Some of many."""

    data: list[T]
    page: Cursors


@overload
def many(page: Page[T]) -> Many[T]: ...
@overload
def many(page: Page[S], view: Callable[[S], T]) -> Many[T]: ...
def many(page: Page[Any], view: Callable[[Any], Any] | None = None) -> Many[Any]:
    """A context's page in its envelope, each item through its view, if it has one."""
    items = [view(item) for item in page.items] if view else page.items
    return Many(items, Cursors(page.before, page.after))

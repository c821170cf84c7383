"""Scenes of authorisation tests, which case after case uses until one changes something.

To make a scene costs far more than to ask one thing in it, and most cases look, or are refused: nothing is as they left it
only where a write was let through. Each worker keeps its own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from cgraph.application import App
from cgraph_web.action import Route

from .people import Person

S = TypeVar("S")
Cast = dict[str, Person]
"""The people of a scene, by what they are in it."""


class Scenes(Generic[S]):
    """Scenes of one kind.

    `plays`: in how many scenes the same people may be, one after the other; once, where most cases change what is theirs.
    """

    def __init__(
        self,
        cast: Callable[[App], Awaitable[Cast]],
        make: Callable[[App, Cast], Awaitable[S]],
        *,
        plays: int = 1,
    ) -> None:
        self._cast = cast
        self._make = make
        self._plays = plays
        self._people: Cast = {}
        self._left = 0
        """How many more scenes these people may be in."""
        self._kept: list[S] = []

    @asynccontextmanager
    async def lent(self, app: App, *, spoilt: bool, retired: bool = False) -> AsyncIterator[S]:
        """A scene for one case.

        `spoilt`: it will not be as it was; `retired`: what is its people's own neither, so that they are in no other scene.
        The same goes where the case fails.
        """
        scene = self._kept.pop() if self._kept else await self._new(app)
        try:
            yield scene
        except BaseException:
            self._left = 0
            raise
        if not spoilt:
            self._kept.append(scene)
        elif retired:
            self._left = 0

    async def _new(self, app: App) -> S:
        if not self._left:
            self._people = await self._cast(app)
            self._left = self._plays
        self._left -= 1
        return await self._make(app, self._people)


def changes(route: Route, *statuses: int) -> bool:
    """Whether who is answered one of these may have changed something."""
    return route.method != "GET" and min(statuses) < 400

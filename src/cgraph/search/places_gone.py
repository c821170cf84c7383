"""Letting go of the places that are taken out of what is read because the index held something of them."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from cgraph import groups
from cgraph_kit import clock
from cgraph_kit.db import Repo

from .backend import Paging, Scope, SearchBackend, Wanted
from .changes import hold_turn

AT_ONCE = 100
"""Places looked at in one turn."""
REST = timedelta(hours=1)
"""How long they are kept at least: what was on its way to an index elsewhere has arrived by then."""


async def forget_places_gone(db: Repo, backend: SearchBackend) -> None:
    """Those of which the index holds nothing. They are swept, and that is followed, or nothing was said there.

    In the turn of those who write: nobody is about to write what they read before a place went. Raises `Unavailable`.
    """
    before, after = clock.now() - REST, UUID(int=0)
    while some := await groups.list_places_gone(db, before, after, AT_ONCE):
        async with db.transaction() as tx:
            await hold_turn(tx)
            await groups.forget_places_gone(tx, await _find_empty(backend, some))
        after = some[-1]


async def _find_empty(backend: SearchBackend, ids: Collection[UUID]) -> set[UUID]:
    """Those of these containers in which the index has nothing."""
    left = set(ids)
    while left:
        scope = Scope(containers=dict.fromkeys(left, -1), forums=False, people=False)
        found = await backend.search(Wanted(), scope, Paging(limit=AT_ONCE, count=False))
        if not found.hits:
            break
        left -= {hit.container_id for hit in found.hits}
    return left

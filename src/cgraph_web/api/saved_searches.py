"""Searches one keeps."""

from uuid import UUID

from cgraph import search
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.search import SavedSearch, SavedSearchChange, SaveSearch
from cgraph_kit.db import Repo
from cgraph_web.action import Body, action
from cgraph_web.views.base import Data

EXAMPLE = {"name": "Recipes of Ann's", "q": "from:ann has:link recipe"}


@action()
async def index(db: Repo, actor: Actor) -> Data[list[SavedSearch]]:
    """One's saved searches, all of them, by name."""
    return Data(await search.list_saved_searches(db, actor))


@action(
    status=201,
    errors=(search.InvalidQuery, search.SavedSearchNameTaken, search.TooManySavedSearches),
    example=EXAMPLE,
)
async def create(db: Repo, actor: Actor, app: App, new: Body[SaveSearch]) -> Data[SavedSearch]:
    """Save a search under a name.

    It must be one that can be read. It is kept as it was typed, and found with `GET /search?q=…` like any other: what it finds is what
    may be read then, and `after:7d` counts from then.
    """
    return Data(await search.save_search(db, actor, new, limits=app.limits.search))


@action(errors=(search.SavedSearchNotFound,))
async def show(db: Repo, actor: Actor, saved_search_id: UUID) -> Data[SavedSearch]:
    """One of one's saved searches."""
    return Data(await search.get_saved_search(db, actor, saved_search_id))


@action(
    errors=(search.InvalidQuery, search.SavedSearchNameTaken, search.SavedSearchNotFound),
    example=EXAMPLE,
)
async def update(
    db: Repo, actor: Actor, app: App, saved_search_id: UUID, change: Body[SavedSearchChange]
) -> Data[SavedSearch]:
    """Call a saved search otherwise, or have it search for something else."""
    return Data(
        await search.change_saved_search(
            db, actor, saved_search_id, change, limits=app.limits.search
        )
    )


@action(status=204)
async def remove(db: Repo, actor: Actor, saved_search_id: UUID) -> None:
    """Keep a search no longer; where there is none, nothing happens."""
    await search.delete_saved_search(db, actor, saved_search_id)

"""What a half-typed search may be meant to become, and what one has searched for lately."""

from cgraph import search
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.search import KeepRecent, RecentSearches, SuggestFor, Suggestion
from cgraph_kit.db import Repo
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data


@action(errors=(search.SearchUnavailable,))
async def index(
    db: Repo, actor: Actor, app: App, query: Query[SuggestFor]
) -> Data[list[Suggestion]]:
    """Ten suggestions at most for a search that is being typed, the likeliest first.

    Each says which part of what was typed (`start`, `length`, in code points) its `text` takes the place of: operators and
    their values, people one shares a conversation or group with, channels, groups and forums one may see now, and one's own
    latest searches. Nothing that is typed here is kept.
    """
    return Data(await search.suggest(db, app.search, actor, query))


@action()
async def recent(db: Repo, actor: Actor) -> Data[RecentSearches]:
    """What one has searched for lately, the newest first, and whether that is kept."""
    return Data(await search.get_recent_searches(db, actor))


@action()
async def keep_recent(db: Repo, actor: Actor, wanted: Body[KeepRecent]) -> Data[RecentSearches]:
    """Have the latest searches kept, or not; with `keep: false` those that are kept are forgotten."""
    return Data(await search.keep_recent_searches(db, actor, wanted))


@action(status=204)
async def forget_recent(db: Repo, actor: Actor) -> None:
    """Forget what one has searched for until now."""
    await search.forget_recent_searches(db, actor)

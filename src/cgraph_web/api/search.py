"""Searching everything one may read."""

from cgraph import search as searching
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.search import SearchCount, SearchFor, SearchPage
from cgraph_kit.db import Repo
from cgraph_web.action import Query, action
from cgraph_web.views.base import Data
from cgraph_web.views.search import Results, results


@action(public=True, errors=(searching.InvalidQuery, searching.SearchUnavailable))
async def index(db: Repo, actor: Actor | None, app: App, query: Query[SearchPage]) -> Results:
    """Messages, posts, comments, files, people, groups, channels and forums, of what one may read at this moment.

    Words are found in whatever form they stand; `"words in quotes"` as they are, `begin*` and `*within*` in parts, and `-word` leaves
    out. Operators narrow: `from:` `in:` `forum:` `mentions:` `has:` `is:` `type:` `before:` `after:` `on:` `score:>`. Only
    operators list everything they hold for. What cannot be read is `invalid_search`, with its `position`.

    Each hit has its `type`, the thing as its own address shows it, where it is, and what matched (`highlights`). Names that
    nobody has, or that the reader may not see, are not told from those that have said nothing. What one has hidden or muted,
    and what is of people one blocks, is not found. Without a token: what is in public forums.
    """
    found = await searching.search(db, app.search, actor, query, limits=app.limits.search)
    if actor is not None and query.cursor is None:
        await searching.remember_search(db, actor, query.q, limits=app.limits.search)
    return results(found)


@action(public=True, errors=(searching.InvalidQuery, searching.SearchUnavailable))
async def counts(
    db: Repo, actor: Actor | None, app: App, query: Query[SearchFor]
) -> Data[list[SearchCount]]:
    """How much of each type a search finds, a thousand at most."""
    return Data(await searching.count(db, app.search, actor, query, limits=app.limits.search))

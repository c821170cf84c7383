"""Drafts: what one has begun to write, on all devices."""

from cgraph import files, forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.forums import Draft, SaveDraft
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[Draft]:
    """One's drafts, by key. They are kept for half a year after the last change."""
    return many(await forums.list_drafts(db, actor, limit=query.limit, after=query.after))


@action(errors=(forums.DraftNotFound,))
async def show(db: Repo, actor: Actor, key: str) -> Data[Draft]:
    """One draft."""
    return Data(await forums.get_draft(db, actor, key))


@action(errors=(forums.StaleDraft, forums.TooManyDrafts, *files.ATTACHING))
async def save(db: Repo, actor: Actor, app: App, key: str, draft: Body[SaveDraft]) -> Data[Draft]:
    """Keep a draft under a key of the client's choice.

    `revision` is the one that was changed, 0 for a new draft; if another device has saved it since (`stale_draft`), the
    answer names the revision that is kept. Files in `file_ids` are kept with it.
    """
    return Data(await forums.save_draft(db, actor, key, draft, limits=app.limits.forums))


@action(status=204)
async def remove(db: Repo, actor: Actor, key: str) -> None:
    """Throw a draft away; where there is none, nothing happens."""
    await forums.delete_draft(db, actor, key)

"""Whom one does not want to hear from. They are not told."""

from uuid import UUID

from cgraph import accounts
from cgraph.accounts import Actor, Block
from cgraph.application import App
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Query, action
from cgraph_web.views.base import Data, Many, many


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[Block]:
    """Whom one blocks, by username."""
    page = await accounts.list_blocks(db, actor, limit=query.limit, after=query.after)
    return many(page)


@action(errors=(accounts.UserNotFound, accounts.TooManyBlocks))
async def create(db: Repo, actor: Actor, app: App, user_id: UUID) -> Data[Block]:
    """Block somebody.

    They can neither open a conversation with one nor mention, react to or reply to one, and see no status. Blocking again
    changes nothing.
    """
    return Data(await accounts.block_user(db, actor, user_id, limits=app.auth.limits))


@action(status=204)
async def remove(db: Repo, actor: Actor, user_id: UUID) -> None:
    """Take a block back; where there is none, nothing happens."""
    await accounts.unblock_user(db, actor, user_id)

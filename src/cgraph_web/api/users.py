"""Other people."""

from uuid import UUID

from cgraph import accounts
from cgraph.accounts import Actor, FindProfiles, Profile
from cgraph_kit.db import Repo
from cgraph_web.action import Query, action
from cgraph_web.views.base import Data, Many, many


@action()
async def index(db: Repo, actor: Actor, query: Query[FindProfiles]) -> Many[Profile]:
    """Find people by ids, username, number, or the beginning of a username."""
    return many(await accounts.find_profiles(db, actor, query))


@action(errors=(accounts.UserNotFound,))
async def show(db: Repo, actor: Actor, user_id: UUID) -> Data[Profile]:
    """Somebody's profile."""
    return Data(await accounts.get_profile(db, actor, user_id))

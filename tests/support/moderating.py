"""Reports, and those who decide about them."""

from uuid import UUID

from cgraph import accounts, moderation
from cgraph.accounts import Actor
from cgraph.moderation import NewDecision, NewReport, Reason, Report, WholeCase
from cgraph_kit.db import Repo

from .talk import make_actor


async def make_admin(db: Repo) -> Actor:
    """An administrator of the site."""
    actor = await make_actor(db, "admin")
    await accounts.grant_admin(db, actor.username)
    return actor


async def report_message(
    db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID, reason: Reason = "spam"
) -> Report:
    """Somebody does not like what was said."""
    new = NewReport("message", message_id, reason, None, conversation_id)
    return await moderation.report_item(db, actor, new)


async def only_case(db: Repo, actor: Actor, item_id: UUID) -> WholeCase:
    """The open case about a thing, as somebody who decides it sees it."""
    after = None
    while True:
        page = await moderation.list_cases(db, actor, limit=100, after=after)
        for case in page.items:
            if case.item_id == item_id:
                return await moderation.get_case(db, actor, case.id)
        after = page.after
        assert after is not None, "there is no such case"


async def decide(db: Repo, actor: Actor, case: WholeCase, new: NewDecision) -> WholeCase:
    """Decide it."""
    return await moderation.decide_case(db, actor, case.id, new, grace=0)

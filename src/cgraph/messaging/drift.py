"""Do the counters still say what is there? They do by construction; this is who would notice if not."""

import logging
from uuid import UUID

from cgraph.accounts import find_actor
from cgraph_kit.db import Repo

from .unread import verify_unread

log = logging.getLogger(__name__)

PEOPLE = 100
"""Whose counters one check recounts, chosen by lot among those whose conversations were active lately."""


async def check_counters(db: Repo, *, people: int = PEOPLE) -> list[UUID]:
    """Recount some people's counters one by one; what differs is published as `CountersDrifted`, and logged.

    Returns whose counters were wrong: nobody's, if all is well.
    """
    drifted = []
    for id in await db.values(_SOME, people):
        actor = await find_actor(db, id)
        if actor is None:
            continue
        wrong = [one for one in await verify_unread(db, actor) if one.drifted]
        if wrong:
            drifted.append(id)
            conversations = [str(one.conversation_id) for one in wrong]
            log.error("unread counters are wrong", extra={"of": str(id), "in": conversations})
    return drifted


_SOME = """
SELECT user_id FROM (
    SELECT DISTINCT p.user_id FROM participants p JOIN streams s ON s.id = p.conversation_id
    WHERE p.left_seq IS NULL AND NOT p.gated AND s.active_at > now() - interval '1 day'
) p ORDER BY random() LIMIT $1
"""

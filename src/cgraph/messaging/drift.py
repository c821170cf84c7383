"""Do the counters still say what is there? They do by construction; this is who would notice if not."""

import logging
from collections.abc import Sequence
from uuid import UUID

from cgraph.accounts import Actor, find_actor
from cgraph_kit.db import Repo, TookTooLong

from .unread import Verified, verify_unread

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
        wrong = [one for one in await _verified(db, actor) if one.drifted]
        if wrong:
            drifted.append(id)
            conversations = [str(one.conversation_id) for one in wrong]
            log.error("unread counters are wrong", extra={"of": str(id), "in": conversations})
    return drifted


async def _verified(db: Repo, actor: Actor) -> Sequence[Verified]:
    """All of a person's counters; in parts where that is too much for one statement."""
    try:
        return await verify_unread(db, actor)
    except TookTooLong:
        return await _in_halves(db, actor, await db.values(_PLACES, actor.id))


async def _in_halves(db: Repo, actor: Actor, ids: Sequence[UUID]) -> Sequence[Verified]:
    if len(ids) <= 1:
        log.warning("unread counters cannot be checked in time", extra={"of": str(actor.id)})
        return []
    found: list[Verified] = []
    for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
        try:
            found += await verify_unread(db, actor, half)
        except TookTooLong:
            found += await _in_halves(db, actor, half)
    return found


_PLACES = """
SELECT conversation_id FROM participants WHERE user_id = $1 AND left_seq IS NULL AND NOT gated
"""
_SOME = """
SELECT user_id FROM (
    SELECT DISTINCT p.user_id FROM participants p JOIN streams s ON s.id = p.conversation_id
    WHERE p.left_seq IS NULL AND NOT p.gated AND s.active_at > now() - interval '1 day'
) p ORDER BY random() LIMIT $1
"""

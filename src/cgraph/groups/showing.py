"""Who may see what came with messages, wherever they were said."""

from collections.abc import Sequence
from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.files import Hung
from cgraph_kit.db import Repo

from .access import list_accesses


async def list_shown(db: Repo, actor: Actor | None, hung: Sequence[Hung]) -> set[UUID]:
    """Those of these messages that this person may read now, as one by one they could; two statements. See `files.Reader`.

    Who may not read back what was said in a channel sees no file of it either.
    """
    if actor is None:
        return set()
    places = {one.place_id for one in hung if one.place_id is not None}
    accesses = await list_accesses(db, [(place, actor.id) for place in places])
    gated = [place for (place, _), access in accesses.items() if access.reads_history]
    return await messaging.list_shown(db, actor, hung, gated=gated)

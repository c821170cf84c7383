"""Who may see what came with messages."""

from collections.abc import Collection, Sequence
from uuid import UUID

from cgraph.accounts import Actor
from cgraph.files import Hung
from cgraph_kit.db import Repo


async def list_shown(
    db: Repo, actor: Actor, hung: Sequence[Hung], *, gated: Collection[UUID]
) -> set[UUID]:
    """Those of these messages that the actor may read now; one statement.

    `gated`: the channels and threads among their places that they may read, as the context above knows.
    """
    places, ids = [one.place_id for one in hung], [one.item_id for one in hung]
    return set(await db.values(_SHOWN, actor.id, places, ids, list(gated)))


_SHOWN = """
SELECT m.id FROM unnest($2::uuid[], $3::uuid[]) AS w (place_id, id)
JOIN messages m ON m.conversation_id = w.place_id AND m.id = w.id AND m.deleted_at IS NULL
LEFT JOIN participants p ON p.conversation_id = w.place_id AND p.user_id = $1 AND p.left_seq IS NULL AND NOT p.gated
WHERE w.place_id = ANY ($4::uuid[]) OR m.seq > p.joined_seq
"""

"""Links that go along: what stood in one thing stands in another, as when a post becomes a comment, and nobody is asked anew."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from cgraph_kit.db import Transaction

from .preview import Kind, Placed


class Lifted(msgspec.Struct, frozen=True):
    """A link that was taken off a thing, to be laid elsewhere in the same transaction."""

    item_id: UUID
    """What it stood in."""
    preview_id: UUID
    position: int
    settled: bool
    image_id: UUID | None


async def lift_links(tx: Transaction, kind: Kind, item_ids: Collection[UUID]) -> list[Lifted]:
    """Take the links off these things, which the caller holds; before they are deleted, for then their links are forgotten."""
    return await tx.all(Lifted, _LIFT, kind, list(item_ids))


async def lay_links(
    tx: Transaction, links: Sequence[Lifted], targets: Mapping[UUID, Placed]
) -> None:
    """Let each stand in what its thing has become; those of other things are forgotten.

    What was to be said of a link is not said again, and what is still waited for is shown there when it comes.
    """
    laid = [(link, targets[link.item_id]) for link in links if link.item_id in targets]
    if laid:
        await tx.value(
            _LAY,
            [to.kind for _, to in laid],
            [to.item_id for _, to in laid],
            [link.preview_id for link, _ in laid],
            [to.place_id for _, to in laid],
            [link.position for link, _ in laid],
            [link.settled for link, _ in laid],
            [link.image_id for link, _ in laid],
        )


_LIFT = """
DELETE FROM link_preview_uses WHERE kind = $1 AND item_id = ANY($2)
RETURNING item_id, preview_id, position, settled, image_id
"""
# What was deleted in this transaction is still there for whoever collects what nothing uses.
_LAY = """
INSERT INTO link_preview_uses (kind, item_id, preview_id, place_id, position, settled, image_id)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::boolean[], $7::uuid[])
ON CONFLICT DO NOTHING
"""

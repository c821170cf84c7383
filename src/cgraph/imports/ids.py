"""Which of our ids stands for which of theirs."""

from collections.abc import Iterable, Mapping
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from cgraph_kit.db import Repo, Transaction

Kind = Literal["user", "conversation"]
Thing = Literal["group", "role", "channel", "forum", "post", "comment"]
_SPACE = UUID("6f1a7d52-3d0e-5c6b-9d8e-0b6c1f2a4e77")
"""In which ids are made: any fixed one."""


class _Known(msgspec.Struct, frozen=True):
    external_id: str
    id: UUID


async def find(db: Repo, source: str, kind: Kind, external: Iterable[str]) -> dict[str, UUID]:
    """Ours by theirs, as far as they have come before."""
    rows = await db.all(
        _Known,
        "SELECT external_id, id FROM imports WHERE source = $1 AND kind = $2 AND external_id = ANY($3)",
        source,
        kind,
        list(external),
    )
    return {row.external_id: row.id for row in rows}


async def remember(tx: Transaction, source: str, kind: Kind, ids: Mapping[str, UUID]) -> None:
    """Keep for good who is who."""
    await tx.copy_rows(
        "imports",
        ("source", "kind", "external_id", "id"),
        [(source, kind, external, id) for external, id in ids.items()],
    )


def message_id(conversation_id: UUID, *names: str) -> UUID:
    """The id of a message, the same each time: a UUIDv5 (RFC 9562) of its source, conversation and own id there.

    So messages need no row in `imports`: whether one has come before is whether it is there.
    """
    return uuid5(conversation_id, "\x00".join(names))


def thing_id(source: str, kind: Thing, *names: str) -> UUID:
    """The id of a group, forum, post …, the same each time, as `message_id`: they need no row in `imports` either."""
    return uuid5(_SPACE, "\x00".join((source, kind, *names)))

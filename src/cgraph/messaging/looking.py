"""What notifications may ask about conversations: a message as a person may see it now."""

from collections.abc import Sequence

import msgspec

from cgraph.notifications import Look, Wanted
from cgraph_kit.db import Repo

from .attaching import attached_types, words_of

EXCERPT = 1000
"""Code points of a message."""


class _Found(msgspec.Struct, frozen=True):
    n: int
    gone: bool
    may_see: bool
    read: bool
    text: str | None
    title: str | None
    direct: bool
    attached: list[str] | None
    voice: bool | None


async def look(db: Repo, wanted: Sequence[Wanted]) -> list[Look]:
    """Each of these messages, in order; without a message: the conversation itself. One statement for all."""
    rows = await db.all(
        _Found,
        _LOOK,
        [one.user_id for one in wanted],
        [one.scope_id for one in wanted],
        [one.object_id for one in wanted],
        [one.seq for one in wanted],
    )
    found = {row.n: row for row in rows}
    return [_shown(found.get(n)) for n in range(1, len(wanted) + 1)]


async def look_in_places(db: Repo, wanted: Sequence[Wanted]) -> list[Look]:
    """The same in channels and threads. Whether somebody may see it, only the context above knows: here everybody may."""
    rows = await db.all(
        _Found,
        _LOOK_IN,
        [one.user_id for one in wanted],
        [one.scope_id for one in wanted],
        [one.object_id for one in wanted],
        [one.seq for one in wanted],
    )
    found = {row.n: row for row in rows}
    return [_shown(found.get(n)) for n in range(1, len(wanted) + 1)]


def _shown(row: _Found | None) -> Look:
    if row is None:
        return Look(gone=True, may_see=False)
    visible = row.may_see and not row.gone
    return Look(
        row.gone,
        row.may_see,
        row.read,
        (row.text or words_of(row.attached, voice=bool(row.voice))) if visible else None,
        row.title if row.may_see else None,
        row.direct,
    )


_ATTACHED = f"{attached_types('m')}, m.voice IS NOT NULL"
_LOOK_IN = f"""
SELECT w.n, w.object_id IS NOT NULL AND (m.id IS NULL OR m.deleted_at IS NOT NULL), true,
    coalesce(p.read_seq >= w.seq, false), nullif(left(m.content, {EXCERPT}), ''), NULL::text, false, {_ATTACHED}
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) WITH ORDINALITY
    AS w (user_id, conversation_id, object_id, seq, n)
JOIN conversations c ON c.id = w.conversation_id AND c.kind IN ('channel', 'thread')
LEFT JOIN messages m ON m.conversation_id = w.conversation_id AND m.id = w.object_id
LEFT JOIN participants p ON p.conversation_id = w.conversation_id AND p.user_id = w.user_id AND p.gated
    AND p.left_seq IS NULL
"""
_LOOK = f"""
SELECT w.n, w.object_id IS NOT NULL AND (m.id IS NULL OR m.deleted_at IS NOT NULL),
    p.user_id IS NOT NULL AND (m.id IS NULL OR m.seq > p.joined_seq), coalesce(p.read_seq >= w.seq, false),
    CASE WHEN m.expires_at IS NULL THEN nullif(left(m.content, {EXCERPT}), '') END, c.name, c.kind <> 'group',
    CASE WHEN m.expires_at IS NULL THEN {attached_types("m")} END, m.voice IS NOT NULL
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) WITH ORDINALITY
    AS w (user_id, conversation_id, object_id, seq, n)
JOIN conversations c ON c.id = w.conversation_id
LEFT JOIN messages m ON m.conversation_id = w.conversation_id AND m.id = w.object_id
LEFT JOIN participants p ON p.conversation_id = w.conversation_id AND p.user_id = w.user_id AND p.left_seq IS NULL AND NOT p.gated
"""

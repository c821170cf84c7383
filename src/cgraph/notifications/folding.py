"""How events become entries of the inbox. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from .kinds import Kind
from .notification import Row
from .occasion import Occasion

MOST_ACTORS = 50


class Key(NamedTuple):
    """Events with the same key are one entry."""

    user_id: UUID
    kind: Kind
    subject_type: str
    subject_id: UUID


class Entry(NamedTuple):
    """An occasion that is to be in the inbox."""

    occasion: Occasion
    muted: bool


def key_of(occasion: Occasion) -> Key:
    """Where an occasion belongs."""
    subject = occasion.subject
    return Key(occasion.user_id, occasion.kind, subject.type, subject.id)


def folded(id: UUID, before: Row | None, entries: Iterable[Entry]) -> Row:
    """The entry `id` after these, the oldest first; one that was read begins anew."""
    row = before if before is not None and before.read_at is None else None
    for entry in entries:
        row = _first(id, entry) if row is None else _joined(row, entry)
    if row is None:
        raise ValueError("an entry is of something")
    return row


def _first(id: UUID, entry: Entry) -> Row:
    one = entry.occasion
    actors = _actors(one)
    return Row(
        id,
        one.user_id,
        one.kind,
        one.subject.type,
        one.subject.id,
        one.place.kind if one.place else None,
        one.place.id if one.place else None,
        one.seq,
        actors,
        len(actors),
        1,
        one.happened_at,
        one.happened_at,
        entry.muted,
        None,
        None,
        _payload(one),
    )


def _joined(row: Row, entry: Entry) -> Row:
    one = entry.occasion
    new = _actors(one)
    known = [id for id in row.actor_ids if id not in new]
    return replace(
        row,
        last_seq=max((seq for seq in (row.last_seq, one.seq) if seq is not None), default=None),
        actor_ids=[*new, *known][:MOST_ACTORS],
        actor_count=row.actor_count + len(new) + len(known) - len(row.actor_ids),
        event_count=row.event_count + 1,
        last_event_at=max(row.last_event_at, one.happened_at),
        muted=row.muted and entry.muted,
        seen_at=None,
        payload=_payload(one),
    )


def _actors(occasion: Occasion) -> list[UUID]:
    return [occasion.actor_id] if occasion.actor_id else []


def _payload(occasion: Occasion) -> dict[str, str]:
    return {"object_id": str(occasion.object_id)} if occasion.object_id else {}


def grouped(entries: Sequence[Entry]) -> dict[Key, list[Entry]]:
    """By where they belong, each the oldest first."""
    found: dict[Key, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.occasion.happened_at):
        found.setdefault(key_of(entry.occasion), []).append(entry)
    return found

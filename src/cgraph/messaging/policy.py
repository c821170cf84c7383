"""Who may: facts in, yes or no out."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

Kind = Literal["direct", "group", "self"]
PlaceKind = Literal["channel", "thread"]
"""Places whose people come and go with their rights."""
AnyKind = Kind | PlaceKind


def can_speak(*, closed: bool) -> bool:
    """Say, edit, react, pin and type. A direct conversation with a block between its people is read-only for both."""
    return not closed


def can_manage(actor_id: UUID, owner_id: UUID | None) -> bool:
    """Remove people, hand the conversation over, delete and look behind what others have said: its owner."""
    return actor_id == owner_id


def can_edit(actor_id: UUID, sender_id: UUID | None) -> bool:
    """Nobody puts words into another's mouth: not even owners edit."""
    return actor_id == sender_id


def in_edit_window(sent_at: datetime, now: datetime, window_seconds: int) -> bool:
    """Whether it is still time; 0 seconds: always."""
    return window_seconds == 0 or now - sent_at <= timedelta(seconds=window_seconds)


def can_delete(actor_id: UUID, sender_id: UUID | None, owner_id: UUID | None) -> bool:
    """The author, and the owner of a group."""
    return actor_id == sender_id or can_manage(actor_id, owner_id)


def can_see_edits(actor_id: UUID, sender_id: UUID | None, owner_id: UUID | None) -> bool:
    """What a message said before: its author, and the owner of a group."""
    return can_delete(actor_id, sender_id, owner_id)

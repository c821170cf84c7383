"""Muting, putting away, and how much to hear of: what a person sets for themselves in one conversation.

What is put away is kept with the participant; the rest is a preference like those of all other places, in notifications.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from cgraph import notifications
from cgraph.accounts import Actor, record
from cgraph.notifications import Instant, Preference, PreferenceChange, Scope
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.validation import Input

from .access import get_access, hold_access
from .events import ConversationSettingsUpdated


class Preferences(msgspec.Struct, frozen=True):
    """Also the payload of `conversation_settings_updated`."""

    conversation_id: UUID
    muted: bool
    muted_until: datetime | None
    """With `muted`, None: for good."""
    archived: bool


class PreferencesChange(Input, frozen=True):
    """What shall be different; what is left out stays."""

    muted: bool | msgspec.UnsetType = UNSET
    muted_until: Instant | msgspec.UnsetType | None = UNSET
    """With `muted` true, or alone: until then. None: for good."""
    archived: bool | msgspec.UnsetType = UNSET

    def __post_init__(self) -> None:
        PreferenceChange(muted=self.muted, muted_until=self.muted_until)  # says what is wrong

    def preference(self, before: Preference) -> PreferenceChange:
        """The same of the conversation's preference. Not muted any more: as it is around it."""
        if self.muted is False:
            return PreferenceChange(muted=None if before.muted else UNSET)
        return PreferenceChange(muted=self.muted, muted_until=self.muted_until)


async def update_preferences(
    db: Repo, actor: Actor, conversation_id: UUID, change: PreferencesChange
) -> Preferences:
    """Mute, put away, or the reverse; the person's other devices are told. Raises `ConversationNotFound`."""
    async with db.transaction() as tx:
        await hold_access(tx, actor, conversation_id)
        scope = notifications.conversation(conversation_id)
        muted = await notifications.get_preference(tx, actor.id, scope)
        mute = change.preference(muted)
        after = await notifications.change_preference(tx, actor.id, scope, mute)
        moved = await _archive(tx, actor, conversation_id, change)
        return await _tell(tx, actor, muted, after, moved=moved)


async def change_notification_preference(
    db: Repo, actor: Actor, conversation_id: UUID, change: PreferenceChange
) -> Preference:
    """Set how much to hear of a conversation. A mute is told as `update_preferences` tells it, too.

    Raises `ConversationNotFound`.
    """
    async with db.transaction() as tx:
        await hold_access(tx, actor, conversation_id)
        scope = notifications.conversation(conversation_id)
        before = await notifications.get_preference(tx, actor.id, scope)
        after = await notifications.change_preference(tx, actor.id, scope, change)
        await _tell(tx, actor, before, after, moved=False)
        return after


async def get_notification_preference(db: Repo, actor: Actor, conversation_id: UUID) -> Preference:
    """What the actor has set for a conversation. Raises `ConversationNotFound`."""
    (place,) = await get_notification_places(db, actor, conversation_id)
    return await notifications.get_preference(db, actor.id, place)


async def get_notification_places(db: Repo, actor: Actor, conversation_id: UUID) -> Sequence[Scope]:
    """The scopes that hold in a conversation, the nearest first, without `global`. Raises `ConversationNotFound`."""
    await get_access(db, actor, conversation_id)
    return [notifications.conversation(conversation_id)]


class _Place(msgspec.Struct, frozen=True):
    archived_seq: int | None
    last_seq: int


async def _archive(
    tx: Transaction, actor: Actor, conversation_id: UUID, change: PreferencesChange
) -> bool:
    """Whether that changed anything. Again moves the place: a mention that brought it back does so no longer."""
    if isinstance(change.archived, msgspec.UnsetType):
        return False
    place = await tx.one(_Place, _GET, conversation_id, actor.id)
    archived_seq = place.last_seq if change.archived else None
    if archived_seq == place.archived_seq:
        return False
    await tx.value(_SET, conversation_id, actor.id, archived_seq)
    return True


async def _tell(
    tx: Transaction, actor: Actor, before: Preference, after: Preference, *, moved: bool
) -> Preferences:
    place = await tx.one(_Place, _GET, after.scope_id, actor.id)
    shown = Preferences(
        after.scope_id, after.muted is True, after.muted_until, place.archived_seq is not None
    )
    was_muted = before.muted is True, before.muted_until
    if moved or was_muted != (shown.muted, shown.muted_until):
        await record(tx, ConversationSettingsUpdated, actor.id, shown)
    return shown


_GET = """
SELECT p.archived_seq, s.last_seq FROM participants p JOIN streams s ON s.id = p.conversation_id
WHERE p.conversation_id = $1 AND p.user_id = $2
"""
_SET = "UPDATE participants SET archived_seq = $3 WHERE conversation_id = $1 AND user_id = $2"

"""Muting and putting away: what a person sets for themselves in one conversation."""

from datetime import MAXYEAR, UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from cgraph.accounts import Actor, record
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from .access import hold_access
from .events import ConversationSettingsUpdated

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
FOREVER = datetime.max.replace(tzinfo=UTC)
"""How the driver spells 'infinity'."""


class Preferences(msgspec.Struct, frozen=True):
    """Also the payload of `conversation_settings_updated`."""

    conversation_id: UUID
    muted: bool
    muted_until: datetime | None
    """With `muted`, None: for good."""
    archived: bool


class PreferencesChange(Input, frozen=True):
    """What shall be different; what is left out stays."""

    muted: bool | msgspec.UnsetType = msgspec.UNSET
    muted_until: Instant | msgspec.UnsetType | None = msgspec.UNSET
    """With `muted` true, or alone: until then. None: for good."""
    archived: bool | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if self.muted is False and isinstance(self.muted_until, datetime):
            raise Invalid.field("muted_until", "cannot be set when not muted")
        if isinstance(self.muted_until, datetime):
            try:
                self.muted_until.astimezone(UTC)
            except OverflowError:  # the driver would say the same, but as a bug of ours
                raise Invalid.field("muted_until", "must be within the years 1 to 9999") from None


async def update_preferences(
    db: Repo, actor: Actor, conversation_id: UUID, change: PreferencesChange
) -> Preferences:
    """Mute, put away, or the reverse; the person's other devices are told. Raises `ConversationNotFound`."""
    async with db.transaction() as tx:
        await hold_access(tx, actor, conversation_id)
        before = (await tx.one(_Stored, _GET, conversation_id, actor.id)).with_forever()
        after = _Stored(
            _muted(change, before.muted_until), _archived(change, before), before.last_seq
        )
        preferences = _shown(conversation_id, after)
        if after != before:
            await tx.value(_SET, conversation_id, actor.id, after.muted_until, after.archived_seq)
            await record(tx, ConversationSettingsUpdated, actor.id, preferences)
        return preferences


class _Stored(msgspec.Struct, frozen=True):
    muted_until: datetime | None
    archived_seq: int | None
    last_seq: int

    def with_forever(self) -> "_Stored":
        """As read, with our 'infinity' instead of the driver's, which has no offset."""
        if self.muted_until is None or self.muted_until.year < MAXYEAR:
            return self
        return msgspec.structs.replace(self, muted_until=FOREVER)


def _muted(change: PreferencesChange, before: datetime | None) -> datetime | None:
    if change.muted is False:
        return None
    if isinstance(change.muted_until, datetime):
        return change.muted_until
    if change.muted is True or change.muted_until is None:
        return FOREVER
    return before


def _archived(change: PreferencesChange, before: _Stored) -> int | None:
    if isinstance(change.archived, msgspec.UnsetType):
        return before.archived_seq
    # Again moves the place: a mention that brought it back does so no longer.
    return before.last_seq if change.archived else None


def _shown(conversation_id: UUID, stored: _Stored) -> Preferences:
    muted = stored.muted_until is not None and stored.muted_until > clock.now()
    until = stored.muted_until if muted and stored.muted_until != FOREVER else None
    return Preferences(conversation_id, muted, until, stored.archived_seq is not None)


_GET = """
SELECT p.muted_until, p.archived_seq, s.last_seq FROM participants p JOIN streams s ON s.id = p.conversation_id
WHERE p.conversation_id = $1 AND p.user_id = $2
"""
_SET = """
UPDATE participants SET muted_until = $3, archived_seq = $4 WHERE conversation_id = $1 AND user_id = $2
"""

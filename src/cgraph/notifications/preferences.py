"""Preferences as they are kept: read, changed, listed and forgotten.

Whether a person may set something for a place is the place's context to say; it asks first, then calls these.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor, record
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .events import NotificationPreferencesUpdated
from .locking import hold_own
from .preference import (
    DEFAULT_BATCH_MINUTES,
    DEFAULT_PRIVACY,
    GlobalPreference,
    GlobalPreferenceChange,
    Preference,
    PreferenceChange,
    PushPrivacy,
    nothing_set,
)
from .scopes import Level, Scope, ScopeKind


class Stored(msgspec.Struct, frozen=True):
    """A row of `notification_preferences`."""

    scope: ScopeKind
    scope_id: UUID
    level: Level | None
    in_app: bool | None
    push: bool | None
    email: bool | None
    muted: bool | None
    muted_until: datetime | None
    ignore_everyone: bool | None
    push_privacy: PushPrivacy | None
    email_batch_minutes: int | None

    def preference(self, now: datetime) -> Preference:
        """As people see it: a mute that is over is none."""
        values = msgspec.structs.asdict(self)
        if self.muted_until is not None and self.muted_until <= now:
            values |= {"muted": None, "muted_until": None}
        privacy, minutes = values.pop("push_privacy"), values.pop("email_batch_minutes")
        if self.scope != "global":
            return Preference(**values)
        return GlobalPreference(
            **values,
            push_privacy=privacy or DEFAULT_PRIVACY,
            email_batch_minutes=minutes or DEFAULT_BATCH_MINUTES,
        )


async def get_preference(db: Repo, user_id: UUID, scope: Scope) -> Preference:
    """What a person has set at one scope; nothing, if nothing."""
    stored = await db.first(Stored, _GET, user_id, scope.id)
    return nothing_set(user_id, scope) if stored is None else stored.preference(clock.now())


async def get_global_preference(db: Repo, actor: Actor) -> GlobalPreference:
    """What holds for the actor wherever nothing nearer is set."""
    found = await get_preference(db, actor.id, Scope("global", actor.id))
    return msgspec.convert(msgspec.structs.asdict(found), GlobalPreference)


async def list_preferences(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[Preference]:
    """Everything the actor has set for single places, by id. Raises `Invalid` for a cursor of another list."""
    start = decode_cursor(after, UUID, "after") if after else None
    rows = await db.all(Stored, _LIST, actor.id, start, limit + 1)
    now = clock.now()
    page = forward_page(rows, limit, lambda row: row.scope_id)
    return Page([row.preference(now) for row in page.items], page.before, page.after)


async def change_preference(
    db: Repo, user_id: UUID, scope: Scope, change: PreferenceChange
) -> Preference:
    """Change what a person has set at one scope; a change to what already is tells nobody."""
    async with db.transaction() as tx:
        await hold_own(tx, user_id)
        before = await get_preference(tx, user_id, scope)
        after = change.applied(before, clock.now())
        if after != before:
            await _write(tx, user_id, after)
            await record(tx, NotificationPreferencesUpdated, user_id, after)
        return after


async def change_global_preference(
    db: Repo, actor: Actor, change: GlobalPreferenceChange
) -> GlobalPreference:
    """The same of what holds everywhere."""
    scope = Scope("global", actor.id)
    after = await change_preference(db, actor.id, scope, change)
    return msgspec.convert(msgspec.structs.asdict(after), GlobalPreference)


async def forget_preference(db: Repo, user_id: UUID, scope: Scope) -> None:
    """Take back everything set at one scope; where there is nothing, nothing happens."""
    await change_preference(db, user_id, scope, PreferenceChange().whole())


async def forget_scope(tx: Transaction, scope_id: UUID, user_ids: Sequence[UUID]) -> None:
    """These people are in a place no longer: what they had set for it goes. Their devices hear of it from the place."""
    await tx.value(_FORGET, scope_id, list(user_ids))


async def set_levels(tx: Transaction, scope: Scope, levels: Mapping[UUID, Level]) -> None:
    """How much each of these people hears of one place, all at once; their devices hear of it from the place."""
    if levels:
        await tx.value(_SET_LEVELS, scope.kind, scope.id, list(levels), list(levels.values()))


async def list_listeners(db: Repo, scope_ids: Sequence[UUID], *, most: int) -> list[UUID]:
    """Who wants to hear everything of one of these places, by id; whether something nearer says otherwise is not asked."""
    return await db.values(_LISTENERS, list(scope_ids), most)


async def _write(tx: Transaction, user_id: UUID, preference: Preference) -> None:
    values = msgspec.structs.asdict(preference)
    if preference == nothing_set(user_id, Scope(preference.scope, preference.scope_id)):
        await tx.value(_FORGET, preference.scope_id, [user_id])
        return
    await tx.value(_SET, user_id, *(values.get(name) for name in Stored.__struct_fields__))


_SET_LEVELS = """
INSERT INTO notification_preferences (user_id, scope, scope_id, level)
SELECT w.user_id, $1, $2, w.level FROM unnest($3::uuid[], $4::text[]) AS w (user_id, level) ORDER BY w.user_id
ON CONFLICT (user_id, scope_id) DO UPDATE SET level = excluded.level, updated_at = now()
"""
_LISTENERS = """
SELECT DISTINCT user_id FROM notification_preferences WHERE scope_id = ANY($1) AND level = 'all' ORDER BY user_id LIMIT $2
"""
_COLUMNS = columns(Stored)
_GET = f"SELECT {_COLUMNS} FROM notification_preferences WHERE user_id = $1 AND scope_id = $2"
_LIST = f"""
SELECT {_COLUMNS} FROM notification_preferences
WHERE user_id = $1 AND scope <> 'global' AND ($2::uuid IS NULL OR scope_id > $2) ORDER BY scope_id LIMIT $3
"""
_SET = f"""
INSERT INTO notification_preferences (user_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (user_id, scope_id) DO UPDATE SET
    level = excluded.level, in_app = excluded.in_app, push = excluded.push, email = excluded.email,
    muted = excluded.muted, muted_until = excluded.muted_until, ignore_everyone = excluded.ignore_everyone,
    push_privacy = excluded.push_privacy, email_batch_minutes = excluded.email_batch_minutes, updated_at = now()
"""
_FORGET = "DELETE FROM notification_preferences WHERE scope_id = $1 AND user_id = ANY($2::uuid[])"

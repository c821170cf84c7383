"""What is known of the people an event may concern: everything a decision needs that is theirs, in one statement."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo
from cgraph_kit.validation import convert

from .delivery import REACHABLE
from .facts import Explicit, Facts
from .kinds import Kind
from .preference import DEFAULT_BATCH_MINUTES, DEFAULT_PRIVACY, PushPrivacy
from .quiet import QuietHours
from .scopes import NEARNESS, Scope


class Recipient(msgspec.Struct, frozen=True):
    """One person an event may concern."""

    user_id: UUID
    inactive: bool
    do_not_disturb: bool
    idle: bool
    """Their status says that they are away, though they may be connected."""
    has_device: bool
    has_address: bool
    blocks: frozenset[UUID]
    """Whom they have blocked of those who were asked about."""
    excepts: frozenset[UUID]
    """Who of those gets through in quiet hours."""
    quiet: QuietHours
    scopes: Sequence[Explicit]
    """The nearest first, `global` last."""
    push_privacy: PushPrivacy
    email_batch_minutes: int

    def facts(
        self,
        kind: Kind,
        now: datetime,
        *,
        actor_id: UUID | None = None,
        own: bool = False,
        gone: bool = False,
        may_see: bool = True,
        read: bool = False,
        active: bool = False,
        urgent: bool = False,
    ) -> Facts:
        """With what only others know: who did it, the place (gone, may see, read), and the sockets (active)."""
        return Facts(
            kind=kind,
            now=now,
            scopes=self.scopes,
            own=own,
            inactive=self.inactive,
            gone=gone,
            may_see=may_see,
            blocked=actor_id in self.blocks,
            read=read,
            active=active,
            do_not_disturb=self.do_not_disturb,
            quiet=self.quiet,
            excepted=actor_id in self.excepts,
            urgent=urgent,
            has_device=self.has_device,
            has_address=self.has_address,
        )

    def at(self, places: Sequence[Scope]) -> "Recipient":
        """The same person in some of the places that were asked about."""
        wanted = {place.id for place in places} | {self.user_id}
        scopes = [one for one in self.scopes if one.scope.id in wanted]
        return msgspec.structs.replace(self, scopes=scopes)


async def get_recipients(
    db: Repo,
    user_ids: Iterable[UUID],
    places: Sequence[Scope] = (),
    *,
    actor_ids: Collection[UUID] = (),
) -> dict[UUID, Recipient]:
    """Those of these people who exist. One statement, however many.

    `places`: what the event is in, and what contains that, in any order, without `global`. `actor_ids`: who did it.
    """
    ids = list(user_ids)
    ordered = sorted(places, key=lambda scope: -NEARNESS[scope.kind])
    rows = await db.all(_Row, _GET, ids, [scope.id for scope in ordered], list(actor_ids))
    return {row.user_id: row.recipient(ordered) for row in rows}


class _Row(msgspec.Struct, frozen=True):
    user_id: UUID
    inactive: bool
    do_not_disturb: bool
    idle: bool
    has_device: bool
    has_address: bool
    blocks: list[UUID]
    excepts: list[UUID]
    time_zone: str | None
    windows: list[Any] | None
    preferences: list[dict[str, Any]] | None

    def recipient(self, places: Sequence[Scope]) -> Recipient:
        stored = {UUID(one["scope_id"]): one for one in self.preferences or ()}
        own = stored.get(self.user_id, {})
        chain = [*places, Scope("global", self.user_id)]
        return Recipient(
            self.user_id,
            self.inactive,
            self.do_not_disturb,
            self.idle,
            self.has_device,
            self.has_address,
            frozenset(self.blocks),
            frozenset(self.excepts),
            self._quiet(),
            [_explicit(scope, stored.get(scope.id)) for scope in chain],
            own.get("push_privacy") or DEFAULT_PRIVACY,
            own.get("email_batch_minutes") or DEFAULT_BATCH_MINUTES,
        )

    def _quiet(self) -> QuietHours:
        if self.time_zone is None:
            return QuietHours()
        values = {"enabled": True, "time_zone": self.time_zone, "windows": self.windows}
        return convert(values, QuietHours)


def _explicit(scope: Scope, stored: dict[str, Any] | None) -> Explicit:
    # By hand: most people have set nothing, and this is done for everybody in a place.
    return convert({**stored, "scope": scope}, Explicit) if stored else Explicit(scope)


_GET = f"""
SELECT u.id, u.state <> 'active', u.status = 'dnd', u.status = 'idle',
    EXISTS (SELECT FROM {REACHABLE} WHERE d.user_id = u.id),
    u.email IS NOT NULL AND u.password_hash IS NOT NULL,
    ARRAY(SELECT b.other_id FROM blocked_pairs b WHERE b.user_id = u.id AND b.other_id = ANY($3::uuid[]) AND b.blocks),
    ARRAY(SELECT e.person_id FROM quiet_hours_exceptions e WHERE e.user_id = u.id AND e.person_id = ANY($3)),
    q.time_zone, q.windows, n.preferences
FROM users u
LEFT JOIN quiet_hours q ON q.user_id = u.id AND q.enabled
CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(n)) AS preferences FROM notification_preferences n
    WHERE n.user_id = u.id AND n.scope_id = ANY($2::uuid[] || u.id)
) n
WHERE u.id = ANY($1)
"""

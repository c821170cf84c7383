"""What groups do by the clock."""

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from cgraph_kit import clock
from cgraph_kit.jobs import Nothing, OnePending, job

from .audit_reading import forget_audit_entries
from .bans import forget_ended_bans
from .invites import forget_spent_invites
from .temporary import let_temporary_members_go

if TYPE_CHECKING:
    from cgraph.application import App


class TidyGroups(msgspec.Struct, frozen=True):
    """Whatever has had its time."""


@job(queue="maintenance", max_attempts=3, timeout=900, unique=OnePending())
async def tidy_groups(app: "App", _args: TidyGroups) -> None:
    """Drop bans that have ended, invites that are spent, and what is too old of audit logs.

    Nothing depends on it: each is asked at its use whether it still holds. Twice is harmless.
    """
    now = clock.now()
    await forget_ended_bans(app.db, now)
    await forget_spent_invites(app.db, now)
    days = app.limits.groups.audit_log_days
    await forget_audit_entries(app.db, now - timedelta(days=days))


class LetTemporaryMembersGo(msgspec.Struct, frozen=True):
    """Members who came for a while."""


@job(queue="maintenance", max_attempts=1, timeout=300, unique=OnePending())
async def remove_temporary_members(app: "App", _args: LetTemporaryMembersGo) -> Nothing | None:
    """Let those go who are offline. Twice is harmless: who is gone is found no more."""
    return None if await let_temporary_members_go(app.db) else Nothing()

"""Timing members out: until an instant they only look. It ends by itself, for it is asked for at each use."""

from datetime import datetime, timedelta

from cgraph_kit import clock
from cgraph_kit.errors import Invalid

from . import permissions
from .errors import AdministratorExempt, Outranked
from .permissions import Permission
from .standing import Standing

LONGEST = timedelta(days=28)


def check_timeout(actor: Standing, target: Standing, until: datetime | None) -> datetime | None:
    """Until when the target is timed out then; None: not any more.

    Raises `MissingPermission`, `Outranked`, `AdministratorExempt`, `Invalid` for more than 28 days.
    """
    actor.demand(Permission.MODERATE_MEMBERS)
    if not permissions.outranks(actor.member, target.member):
        raise Outranked
    now = clock.now()
    if until is None or until <= now:
        return None
    if until > now + LONGEST:
        raise Invalid.field("timed_out_until", f"must be at most {LONGEST.days} days from now")
    if permissions.base(target.member) & Permission.ADMINISTRATOR:
        raise AdministratorExempt
    return until

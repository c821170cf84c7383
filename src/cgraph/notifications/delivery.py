"""One push to one device, and what its outcome means for the device."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph_kit import clock, push
from cgraph_kit.db import Repo
from cgraph_kit.push import Gone, Outcome, Payload, Platform, Pushers, Rejected, Retry, Sent

LONGEST_PAUSE = 3600
"""Seconds between tries of a device that fails: one, two, four … and at most this many."""
GIVEN_UP = "24 hours"
"""Of nothing but failure, after which a device is left alone."""
EXACT = "10 seconds"
"""How exactly it is noted when a push was last taken, so that busy devices cost few writes."""


class Target(msgspec.Struct, frozen=True):
    """A device that may be pushed to, and whose it is."""

    user_id: UUID
    device_id: UUID
    platform: Platform


async def list_targets(db: Repo, user_ids: Sequence[UUID]) -> list[Target]:
    """Every device of these people that is not given up and whose session lives."""
    return await db.all(Target, _TARGETS, list(user_ids))


class _Found(msgspec.Struct, frozen=True):
    platform: Platform
    token: str
    registered_at: datetime
    p256dh: str
    auth: str
    retry_at: datetime | None
    disabled_at: datetime | None

    def device(self) -> push.Device:
        return push.Device(self.platform, self.token, self.registered_at, self.p256dh, self.auth)


async def deliver(
    db: Repo, pushers: Pushers, device_id: UUID, payload: Payload, *, anyway: bool = False
) -> Outcome:
    """Push to a device and note what came of it; `anyway`: even if it fails, or is given up.

    `Retry.after` is when it makes sense to try again, by what the provider says and by how long the device has been
    failing. After `Gone` there is no such device any more; that is also what is said of one that never was.
    """
    found = await db.first(_Found, _FIND, device_id)
    if found is None:
        return Gone("the device is not registered")
    now = clock.now()
    if not anyway:
        if found.disabled_at is not None:
            return Rejected("the device was given up")
        if found.retry_at is not None and found.retry_at > now:
            return Retry("the device is failing", (found.retry_at - now).total_seconds())
    outcome = await pushers.send(found.device(), payload)
    if found.platform not in pushers.platforms:
        return outcome  # says nothing of the device
    return await record_outcome(db, device_id, found.registered_at, outcome, begun=now)


async def record_outcome(
    db: Repo, device_id: UUID, registered_at: datetime, outcome: Outcome, *, begun: datetime
) -> Outcome:
    """Note what came of a push that was begun then; of a token that has been brought again since, nothing is noted.

    The outcome; of `Retry` with the seconds to wait. Of many that fail at the same time one counts.
    """
    now = clock.now()
    match outcome:
        case Sent():
            await db.value(_SENT, device_id, registered_at, now)
        case Gone():
            await db.value(_GONE, device_id, registered_at)
        case Rejected(reason):
            await db.value(_FAILED, device_id, registered_at, now, begun, reason, 0.0)
        case Retry(reason, after):
            wait = await db.value(
                _FAILED, device_id, registered_at, now, begun, reason, after or 0.0
            )
            return Retry(reason, max(after or 0.0, float(wait or 1)))
    return outcome


REACHABLE = """
push_devices d JOIN live_sessions s ON s.id = d.session_id
    AND d.disabled_at IS NULL AND (d.expires_at IS NULL OR d.expires_at > now())
"""
"""`d`: the devices that may be pushed to."""

_TARGETS = f"""
SELECT d.user_id, d.id, d.platform FROM {REACHABLE} WHERE d.user_id = ANY($1) ORDER BY d.user_id, d.id
"""
_FIND = """
SELECT d.platform, d.token, d.registered_at, coalesce(d.p256dh, ''), coalesce(d.auth, ''), d.retry_at, d.disabled_at
FROM push_devices d JOIN live_sessions s ON s.id = d.session_id WHERE d.id = $1
"""
_SENT = f"""
UPDATE push_devices SET failures = 0, failing_since = NULL, retry_at = NULL, disabled_at = NULL, last_sent_at = $3
WHERE id = $1 AND registered_at = $2 AND (failures > 0 OR last_sent_at IS NULL OR last_sent_at < $3::timestamptz - interval '{EXACT}')
"""
_GONE = "DELETE FROM push_devices WHERE id = $1 AND registered_at = $2"
_FAILED = f"""
UPDATE push_devices SET
    failures = failures + 1,
    failing_since = coalesce(failing_since, $3),
    retry_at = $3::timestamptz + make_interval(secs => greatest($6, least({LONGEST_PAUSE}, 2 ^ least(failures, 16)))),
    disabled_at = coalesce(disabled_at, CASE WHEN failing_since <= $3::timestamptz - interval '{GIVEN_UP}' THEN $3 END),
    last_error = $5, last_error_at = $3
WHERE id = $1 AND registered_at = $2 AND (retry_at IS NULL OR retry_at <= $4)
RETURNING extract(epoch FROM retry_at - $3::timestamptz)
"""

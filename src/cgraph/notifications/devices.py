"""A person's push devices: registered by their apps, listed, forgotten."""

from datetime import timedelta
from uuid import UUID

from cgraph.accounts import Actor, SessionEnded
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.push import Pushers, Unusable

from .device import PUSH_DEVICE, NewDevice, PushDevice
from .errors import DeviceNotFound, PlatformNotSetUp


async def register_device(db: Repo, pushers: Pushers, actor: Actor, new: NewDevice) -> PushDevice:
    """Push to this device from now on, for as long as the actor's session lives; again refreshes it.

    A session has one token per platform, and a token one owner: the last who registered it. What went wrong before is
    forgotten. Raises `PlatformNotSetUp`, `Invalid` for what could never be sent to, `SessionEnded`.
    """
    now = clock.now()
    device = new.device(now)
    if device.platform not in pushers.platforms:
        raise PlatformNotSetUp
    try:
        pushers.check(device)
        expires_at = new.expires_at
    except Unusable as error:
        raise Invalid.field(error.field, error.reason) from None
    except ValueError:
        raise Invalid.field("expirationTime", "must be a valid time") from None
    async with db.transaction() as tx:
        # Registrations of one session wait for each other, so that it never has two tokens.
        if not await tx.value(_HOLD, actor.session_id):
            raise SessionEnded
        # What this touches is taken in one order: two that swap their tokens must not wait for each other.
        await tx.values(_TAKE, actor.session_id, device.platform, device.token)
        await tx.value(_REPLACE, actor.session_id, device.platform, device.token)
        return await tx.one(
            PushDevice,
            _REGISTER,
            new_id(),
            actor.id,
            actor.session_id,
            device.platform,
            device.token,
            device.p256dh or None,
            device.auth or None,
            expires_at,
            now,
        )


async def list_devices(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[PushDevice]:
    """The actor's devices, newest first; `after` is a cursor of this list."""
    start = decode_cursor(after, UUID, "after") if after else UUID(int=2**128 - 1)
    rows = await db.all(PushDevice, _LIST, actor.id, start, limit + 1)
    return forward_page(rows, limit, lambda row: row.id)


async def get_device(db: Repo, actor: Actor, device_id: UUID) -> PushDevice:
    """One of the actor's devices. Raises `DeviceNotFound`."""
    device = await db.first(PushDevice, _GET, actor.id, device_id)
    if device is None:
        raise DeviceNotFound
    return device


async def delete_device(db: Repo, actor: Actor, device_id: UUID) -> None:
    """Push there no more. Raises `DeviceNotFound`."""
    if not await db.value(_DELETE, actor.id, device_id):
        raise DeviceNotFound


async def forget_devices(db: Repo, *, days: int) -> None:
    """Drop devices whose session or subscription has ended, or which no app has brought for so many days."""
    await db.value(_FORGET, clock.now() - timedelta(days=days), clock.now())


_HOLD = "SELECT true FROM sessions WHERE id = $1 AND revoked_at IS NULL FOR UPDATE"
_TAKE = """
SELECT id FROM push_devices WHERE platform = $2 AND (session_id = $1 OR token = $3) ORDER BY id FOR UPDATE
"""
_REPLACE = "DELETE FROM push_devices WHERE session_id = $1 AND platform = $2 AND token <> $3"

# With its owner a device changes its id: pushes under way to the one before find nobody. It also changes its session; a
# token that session had for this platform is gone by now.
_REGISTER = f"""
INSERT INTO push_devices AS d
    (id, user_id, session_id, platform, token, p256dh, auth, expires_at, registered_at, inserted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (platform, token) DO UPDATE SET
    id = CASE WHEN d.user_id = $2 THEN d.id ELSE $1 END,
    inserted_at = CASE WHEN d.user_id = $2 THEN d.inserted_at ELSE $9 END,
    last_sent_at = CASE WHEN d.user_id = $2 THEN d.last_sent_at END,
    user_id = $2, session_id = $3, p256dh = $6, auth = $7, expires_at = $8, registered_at = $9,
    failures = 0, failing_since = NULL, retry_at = NULL, disabled_at = NULL, last_error = NULL, last_error_at = NULL
RETURNING {PUSH_DEVICE}
"""
_LIVE = "push_devices d JOIN live_sessions s ON s.id = d.session_id"
_LIST = f"SELECT {PUSH_DEVICE} FROM {_LIVE} WHERE d.user_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3"
_GET = f"SELECT {PUSH_DEVICE} FROM {_LIVE} WHERE d.user_id = $1 AND d.id = $2"
_DELETE = "DELETE FROM push_devices WHERE user_id = $1 AND id = $2 RETURNING true"
_FORGET = """
DELETE FROM push_devices d
WHERE d.registered_at < $1 OR d.expires_at < $2 OR NOT EXISTS (SELECT FROM live_sessions s WHERE s.id = d.session_id)
"""

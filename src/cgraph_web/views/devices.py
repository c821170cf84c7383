"""Push devices, as their owner sees them."""

import msgspec

from cgraph.accounts import Actor
from cgraph.notifications import PushDevice


class DeviceView(PushDevice, frozen=True):
    """One app or one browser that gets pushes."""

    current: bool
    """Whether this request came through its session."""


class VapidKeyView(msgspec.Struct, frozen=True):
    """The public half of the key this server signs Web Push with."""

    public_key: str
    """Base64url, as `PushManager.subscribe` takes it."""


def device(shown: PushDevice, actor: Actor) -> DeviceView:
    """A device, and whether it is the one the actor speaks from."""
    current = shown.session_id == actor.session_id
    return DeviceView(**msgspec.structs.asdict(shown), current=current)

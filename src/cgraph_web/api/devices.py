"""Where one's pushes go."""

from uuid import UUID

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.notifications import NewDevice
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views import devices as views
from cgraph_web.views.base import Data, Many, many
from cgraph_web.views.devices import DeviceView, VapidKeyView

BROWSER = {
    "platform": "webpush",
    "endpoint": "https://push.example.org/subscription/5f1c",
    "expirationTime": None,
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
"""The subscription of RFC 8291 §5."""


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[DeviceView]:
    """One's devices, newest first, with what went wrong there last."""
    page = await notifications.list_devices(db, actor, limit=query.limit, after=query.after)
    return many(page, lambda one: views.device(one, actor))


@action(
    status=201,
    errors=(notifications.PlatformNotSetUp,),
    example=BROWSER,
)
async def create(db: Repo, actor: Actor, app: App, new: Body[NewDevice]) -> Data[DeviceView]:
    """Register the device this session is on, or refresh it.

    A browser sends its `PushSubscription` with `"platform": "webpush"`; an app its token, with `fcm` or `apns`. To be done
    at every start of the app: it keeps the device from being forgotten, and revives one that was given up. A session has
    one token per platform; a token that somebody else had registered is theirs no more.
    """
    registered = await notifications.register_device(db, app.pushers, actor, new)
    return Data(views.device(registered, actor))


@action(status=204, errors=(notifications.DeviceNotFound,))
async def remove(db: Repo, actor: Actor, device_id: UUID) -> None:
    """Push there no more. Signing out does the same."""
    await notifications.delete_device(db, actor, device_id)


@action(status=202, errors=(notifications.DeviceNotFound,))
async def test(db: Repo, actor: Actor, device_id: UUID) -> Data[DeviceView]:
    """Send a test to a device.

    It goes out within seconds, also to a device that was given up; its `last_sent_at` or `last_error_at` then tells what
    came of it. At most one in ten seconds.
    """
    device = await notifications.get_device(db, actor, device_id)
    await notifications.send_test_push.enqueue(db, device_id=device.id, push_id=new_id())
    return Data(views.device(device, actor))


@action(public=True, errors=(notifications.WebPushNotSetUp,))
async def vapid_key(app: App) -> Data[VapidKeyView]:
    """What a browser needs to subscribe, as `applicationServerKey`."""
    key = app.pushers.application_server_key
    if key is None:
        raise notifications.WebPushNotSetUp
    return Data(VapidKeyView(key))

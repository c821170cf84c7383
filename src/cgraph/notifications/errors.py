"""What can go wrong with notifications, by name and wire code."""

from cgraph_kit.errors import Conflict, NotFound


class ScopeNotFound(NotFound):
    """Also for a kind of place that there is not, or not yet."""

    code = "scope_not_found"
    default = "there is no such place"


class NotificationNotFound(NotFound):
    code = "notification_not_found"
    default = "there is no such notification"


class DeviceNotFound(NotFound):
    code = "device_not_found"
    default = "there is no such device"


class PlatformNotSetUp(Conflict):
    """The operator has no keys for it."""

    code = "platform_not_set_up"
    default = "this server sends no pushes to this platform"


class WebPushNotSetUp(NotFound):
    code = "web_push_not_set_up"
    default = "this server sends no pushes to browsers"

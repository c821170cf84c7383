"""Groups: communities with channels, roles, permissions and members.

Reads and writes take the actor; to whoever is no member there is no group, and to who may not view a channel no channel.
"""

from .errors import ChannelNotFound, GroupNotFound, MissingPermission
from .events import GroupEvent, GroupJoined, GroupLeft, RightsChanged
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .permissions import Permission

__all__ = [
    "DEFAULT_LIMITS",
    "ChannelNotFound",
    "GroupEvent",
    "GroupJoined",
    "GroupLeft",
    "GroupNotFound",
    "Limits",
    "MissingPermission",
    "Permission",
    "RightsChanged",
    "limits_of",
]

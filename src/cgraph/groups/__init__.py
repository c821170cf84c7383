"""Groups: communities with channels, roles, permissions and members.

Reads and writes take the actor; to whoever is no member there is no group, and to who may not view a channel no channel.
"""

from .bulk import (
    ImportedChannel,
    ImportedGroup,
    ImportedGroupBan,
    ImportedMember,
    ImportedOverwrite,
    ImportedRole,
    ImportedThread,
    find_member_ids,
    import_channel_messages,
    import_channels,
    import_group,
    import_group_bans,
    import_members,
    import_overwrites,
    import_threads,
)
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
    "ImportedChannel",
    "ImportedGroup",
    "ImportedGroupBan",
    "ImportedMember",
    "ImportedOverwrite",
    "ImportedRole",
    "ImportedThread",
    "Limits",
    "MissingPermission",
    "Permission",
    "RightsChanged",
    "find_member_ids",
    "import_channel_messages",
    "import_channels",
    "import_group",
    "import_group_bans",
    "import_members",
    "import_overwrites",
    "import_threads",
    "limits_of",
]

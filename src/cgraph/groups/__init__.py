"""Groups: communities with channels, roles, permissions and members.

Reads and writes take the actor; to whoever is no member there is no group, and to who may not view a channel no channel.
"""

from .access import ChannelAccess, get_access, list_accesses, list_seers
from .acquainted import (
    find_fellow_members,
)
from .audit_reading import AuditEntry, WhichEntries, list_audit_entries
from .ban import Ban, NewBan, NewBans, NewlyBanned
from .bans import ban_member, ban_members, get_ban, list_bans, unban_member
from .bulk import (
    ImportedGroup,
    ImportedGroupBan,
    ImportedMember,
    ImportedRole,
    find_group_ids,
    find_member_ids,
    find_role_ids,
    import_group,
    import_group_bans,
    import_members,
)
from .bulk_channels import (
    ImportedChannel,
    ImportedOverwrite,
    ImportedThread,
    find_channel,
    import_channel_messages,
    import_channels,
    import_overwrites,
    import_threads,
)
from .by_ids import (
    NamedPlace,
    find_named_places,
    list_channels_by_ids,
    list_groups_by_ids,
    list_threads_by_ids,
)
from .calling import TellCalled, tell_called
from .channel import Channel, ChannelChange, ChannelOrder, Move, NewChannel
from .channel_list import get_channel, list_channels
from .channel_unread import (
    check_channel_counters,
    check_channel_unread,
    get_channel_unread,
    list_channel_unread,
    read_group,
    verify_channel_unread,
)
from .channels import create_channel, delete_channel, update_channel
from .converting import (
    TakenThread,
    can_convert_thread,
    can_receive_thread,
    find_free_message,
    list_viewers,
    put_thread,
    take_thread,
)
from .errors import (
    AdministratorExempt,
    Banned,
    BanNotFound,
    ChannelArchived,
    ChannelNotFound,
    EveryoneRole,
    GroupNotFound,
    InviteNotFound,
    MemberNotFound,
    MissingPermission,
    NoCategory,
    NotGroupOwner,
    OrderOutdated,
    Outranked,
    OverwriteNotFound,
    OwnerCannotLeave,
    PermissionNotHeld,
    RoleNotFound,
    TargetNotFound,
    ThreadExists,
    ThreadFull,
    ThreadLocked,
    ThreadNotFound,
    TooManyChannels,
    TooManyGroups,
    TooManyInvites,
    TooManyOverwrites,
    TooManyRoles,
    TooManyThreads,
    WouldLockOut,
)
from .events import (
    ChannelsPayload,
    ChannelsUpdated,
    GroupDeleted,
    GroupEvent,
    GroupJoined,
    GroupLeft,
    GroupPayload,
    GroupUpdated,
    RightsChanged,
    RoleCreated,
    RoleDeleted,
    RolePayload,
    RolesPayload,
    RolesReordered,
    RoleUpdated,
)
from .explained import Explained, explain
from .gate import CHANNELS, Channels
from .group import Confirmation, Group, GroupChange, GroupFacts, NewGroup, Transfer
from .groups import create_group, delete_group, transfer_group, update_group
from .hearing import AUDIENCE, Members
from .icons import remove_icon, set_icon
from .invite import Accepted, Invitation, Invite, NewInvite
from .invite_accepting import accept_invite
from .invites import create_invite, get_invitation, list_invites, revoke_invite
from .jobs import remove_temporary_members, tidy_groups
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .log import read_since
from .member import Member, MemberChange
from .member_changes import MemberRole, add_member_role, remove_member_role, update_member
from .member_events import MemberJoined, MemberLeft, MemberLeftPayload, MemberPayload, MemberUpdated
from .members import get_member, list_members, search_members
from .membership import leave_group
from .moderating import kick_member
from .onlooking import Onlooking, list_blocked_among, list_onlooked, list_small_crowd
from .ordering import order_channels
from .overview import get_group, list_groups
from .overwrite import ChannelOverwrite, NewOverwrite, OverwriteChange
from .overwrites import list_overwrites, remove_overwrite, set_overwrite, sync_channel
from .permissions import Permission
from .places_gone import forget_places_gone, list_places_gone
from .pruning import Prune, Pruned, count_prunable, prune_later, prune_members
from .purging import purge_messages
from .readable import (
    Readable,
    ReadablePlace,
    get_readable,
    list_readable_places,
)
from .recount import recount
from .reviewing import list_group_ids, list_reviewed_channels, note_removed_message
from .role import NewRole, Role, RoleChange, RoleOrder
from .roles import create_role, delete_role, list_roles, order_roles, update_role
from .scopes import (
    change_channel_preference,
    change_group_preference,
    change_thread_preference,
    get_channel_preference,
    get_channel_scopes,
    get_group_preference,
    get_group_scopes,
    get_thread_preference,
    get_thread_scopes,
)
from .screening import Rules, accept_rules, set_rules
from .searchable import list_searchable, locate, scan_searchable
from .showing import list_shown
from .shutting_out import find_shut_out, map_places
from .simulating import simulate
from .simulation import Simulated, SimulatedRole, Simulation
from .thread import NewThread, Thread, ThreadChange, ThreadFacts, ThreadMember
from .thread_events import (
    ThreadCreated,
    ThreadDeleted,
    ThreadFollowed,
    ThreadPayload,
    ThreadUnfollowed,
    ThreadUpdated,
)
from .thread_life import archive_quiet, archive_threads
from .thread_members import (
    add_thread_member,
    follow_thread,
    list_thread_members,
    remove_thread_member,
    unfollow_thread,
)
from .threads import create_thread, delete_thread, get_thread, list_threads, update_thread

DurableGroupEvent = (
    GroupUpdated
    | GroupDeleted
    | RoleCreated
    | RoleUpdated
    | RoleDeleted
    | RolesReordered
    | ChannelsUpdated
    | MemberJoined
    | MemberUpdated
    | MemberLeft
)
"""Each is pushed as its `type` on `group:<group_id>`."""
DurableUserEvent = GroupJoined | GroupLeft
"""Each is pushed as its `type` on `user:<user_id>`."""

__all__ = [
    "AUDIENCE",
    "CHANNELS",
    "DEFAULT_LIMITS",
    "Accepted",
    "AdministratorExempt",
    "AuditEntry",
    "Ban",
    "BanNotFound",
    "Banned",
    "Channel",
    "ChannelAccess",
    "ChannelArchived",
    "ChannelChange",
    "ChannelNotFound",
    "ChannelOrder",
    "ChannelOverwrite",
    "Channels",
    "ChannelsPayload",
    "ChannelsUpdated",
    "Confirmation",
    "DurableGroupEvent",
    "DurableUserEvent",
    "EveryoneRole",
    "Explained",
    "Group",
    "GroupChange",
    "GroupDeleted",
    "GroupEvent",
    "GroupFacts",
    "GroupJoined",
    "GroupLeft",
    "GroupNotFound",
    "GroupPayload",
    "GroupUpdated",
    "ImportedChannel",
    "ImportedGroup",
    "ImportedGroupBan",
    "ImportedMember",
    "ImportedOverwrite",
    "ImportedRole",
    "ImportedThread",
    "Invitation",
    "Invite",
    "InviteNotFound",
    "Limits",
    "Member",
    "MemberChange",
    "MemberJoined",
    "MemberLeft",
    "MemberLeftPayload",
    "MemberNotFound",
    "MemberPayload",
    "MemberRole",
    "MemberUpdated",
    "Members",
    "MissingPermission",
    "Move",
    "NamedPlace",
    "NewBan",
    "NewBans",
    "NewChannel",
    "NewGroup",
    "NewInvite",
    "NewOverwrite",
    "NewRole",
    "NewThread",
    "NewlyBanned",
    "NoCategory",
    "NotGroupOwner",
    "Onlooking",
    "OrderOutdated",
    "Outranked",
    "OverwriteChange",
    "OverwriteNotFound",
    "OwnerCannotLeave",
    "Permission",
    "PermissionNotHeld",
    "Prune",
    "Pruned",
    "Readable",
    "ReadablePlace",
    "RightsChanged",
    "Role",
    "RoleChange",
    "RoleCreated",
    "RoleDeleted",
    "RoleNotFound",
    "RoleOrder",
    "RolePayload",
    "RoleUpdated",
    "RolesPayload",
    "RolesReordered",
    "Rules",
    "Simulated",
    "SimulatedRole",
    "Simulation",
    "TakenThread",
    "TargetNotFound",
    "TellCalled",
    "Thread",
    "ThreadChange",
    "ThreadCreated",
    "ThreadDeleted",
    "ThreadExists",
    "ThreadFacts",
    "ThreadFollowed",
    "ThreadFull",
    "ThreadLocked",
    "ThreadMember",
    "ThreadNotFound",
    "ThreadPayload",
    "ThreadUnfollowed",
    "ThreadUpdated",
    "TooManyChannels",
    "TooManyGroups",
    "TooManyInvites",
    "TooManyOverwrites",
    "TooManyRoles",
    "TooManyThreads",
    "Transfer",
    "WhichEntries",
    "WouldLockOut",
    "accept_invite",
    "accept_rules",
    "add_member_role",
    "add_thread_member",
    "archive_quiet",
    "archive_threads",
    "ban_member",
    "ban_members",
    "can_convert_thread",
    "can_receive_thread",
    "change_channel_preference",
    "change_group_preference",
    "change_thread_preference",
    "check_channel_counters",
    "check_channel_unread",
    "count_prunable",
    "create_channel",
    "create_group",
    "create_invite",
    "create_role",
    "create_thread",
    "delete_channel",
    "delete_group",
    "delete_role",
    "delete_thread",
    "explain",
    "find_channel",
    "find_fellow_members",
    "find_free_message",
    "find_group_ids",
    "find_member_ids",
    "find_named_places",
    "find_role_ids",
    "find_shut_out",
    "follow_thread",
    "forget_places_gone",
    "get_access",
    "get_ban",
    "get_channel",
    "get_channel_preference",
    "get_channel_scopes",
    "get_channel_unread",
    "get_group",
    "get_group_preference",
    "get_group_scopes",
    "get_invitation",
    "get_member",
    "get_readable",
    "get_thread",
    "get_thread_preference",
    "get_thread_scopes",
    "import_channel_messages",
    "import_channels",
    "import_group",
    "import_group_bans",
    "import_members",
    "import_overwrites",
    "import_threads",
    "kick_member",
    "leave_group",
    "limits_of",
    "list_accesses",
    "list_audit_entries",
    "list_bans",
    "list_blocked_among",
    "list_channel_unread",
    "list_channels",
    "list_channels_by_ids",
    "list_group_ids",
    "list_groups",
    "list_groups_by_ids",
    "list_invites",
    "list_members",
    "list_onlooked",
    "list_overwrites",
    "list_places_gone",
    "list_readable_places",
    "list_reviewed_channels",
    "list_roles",
    "list_searchable",
    "list_seers",
    "list_shown",
    "list_small_crowd",
    "list_thread_members",
    "list_threads",
    "list_threads_by_ids",
    "list_viewers",
    "locate",
    "map_places",
    "note_removed_message",
    "order_channels",
    "order_roles",
    "prune_later",
    "prune_members",
    "purge_messages",
    "put_thread",
    "read_group",
    "read_since",
    "recount",
    "remove_icon",
    "remove_member_role",
    "remove_overwrite",
    "remove_temporary_members",
    "remove_thread_member",
    "revoke_invite",
    "scan_searchable",
    "search_members",
    "set_icon",
    "set_overwrite",
    "set_rules",
    "simulate",
    "sync_channel",
    "take_thread",
    "tell_called",
    "tidy_groups",
    "transfer_group",
    "unban_member",
    "unfollow_thread",
    "update_channel",
    "update_group",
    "update_member",
    "update_role",
    "update_thread",
    "verify_channel_unread",
]

"""What can go wrong in groups."""

from typing import Self

from cgraph_kit.errors import Conflict, Forbidden, NotFound

from .permissions import Permission, names_of


class GroupNotFound(NotFound):
    code = "group_not_found"
    default = "there is no such group"


class ChannelNotFound(NotFound):
    code = "channel_not_found"
    default = "there is no such channel"


class RoleNotFound(NotFound):
    code = "role_not_found"
    default = "there is no such role in this group"


class MemberNotFound(NotFound):
    code = "member_not_found"
    default = "nobody of this id is a member of this group"


class OverwriteNotFound(NotFound):
    code = "overwrite_not_found"
    default = "this channel has no overwrite for them"


class TargetNotFound(NotFound):
    code = "overwrite_target_not_found"
    default = "this is neither a role nor a member of the group"


class MissingPermission(Forbidden):
    """Names the bit, so that a client can say what is missing."""

    code = "missing_permission"
    default = "you are missing a permission"

    @classmethod
    def of(cls, permission: Permission) -> Self:
        return cls(f"you are missing the permission {permission.name}", permission=permission.name)


class PermissionNotHeld(Forbidden):
    """Nobody gives, takes, allows or denies what they may not do themselves. Names the bits."""

    code = "permission_not_held"
    default = "you can change only permissions that you hold yourself"

    @classmethod
    def of(cls, bits: int) -> Self:
        names = names_of(bits)
        return cls(f"{cls.default}: {', '.join(names)}", permissions=names)


class Outranked(Forbidden):
    code = "outranked"
    default = "you can act only on those who stand below you, and on roles below your own highest"


class NotGroupOwner(Forbidden):
    code = "not_group_owner"
    default = "only the owner of the group may do this"


class OwnerCannotLeave(Conflict):
    code = "owner_cannot_leave"
    default = "hand the group over, or delete it, before you leave"


class EveryoneRole(Conflict):
    code = "everyone_role"
    default = "@everyone is had by all, stands below all roles, and stays"


class OrderOutdated(Conflict):
    code = "order_outdated"
    default = "what was to be ordered has changed meanwhile; look again"


class NoCategory(Conflict):
    code = "no_category"
    default = "the channel is in no category"


class WouldLockOut(Conflict):
    code = "would_lock_out"
    default = "you would no longer see this channel, or no longer manage what is allowed in it"


class TooManyGroups(Conflict):
    code = "too_many_groups"
    default = "that is more groups than one person can be in"


class TooManyRoles(Conflict):
    code = "too_many_roles"
    default = "that is more roles than a group can have"


class TooManyChannels(Conflict):
    code = "too_many_channels"
    default = "that is more channels than a group can have"


class TooManyOverwrites(Conflict):
    code = "too_many_overwrites"
    default = "that is more overwrites than a channel can have"


class InviteNotFound(NotFound):
    """Also for one that has expired, or been used as often as it may."""

    code = "invite_not_found"
    default = "there is no such invite, or it is no longer good"


class BanNotFound(NotFound):
    code = "ban_not_found"
    default = "they are not banned from this group"


class Banned(Forbidden):
    code = "banned"
    default = "you are banned from this group"


class AdministratorExempt(Forbidden):
    """Nothing would be taken from them: what administrators may does not depend on it."""

    code = "administrator_exempt"
    default = "administrators cannot be timed out"


class TooManyInvites(Conflict):
    code = "too_many_invites"
    default = "that is more invites than a group can have"


class TooManyThreads(Conflict):
    code = "too_many_threads"
    default = "that is more threads than can be open in a group"


class ThreadNotFound(NotFound):
    code = "thread_not_found"
    default = "there is no such thread"


class ChannelArchived(Conflict):
    code = "channel_archived"
    default = "this channel is archived: it can only be read"


class ThreadLocked(Forbidden):
    code = "thread_locked"
    default = "this thread is locked: only who manages threads may say more"


class ThreadExists(Conflict):
    """Names the thread."""

    code = "thread_exists"
    default = "a thread begins at this message already"


class ThreadFull(Conflict):
    code = "thread_full"
    default = "as many follow this thread as may"

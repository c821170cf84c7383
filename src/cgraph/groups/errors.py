"""What can go wrong in groups."""

from typing import Self

from cgraph_kit.errors import Forbidden, NotFound

from .permissions import Permission


class GroupNotFound(NotFound):
    code = "group_not_found"
    default = "there is no such group"


class ChannelNotFound(NotFound):
    code = "channel_not_found"
    default = "there is no such channel"


class MissingPermission(Forbidden):
    """Names the bit, so that a client can say what is missing."""

    code = "missing_permission"
    default = "you are missing a permission"

    @classmethod
    def of(cls, permission: Permission) -> Self:
        return cls(f"you are missing the permission {permission.name}", permission=permission.name)

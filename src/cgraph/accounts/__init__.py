"""Accounts: who people are, how they prove it, and whom they do not want to hear from."""

from .blocks import (
    Block,
    block_user,
    blocked_between,
    can_contact,
    list_blocked_ids,
    list_blocker_ids,
    list_blocks,
    unblock_user,
)
from .limits import DEFAULT_LIMITS, Limits
from .user import (
    Actor,
    Person,
    State,
    Status,
    User,
    find_user,
    get_people,
    get_people_by_usernames,
    list_active_ids,
)

__all__ = [
    "DEFAULT_LIMITS",
    "Actor",
    "Block",
    "Limits",
    "Person",
    "State",
    "Status",
    "User",
    "block_user",
    "blocked_between",
    "can_contact",
    "find_user",
    "get_people",
    "get_people_by_usernames",
    "list_active_ids",
    "list_blocked_ids",
    "list_blocker_ids",
    "list_blocks",
    "unblock_user",
]

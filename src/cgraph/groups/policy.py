"""Who may change what others may: checks that raise what the caller is told."""

from collections.abc import Iterable

from . import permissions
from .errors import Outranked, PermissionNotHeld
from .permissions import MemberFacts
from .standing import Standing


def check_role(actor: MemberFacts, position: int) -> None:
    """Nobody edits, deletes, moves, gives or takes a role as high as their own highest. Raises `Outranked`."""
    if not permissions.can_touch_role(actor, position):
        raise Outranked


def check_roles(actor: MemberFacts, positions: Iterable[int]) -> None:
    """The same for several: what gives or takes them asks it of each that is given or taken."""
    for position in positions:
        check_role(actor, position)


def check_member(actor: MemberFacts, target: MemberFacts) -> None:
    """Nobody acts on who stands as high as they do, nor on the owner. Raises `Outranked`."""
    if not permissions.outranks(actor, target):
        raise Outranked


def check_change(actor_bits: int, before: int, after: int) -> None:
    """Every bit that changes must be held by who changes it. Raises `PermissionNotHeld` with those that are not."""
    if not permissions.can_change_bits(actor_bits, before, after):
        raise PermissionNotHeld.of((before ^ after) & ~actor_bits)


def check_grant(standing: Standing, before: int, after: int) -> None:
    """`check_change` with what somebody holds in the group itself: for the permissions of roles."""
    check_change(standing.permissions, before, after)

"""What a member may do: facts in, bits out. No I/O.

Discord's numbering and algorithm: what roles give is pooled, then the overwrites of the channel for @everyone, for all
the member's roles together, and for the member alone. Over the wire the 64-bit number is a decimal string.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from uuid import UUID

import msgspec


class Permission(IntEnum):
    """One bit each."""

    CREATE_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GROUP = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJI = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_EXPRESSIONS = 1 << 30
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    SEND_VOICE_MESSAGES = 1 << 46
    SEND_POLLS = 1 << 49
    PIN_MESSAGES = 1 << 51
    BYPASS_SLOWMODE = 1 << 52


P = Permission

ALL = (1 << 53) - 1
"""What the owner and administrators have: bits without a name yet, too."""
KNOWN = sum(Permission)
DEFAULT_EVERYONE = int(
    P.CREATE_INVITE
    | P.ADD_REACTIONS
    | P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.USE_EXTERNAL_EMOJI
    | P.CHANGE_NICKNAME
    | P.CREATE_PUBLIC_THREADS
    | P.CREATE_PRIVATE_THREADS
    | P.SEND_MESSAGES_IN_THREADS
    | P.SEND_VOICE_MESSAGES
    | P.SEND_POLLS
)
"""What @everyone may in a new group."""
LOOKING = int(P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY)
"""All that is left to who is timed out, or has not accepted the rules yet."""
GROUP_WIDE = int(
    P.KICK_MEMBERS
    | P.BAN_MEMBERS
    | P.ADMINISTRATOR
    | P.MANAGE_GROUP
    | P.VIEW_AUDIT_LOG
    | P.CHANGE_NICKNAME
    | P.MANAGE_NICKNAMES
    | P.MANAGE_EXPRESSIONS
    | P.MODERATE_MEMBERS
)
"""What is no channel's to allow or deny."""
NEEDS_SENDING = int(P.MENTION_EVERYONE | P.SEND_TTS | P.ATTACH_FILES | P.EMBED_LINKS)


# As plain numbers: an enumeration's members cost as much to name as all the arithmetic with them.
_ADMINISTRATOR, _VIEW, _SEND = int(P.ADMINISTRATOR), int(P.VIEW_CHANNEL), int(P.SEND_MESSAGES)
_SEND_IN_THREADS = int(P.SEND_MESSAGES_IN_THREADS)


def names_of(bits: int) -> list[str]:
    """The names of bits, the lowest first."""
    return [permission.name for permission in Permission if bits & permission]


class RoleFacts(msgspec.Struct, frozen=True):
    """A role, as far as it decides anything."""

    id: UUID
    position: int
    permissions: int


class MemberFacts(msgspec.Struct, frozen=True):
    """A member, as far as they decide what they may."""

    user_id: UUID
    group_id: UUID
    owner: bool
    everyone: int
    """The bits of @everyone."""
    roles: Sequence[RoleFacts] = ()
    """Their others."""
    silenced: bool = False
    """Timed out, or has not accepted the rules yet."""


class Overwrite(msgspec.Struct, frozen=True):
    """What a channel allows or denies a role (the group's id: @everyone) or a member."""

    target_id: UUID
    allow: int
    deny: int


def base(member: MemberFacts) -> int:
    """What roles alone give; nothing is implied yet."""
    if member.owner:
        return ALL
    bits = member.everyone
    for role in member.roles:
        bits |= role.permissions
    return ALL if bits & _ADMINISTRATOR else bits


def in_group(member: MemberFacts) -> int:
    """What they may in the group itself, where no channel is concerned."""
    bits = base(member)
    if member.silenced and not bits & _ADMINISTRATOR:
        return bits & LOOKING
    return bits


def in_channel(
    member: MemberFacts, overwrites: Iterable[Overwrite], *, thread: bool = False
) -> int:
    """What they may in a channel, or in its threads; 0: to them there is none.

    `overwrites`: all of the channel's, in any order; threads have none of their own. In a thread SEND_MESSAGES is what
    SEND_MESSAGES_IN_THREADS is in its channel.
    """
    bits = base(member)
    if bits & _ADMINISTRATOR:
        return bits
    bits = overwritten(bits, member, overwrites)
    if thread:
        bits &= ~_SEND
        bits |= _SEND if bits & _SEND_IN_THREADS else 0
    return implied(bits, silenced=member.silenced)


def overwritten(bits: int, member: MemberFacts, overwrites: Iterable[Overwrite]) -> int:
    """The three steps: @everyone, all roles pooled (allow beats deny between roles), the member."""
    # Ids are compared as numbers, which is several times as fast.
    roles = {role.id.int for role in member.roles}
    user_id, group_id = member.user_id.int, member.group_id.int
    everyone = own = None
    allow = deny = 0
    for one in overwrites:
        target = one.target_id.int
        if target in roles:
            allow |= one.allow
            deny |= one.deny
        elif target == user_id:
            own = one
        elif target == group_id:
            everyone = one
    if everyone is not None:
        bits = bits & ~everyone.deny | everyone.allow
    bits = bits & ~deny | allow
    if own is not None:
        bits = bits & ~own.deny | own.allow
    return bits


def implied(bits: int, *, silenced: bool) -> int:
    """What follows from what is missing."""
    if silenced:
        bits &= LOOKING
    if not bits & _VIEW:
        return 0
    if not bits & _SEND:
        bits &= ~NEEDS_SENDING
    return bits


def position(member: MemberFacts) -> int:
    """How high they stand: by their highest role, @everyone 0. (The owner stands above all: see `outranks`.)"""
    return max((role.position for role in member.roles), default=0)


def outranks(actor: MemberFacts, target: MemberFacts) -> bool:
    """Whether one may act on the other: kick, ban, time out, name. Nobody acts on the owner."""
    if target.owner:
        return False
    return actor.owner or position(actor) > position(target)


def can_touch_role(actor: MemberFacts, role_position: int) -> bool:
    """Whether they may edit, delete, move or give a role: only those below their own highest."""
    return actor.owner or role_position < position(actor)


def can_change_bits(actor_bits: int, before: int, after: int) -> bool:
    """Whether somebody with these bits may turn one number into the other: what changes, they must hold themselves."""
    return (before ^ after) & ~actor_bits == 0

"""What somebody may, worked out a second time: slowly, with sets of names, one sentence of the rule after the other.

Nothing of `cgraph.groups` is used but the names of the bits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

BITS = {
    "CREATE_INVITE": 0, "KICK_MEMBERS": 1, "BAN_MEMBERS": 2, "ADMINISTRATOR": 3, "MANAGE_CHANNELS": 4,
    "MANAGE_GROUP": 5, "ADD_REACTIONS": 6, "VIEW_AUDIT_LOG": 7, "VIEW_CHANNEL": 10, "SEND_MESSAGES": 11,
    "SEND_TTS": 12, "MANAGE_MESSAGES": 13, "EMBED_LINKS": 14, "ATTACH_FILES": 15, "READ_MESSAGE_HISTORY": 16,
    "MENTION_EVERYONE": 17, "USE_EXTERNAL_EMOJI": 18, "CHANGE_NICKNAME": 26, "MANAGE_NICKNAMES": 27,
    "MANAGE_ROLES": 28, "MANAGE_WEBHOOKS": 29, "MANAGE_EXPRESSIONS": 30, "MANAGE_EVENTS": 33, "MANAGE_THREADS": 34,
    "CREATE_PUBLIC_THREADS": 35, "CREATE_PRIVATE_THREADS": 36, "SEND_MESSAGES_IN_THREADS": 38,
    "MODERATE_MEMBERS": 40, "SEND_VOICE_MESSAGES": 46, "SEND_POLLS": 49, "PIN_MESSAGES": 51, "BYPASS_SLOWMODE": 52,
}  # fmt: skip
NAMES = {number: name for name, number in BITS.items()}
EVERYTHING = frozenset(NAMES.get(number, f"bit {number}") for number in range(53))
LOOKING = {"VIEW_CHANNEL", "READ_MESSAGE_HISTORY"}


@dataclass
class Somebody:
    """A member; roles and members are named by anything that can be compared."""

    name: object
    owner: bool = False
    everyone: set[str] = field(default_factory=set)
    roles: dict[object, set[str]] = field(default_factory=dict)
    silenced: bool = False


@dataclass
class Says:
    """What a channel says of somebody."""

    allow: set[str] = field(default_factory=set)
    deny: set[str] = field(default_factory=set)


def may(
    who: Somebody,
    of_everyone: Says | None = None,
    of_others: Mapping[object, Says] | None = None,
    *,
    thread: bool = False,
) -> set[str]:
    """What they may in a channel that says this of @everyone, and that of roles and members."""
    if who.owner:
        return set(EVERYTHING)
    can = set(who.everyone)
    for given in who.roles.values():
        can = can.union(given)
    if "ADMINISTRATOR" in can:
        return set(EVERYTHING)
    of_others = of_others or {}
    can = _obey(can, [of_everyone] if of_everyone else [])
    can = _obey(can, [says for name, says in of_others.items() if name in who.roles])
    can = _obey(can, [says for name, says in of_others.items() if name == who.name])
    if thread:
        can = _sending_as_in_threads(can)
    if who.silenced:
        can = can.intersection(LOOKING)
    return _of_use(can)


def _sending_as_in_threads(can: set[str]) -> set[str]:
    if "SEND_MESSAGES_IN_THREADS" in can:
        return can.union({"SEND_MESSAGES"})
    return can.difference({"SEND_MESSAGES"})


def _of_use(can: set[str]) -> set[str]:
    """Without what is worth nothing for want of another."""
    if "VIEW_CHANNEL" not in can:
        return set()
    if "SEND_MESSAGES" not in can:
        can = can.difference({"MENTION_EVERYONE", "SEND_TTS", "ATTACH_FILES", "EMBED_LINKS"})
    return can


def _obey(can: set[str], told: Iterable[Says]) -> set[str]:
    """First all that is denied goes, then all that is allowed comes."""
    told = list(told)
    for says in told:
        can = can.difference(says.deny)
    for says in told:
        can = can.union(says.allow)
    return can


def number(names: Iterable[str]) -> int:
    """The bits of these names."""
    return sum(1 << (BITS[name] if name in BITS else int(name.split()[1])) for name in names)


def names(bits: int) -> set[str]:
    """The names of these bits."""
    return {NAMES.get(n, f"bit {n}") for n in range(bits.bit_length()) if bits >> n & 1}

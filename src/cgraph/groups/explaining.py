"""Why somebody may, or may not: for each bit the rule that decided it. Pure; the answer is what `permissions` answers.

It goes the way of `permissions.in_channel` once more, bit by bit, and notes who spoke last.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from . import permissions
from .permissions import LOOKING, MemberFacts, Overwrite, Permission

Rule = Literal[
    "owner",
    "administrator",
    "roles",
    "no_role",
    "everyone_overwrite",
    "role_overwrites",
    "member_overwrite",
    "thread",
    "silenced",
    "not_following",
    "no_view",
    "no_send",
]


class Reason(msgspec.Struct, frozen=True):
    """Why one bit is as it is."""

    permission: str
    """The name of the bit."""
    allowed: bool
    rule: Rule
    """The last one that changed it, or else gave it:

    - `owner`: they own the group
    - `administrator`: a role gives ADMINISTRATOR, and overwrites do not count
    - `roles`: roles give it, and nothing takes it away
    - `no_role`: no role gives it, and nothing allows it
    - `everyone_overwrite`, `role_overwrites`, `member_overwrite`: what the channel allows or denies these
    - `thread`: in a thread SEND_MESSAGES is what SEND_MESSAGES_IN_THREADS is in its channel
    - `silenced`: timed out, or the rules are not accepted; only looking is left
    - `not_following`: a private thread is for who follows it, or manages threads
    - `no_view`: nothing is allowed where one may not even look
    - `no_send`: it is of no use without SEND_MESSAGES
    """
    source_ids: Sequence[UUID] = ()
    """The roles, or the member, by whom it was given, allowed or denied; @everyone's has the group's id."""


class Explanation(msgspec.Struct, frozen=True):
    """What somebody may, and why."""

    permissions: int
    reasons: Sequence[Reason]
    """Every bit that has a name, the lowest first."""


def explain_in_group(member: MemberFacts) -> Explanation:
    """What they may in the group itself, as `permissions.in_group` says."""
    if (high := _unbound(member)) is not None:
        return high
    steps = [_roles(member)]
    if member.silenced:
        steps.append(_mask("silenced", LOOKING))
    return _explained(steps)


def explain_in_channel(
    member: MemberFacts,
    overwrites: Iterable[Overwrite],
    *,
    thread: bool = False,
    outside: bool = False,
) -> Explanation:
    """What they may in a channel, or in its threads, as `permissions.in_channel` says; `outside`: of a private thread."""
    if (high := _unbound(member)) is not None:
        return high
    steps = [_roles(member), *_overwritten(member, {one.target_id: one for one in overwrites})]
    if thread:
        steps.append(_in_thread)
    if member.silenced:
        steps.append(_mask("silenced", LOOKING))
    if outside:
        steps.append(_outside)
    return _explained([*steps, _view, _send])


class _Trace:
    """The bits so far, and who spoke last of each."""

    def __init__(self) -> None:
        self.bits = 0
        self.spoke: dict[Permission, tuple[Rule, Sequence[UUID]]] = {}

    def say(
        self, bits: int, *, allowed: bool, rule: Rule, by: Callable[[int], Sequence[UUID]]
    ) -> None:
        """These bits are so now; `by`: whose word it is, asked for each that is concerned."""
        for bit in Permission:
            if bits & bit:
                self.spoke[bit] = (rule, by(bit))
        self.bits = self.bits | bits if allowed else self.bits & ~bits


_Step = Callable[[_Trace], None]


def _unbound(member: MemberFacts) -> Explanation | None:
    """Owners and administrators may everything, everywhere."""
    bits = permissions.base(member)
    if not bits & Permission.ADMINISTRATOR:
        return None
    givers = [] if member.owner else _those_with(_giving(member), Permission.ADMINISTRATOR)
    rule: Rule = "owner" if member.owner else "administrator"
    names = [permission.name for permission in Permission]
    return Explanation(bits, [Reason(name, True, rule, givers) for name in names])


def _giving(member: MemberFacts) -> list[tuple[UUID, int]]:
    """What gives bits, the highest first, and which."""
    roles = sorted(member.roles, key=lambda role: -role.position)
    return [*((role.id, role.permissions) for role in roles), (member.group_id, member.everyone)]


def _those_with(giving: Iterable[tuple[UUID, int]], bit: int) -> Sequence[UUID]:
    return [id for id, bits in giving if bits & bit]


def _roles(member: MemberFacts) -> _Step:
    def step(trace: _Trace) -> None:
        bits, giving = permissions.base(member), _giving(member)
        trace.say(bits, allowed=True, rule="roles", by=lambda bit: _those_with(giving, bit))

    return step


def _overwritten(member: MemberFacts, by_target: dict[UUID, Overwrite]) -> Iterable[_Step]:
    roles = sorted(member.roles, key=lambda role: -role.position)
    pooled = [by_target[role.id] for role in roles if role.id in by_target]
    yield _overwrite("everyone_overwrite", _those(by_target, member.group_id))
    yield _overwrite("role_overwrites", pooled)
    yield _overwrite("member_overwrite", _those(by_target, member.user_id))


def _those(by_target: dict[UUID, Overwrite], id: UUID) -> list[Overwrite]:
    return [by_target[id]] if id in by_target else []


def _overwrite(rule: Rule, pooled: Sequence[Overwrite]) -> _Step:
    """What all of them deny, and then what any of them allows."""
    allow = deny = 0
    for one in pooled:
        allow, deny = allow | one.allow, deny | one.deny

    def step(trace: _Trace) -> None:
        trace.say(
            deny & ~allow,
            allowed=False,
            rule=rule,
            by=lambda bit: [one.target_id for one in pooled if one.deny & bit],
        )
        trace.say(
            allow,
            allowed=True,
            rule=rule,
            by=lambda bit: [one.target_id for one in pooled if one.allow & bit],
        )

    return step


def _mask(rule: Rule, left: int) -> _Step:
    """All but these is taken away; what was not there keeps its reason."""

    def step(trace: _Trace) -> None:
        trace.say(trace.bits & ~left, allowed=False, rule=rule, by=lambda _bit: ())

    return step


def _in_thread(trace: _Trace) -> None:
    bits = trace.bits
    _, by = trace.spoke.get(Permission.SEND_MESSAGES_IN_THREADS, ("no_role", ()))
    allowed = bool(bits & Permission.SEND_MESSAGES_IN_THREADS)
    trace.say(Permission.SEND_MESSAGES, allowed=allowed, rule="thread", by=lambda _bit: by)


def _outside(trace: _Trace) -> None:
    if trace.bits & Permission.VIEW_CHANNEL and not trace.bits & Permission.MANAGE_THREADS:
        _mask("not_following", ~Permission.VIEW_CHANNEL)(trace)


def _view(trace: _Trace) -> None:
    if not trace.bits & Permission.VIEW_CHANNEL:
        _mask("no_view", 0)(trace)


def _send(trace: _Trace) -> None:
    if not trace.bits & Permission.SEND_MESSAGES:
        _mask("no_send", ~permissions.NEEDS_SENDING)(trace)


def _explained(steps: Iterable[_Step]) -> Explanation:
    trace = _Trace()
    for step in steps:
        step(trace)
    return Explanation(trace.bits, [_reason(trace, bit) for bit in Permission])


def _reason(trace: _Trace, bit: Permission) -> Reason:
    rule, by = trace.spoke.get(bit, ("no_role", ()))
    return Reason(bit.name, bool(trace.bits & bit), rule, by)

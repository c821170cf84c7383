"""What a decision is made from, and what it says."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from .kinds import Channel, Kind
from .quiet import QuietHours
from .scopes import Level, Scope

Action = Literal["deliver", "hold", "suppress"]


class Explicit(msgspec.Struct, frozen=True):
    """What a person has set at one scope; None: as the next wider scope has it."""

    scope: Scope
    level: Level | None = None
    in_app: bool | None = None
    push: bool | None = None
    email: bool | None = None
    muted: bool | None = None
    """False: not muted, even where a wider scope is."""
    muted_until: datetime | None = None
    """With `muted`, None: for good. Past: the mute is as if it had never been."""
    ignore_everyone: bool | None = None

    def mutes(self, now: datetime) -> bool | None:
        """Whether it mutes at an instant; None: it says nothing about it."""
        lapsed = self.muted_until is not None and self.muted_until <= now
        return None if lapsed else self.muted


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that may matter when one event is decided for one person. What is left out speaks for delivery."""

    kind: Kind
    now: datetime
    scopes: Sequence[Explicit] = ()
    """Of the place and all around it, the nearest first, those without a value too; matters of no place: global alone."""
    own: bool = False
    """The person did it themselves."""
    inactive: bool = False
    """The account is put to sleep, or no person's."""
    gone: bool = False
    """What it is about was deleted or taken back."""
    may_see: bool = True
    blocked: bool = False
    """By the person, of who did it. (That it is the other way round is nothing a decision may give away.)"""
    read: bool = False
    active: bool = False
    """One of the person's devices is in use."""
    do_not_disturb: bool = False
    """The status the person has chosen."""
    quiet: QuietHours = QuietHours()
    excepted: bool = False
    """Who did it gets through to the person in quiet hours."""
    urgent: bool = False
    """So does this message."""
    has_device: bool = True
    has_address: bool = True


class Verdict(msgspec.Struct, frozen=True):
    """What one channel is to do, and why."""

    action: Action
    rule: str
    """The id of the rule that decided."""
    text: str
    """The same for people."""
    until: datetime | None = None
    """With `hold`: when to look again; of a mute: its end."""
    scope: Scope | None = None
    """Whose value decided; None: nobody had set one, or it needs none."""


State = Literal["sent", "held", "suppressed"]


class Decision(msgspec.Struct, frozen=True):
    """What becomes of one event for one person."""

    in_app: Verdict
    push: Verdict
    email: Verdict

    def of(self, channel: Channel) -> Verdict:
        """One channel's verdict."""
        verdict: Verdict = getattr(self, channel)
        return verdict

    def outcome(self) -> tuple[State, str]:
        """The one outcome for the record, and the id of the rule behind it: whether the person was called.

        What push or mail deliver was sent, else what they hold is held, else it was suppressed, though it may stand in the
        inbox. Of kinds that only ever go there, the inbox speaks.
        """
        calls = [one for one in (self.push, self.email) if one.rule != NO_WAY] or [self.in_app]
        for action in _LIVELIEST:
            for verdict in calls:
                if verdict.action == action:
                    return _STATES[action], verdict.rule
        raise LookupError("a verdict without an action")


NO_WAY = "kind_channels"
"""The rule that says a kind never goes that way."""

_STATES: dict[Action, State] = {"deliver": "sent", "hold": "held", "suppress": "suppressed"}
_LIVELIEST: tuple[Action, ...] = ("deliver", "hold", "suppress")

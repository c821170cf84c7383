"""The rules, in the order in which they are asked: the first that applies to a channel decides it.

Who is not told at all comes first, then ways that do not exist, what cannot be switched off, what the person has set, and
the hour. Ids are recorded and shown: they never change their meaning.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from .facts import Action, Explicit, Facts
from .kinds import CHANNELS, KINDS, Channel, Reach
from .quiet import quiet_until
from .scopes import DEFAULT_LEVELS, Level, Scope


class Because(NamedTuple):
    """A rule applies."""

    scope: Scope | None = None
    """Whose value made it."""
    until: datetime | None = None


Test = Callable[[Facts, Channel], Because | bool]


class Rule(NamedTuple):
    """One reason to deliver, hold or suppress."""

    id: str
    action: Action
    channels: tuple[Channel, ...]
    text: str
    """Said to the person."""
    applies: Test


RULES: list[Rule] = []
OUTSIDE: tuple[Channel, ...] = ("push", "email")


def rule(
    action: Action, text: str, *, on: tuple[Channel, ...] = CHANNELS
) -> Callable[[Test], Test]:
    """Add a function to the end of the rules, under its own name."""

    def add(test: Test) -> Test:
        RULES.append(Rule(test.__name__, action, on, text, test))
        return test

    return add


# -- who is not told at all


@rule("suppress", "You did it yourself.")
def own_event(facts: Facts, _: Channel) -> bool:
    return facts.own


@rule("suppress", "The account is not in use.")
def account_inactive(facts: Facts, _: Channel) -> bool:
    return facts.inactive


@rule("suppress", "It was deleted or taken back meanwhile.")
def gone(facts: Facts, _: Channel) -> bool:
    return facts.gone


@rule("suppress", "You may not see it, or no longer.")
def no_access(facts: Facts, _: Channel) -> bool:
    return not facts.may_see


@rule("suppress", "You have blocked whoever did it.")
def blocked(facts: Facts, _: Channel) -> bool:
    return facts.blocked


@rule("suppress", "You had read it already.")
def already_read(facts: Facts, _: Channel) -> bool:
    return facts.read


# -- ways that do not exist


@rule("suppress", "This kind of notification does not go this way.")
def kind_channels(facts: Facts, channel: Channel) -> bool:
    return channel not in KINDS[facts.kind].channels


@rule("suppress", "None of your devices is registered for pushes.", on=("push",))
def no_device(facts: Facts, _: Channel) -> bool:
    return not facts.has_device


@rule("suppress", "Your account has no e-mail address.", on=("email",))
def no_address(facts: Facts, _: Channel) -> bool:
    return not facts.has_address


# -- what cannot be switched off


@rule("deliver", "This kind of notification cannot be switched off.")
def always(facts: Facts, channel: Channel) -> bool:
    return channel in KINDS[facts.kind].always


# -- what the person has set


@rule("suppress", "You have switched this way off.")
def channel_off(facts: Facts, channel: Channel) -> Because | bool:
    nearest = _nearest(facts, channel)
    return nearest is not None and not getattr(nearest, channel) and Because(nearest.scope)


@rule("suppress", "Your level lets less than this through.")
def level(facts: Facts, _: Channel) -> Because | bool:
    chosen, scope = level_of(facts)
    return KINDS[facts.kind].reach not in _REACHES[chosen] and Because(scope)


@rule("suppress", "You ignore calls to everyone.")
def everyone_ignored(facts: Facts, _: Channel) -> Because | bool:
    if facts.kind != "everyone":
        return False
    nearest = _nearest(facts, "ignore_everyone")
    return nearest is not None and bool(nearest.ignore_everyone) and Because(nearest.scope)


@rule("deliver", "Muted, but what concerns you still counts.", on=("in_app",))
def muted_counted(facts: Facts, _: Channel) -> Because | bool:
    return KINDS[facts.kind].reach in _COUNTED and _muted(facts)


@rule("suppress", "You have muted it.")
def muted(facts: Facts, _: Channel) -> Because | bool:
    return _muted(facts)


# -- the hour


@rule("suppress", "You were active on one of your devices.", on=OUTSIDE)
def active(facts: Facts, _: Channel) -> bool:
    return facts.active


@rule("suppress", 'Your status is "do not disturb".', on=("push",))
def do_not_disturb(facts: Facts, _: Channel) -> bool:
    return facts.do_not_disturb and not _pressing(facts)


@rule("hold", "You have quiet hours.", on=OUTSIDE)
def quiet_hours(facts: Facts, _: Channel) -> Because | bool:
    if _pressing(facts):
        return False
    until = quiet_until(facts.quiet, facts.now)
    return until is not None and Because(until=until)


@rule("deliver", "Nothing speaks against it.")
def default(facts: Facts, _: Channel) -> Because:
    return Because(level_of(facts)[1])


_REACHES: dict[Level, frozenset[Reach]] = {
    "all": frozenset({"everything", "reply", "mention", "direct", "personal"}),
    "replies": frozenset({"reply", "mention", "direct", "personal"}),
    "mentions": frozenset({"mention", "direct", "personal"}),
    "none": frozenset(),
}
_COUNTED: frozenset[Reach] = frozenset({"reply", "mention", "personal"})
"""What comes into the inbox even from where it is muted, unannounced."""


def level_of(facts: Facts) -> tuple[Level, Scope | None]:
    """The level that holds, and the scope at which it is set; None: it is the place's own default."""
    nearest = _nearest(facts, "level")
    if nearest is not None and nearest.level is not None:
        return nearest.level, nearest.scope
    own = (one.scope.default for one in facts.scopes if one.scope.default is not None)
    place = facts.scopes[0].scope.kind if facts.scopes else "global"
    return next(own, DEFAULT_LEVELS[place]), None


Setting = Literal["level", "in_app", "push", "email", "ignore_everyone"]


def _nearest(facts: Facts, setting: Setting) -> Explicit | None:
    """The nearest scope at which something is set."""
    return next((one for one in facts.scopes if getattr(one, setting) is not None), None)


def _muted(facts: Facts) -> Because | bool:
    """By the nearest scope that says whether it is."""
    for one in facts.scopes:
        mutes = one.mutes(facts.now)
        if mutes is not None:
            return mutes and Because(one.scope, one.muted_until)
    return False


def _pressing(facts: Facts) -> bool:
    return facts.excepted or facts.urgent

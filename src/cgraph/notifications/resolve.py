"""Whether, how and when a person is told: facts in, decision out. The only place where it is decided."""

from .facts import Decision, Facts, Verdict
from .kinds import CHANNELS, Channel
from .rules import RULES, Because


def resolve(facts: Facts) -> Decision:
    """What each channel is to do, and which rule decided it. Pure: the same facts, the same answer.

    Asked twice for one event: at once for the inbox, and again, with what is known then, when push and mail are due.
    """
    return Decision(_decide(facts, "in_app"), _decide(facts, "push"), _decide(facts, "email"))


_RULES = {way: [rule for rule in RULES if way in rule.channels] for way in CHANNELS}


def _decide(facts: Facts, channel: Channel) -> Verdict:
    for rule in _RULES[channel]:
        if found := rule.applies(facts, channel):
            because = found if isinstance(found, Because) else Because()
            return Verdict(rule.action, rule.id, rule.text, because.until, because.scope)
    raise LookupError("the last rule applies to everything")

"""How much and how long: the numbers of moderation, with their defaults."""

import msgspec

from cgraph.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    report_neighbours: int = 5
    """What is kept with a reported message of what was said before it, and as much of what was said after."""
    report_claim_seconds: int = 900
    """How long a case is one moderator's alone."""
    report_medium_score: float = 3.0
    """From which score a case is of medium priority."""
    report_high_score: float = 8.0
    """From which it is of high priority."""
    report_hide_score: float = 12.5
    """From which a post or comment that several have reported is hidden until it is decided; 0: never."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """As the operator set them."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})

"""How much: the numbers of conversions, with their defaults."""

import msgspec

from cgraph.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    conversion_max: int = 5000
    """Messages, or comments, of one thread or post that becomes the other."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """As the operator set them."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})

"""How much and how long: the numbers of searching, with their defaults."""

import msgspec

from cgraph.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from, without `search_`."""

    query_max: int = 500
    """Code points of one search."""
    query_parts_max: int = 20
    """Words, quotations and values of operators in one search."""
    saved_max: int = 50
    """Searches one person may save."""
    recent_max: int = 20
    """Searches kept to be suggested again."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """As the operator set them."""
    return Limits(
        **{name: getattr(settings, f"search_{name}") for name in Limits.__struct_fields__}
    )

"""How much and how long: the numbers of messaging, with their defaults."""

import msgspec

from cgraph.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    message_max: int = 4000
    """Code points of one message."""
    message_attachments_max: int = 10
    """Files with one message."""
    voice_seconds_max: int = 300
    """Longest voice message."""
    voice_bytes_max: int = 10_485_760
    """Largest voice message."""
    participants_max: int = 50
    """People in one group conversation."""
    reactions_max: int = 20
    """Distinct reactions on one message."""
    pins_max: int = 250
    """Pinned messages of one conversation."""
    scheduled_max: int = 100
    """Messages one person wants said later; about, for those who ask at the same time are counted at the same time."""
    edit_window_seconds: int = 0
    """In which a message may be edited; 0: for ever."""
    link_previews_max: int = 5
    """Links of one message that are shown with a preview; 0: none."""
    resume_max: int = 5000
    """Most events one resume returns."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """As the operator set them."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})

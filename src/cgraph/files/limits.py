"""How much and how long: the numbers of files, with their defaults."""

from collections.abc import Sequence

import msgspec

from cgraph.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    file_max: int = 26_214_400
    """Bytes of one file."""
    file_quota: int = 1_073_741_824
    """Bytes of one person's files, uploads under way included."""
    file_blocked_types: Sequence[str] = ()
    """Content types that are not taken: whole ones, or `kind/*`."""
    image_pixels_max: int = 50_000_000
    """Width times height times frames of one image."""
    upload_hours: int = 24
    """How long an upload may take, and how long a file waits to be attached."""
    media_workers: int = 2
    """Files looked at at a time in this process."""
    media_seconds: int = 20
    """Processor time that looking at one file may take."""
    media_memory_mib: int = 1024
    """Address space of the process that looks."""
    files_waiting_max: int = 50
    """One person's files that may wait to be looked at."""
    media_wait_seconds: float = 10.0
    """How long whoever uploads waits for what comes of it."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """As the operator set them."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})

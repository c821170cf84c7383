"""How much and how many: the numbers of groups, with their defaults."""

import msgspec

from cgraph.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    groups_max: int = 200
    """Groups one person is in."""
    group_roles_max: int = 250
    """Roles of one group, @everyone included."""
    group_channels_max: int = 500
    """Channels and categories of one group."""
    channel_overwrites_max: int = 500
    """Overwrites of one channel or category."""
    group_invites_max: int = 1000
    """Invites of one group that are still good."""
    group_threads_max: int = 1000
    """Threads of one group that are open, which archived ones are not."""
    audit_log_days: int = 365
    """After which entries of audit logs go."""
    group_presence_max: int = 100
    """Members of a group up to which all of them are shown to be here; of larger ones those on the screen."""
    channel_presence_max: int = 1000
    """Members of a group above which its channels show nobody who is here."""
    listening_group_max: int = 250
    """Members of a group up to which its default level may be to hear everything."""
    resume_max: int = 5000
    """Most events one resume returns."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """As the operator set them."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})

"""How much and how often: the numbers of accounts, with their defaults."""

from typing import Literal

import msgspec

from cgraph.settings import Settings
from cgraph_kit.limiter import Away, Limit

HOUR = 3600
PER_ADDRESS = 4
"""An address may have several people behind it: so many times what one account may ask for."""


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    registration: Literal["open", "closed"] = "open"
    register: Limit = Limit("register", 30, HOUR, Away.LOCAL)
    """Per address."""
    password_min: int = 8
    """Code points."""
    login: Limit = Limit("login", 5, 300)
    """Failures, per account and per address."""
    access_token_seconds: int = 900
    refresh_token_days: int = 30
    """Days a session lives without being used."""
    password_reset_minutes: int = 60
    reset: Limit = Limit("reset", 5, HOUR, Away.LOCAL)
    """Password resets asked for, per account."""
    username_changes: int = 2
    """In `username_change_days`."""
    username_change_days: int = 14
    username_held_days: int = 30
    """Days in which nobody else gets a name that was given up."""
    blocks: int = 5000
    """People one person may block."""

    @property
    def reset_address(self) -> Limit:
        """Password resets asked for, per address."""
        return msgspec.structs.replace(self.reset, count=self.reset.count * PER_ADDRESS)


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """The limits of accounts as the operator set them; what is no setting keeps its default."""
    names = set(Limits.__struct_fields__) & set(Settings.model_fields)
    return Limits(
        login=Limit.parse("login", settings.rate_limit_login),
        register=Limit.parse("register", settings.rate_limit_register, Away.LOCAL),
        reset=Limit.parse("reset", settings.rate_limit_reset, Away.LOCAL),
        **{name: getattr(settings, name) for name in names},
    )

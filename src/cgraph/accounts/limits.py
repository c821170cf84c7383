"""How much and how often: the numbers of accounts, with their defaults."""

from typing import Literal

import msgspec

from cgraph.settings import Settings


class Limits(msgspec.Struct, frozen=True):
    """Named as the settings they come from."""

    registration: Literal["open", "closed"] = "open"
    register_attempts: int = 30
    """Per address in an hour."""
    password_min: int = 8
    """Code points."""
    login_attempts: int = 5
    """Failures per account and per address, in `login_window_seconds`."""
    login_window_seconds: int = 300
    access_token_seconds: int = 900
    refresh_token_days: int = 30
    """Days a session lives without being used."""
    password_reset_minutes: int = 60
    reset_requests: int = 5
    """Password resets asked for, per account in an hour; four times as many per address."""
    username_changes: int = 2
    """In `username_change_days`."""
    username_change_days: int = 14
    username_held_days: int = 30
    """Days in which nobody else gets a name that was given up."""
    blocks: int = 5000
    """People one person may block."""


DEFAULT_LIMITS = Limits()


def limits_of(settings: Settings) -> Limits:
    """The limits of accounts as the operator set them; what is no setting keeps its default."""
    names = set(Limits.__struct_fields__) & set(Settings.model_fields)
    return Limits(**{name: getattr(settings, name) for name in names})

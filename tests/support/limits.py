"""Rate limits, and those of posting, that no test meets by accident. Guesses at passwords and mail stay limited as they are."""

from typing import Any

from cgraph.forums import PaceLimits
from cgraph.settings import Settings, variable

KEPT = ("rate_limit_overrides", "rate_limit_login", "rate_limit_reset")
RAISED: dict[str, Any] = {
    name: "1000000/s"
    for name in Settings.model_fields
    if name.startswith("rate_limit_") and name not in KEPT
} | dict.fromkeys(PaceLimits.__struct_fields__, 0)
"""As settings."""
RAISED_ENVIRONMENT = {variable(name): str(limit) for name, limit in RAISED.items()}
"""As environment variables."""

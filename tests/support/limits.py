"""Rate limits that no test meets by accident. Guesses at passwords and mail stay limited as they are."""

from cgraph.settings import Settings, variable

KEPT = ("rate_limit_overrides", "rate_limit_login", "rate_limit_reset")
RAISED = {
    name: "1000000/s"
    for name in Settings.model_fields
    if name.startswith("rate_limit_") and name not in KEPT
}
"""As settings."""
RAISED_ENVIRONMENT = {variable(name): rate for name, rate in RAISED.items()}
"""As environment variables."""

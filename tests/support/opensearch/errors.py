"""How OpenSearch says no."""

from typing import Any


class Failure(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, type: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.type = type
        self.reason = reason

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"type": self.type, "reason": self.reason}, "status": self.status}


class Unknown(Failure):
    """Something this server does not know: a mistake of ours until somebody has read what it means."""

    def __init__(self, what: str) -> None:
        super().__init__(400, "parsing_exception", f"unknown here: {what}")


def only(given: Any, allowed: set[str], what: str) -> None:
    """Refuse whatever is not among these."""
    if unknown := set(given) - allowed:
        raise Unknown(f"{sorted(unknown)} of {what}")

"""The names by which sockets are reached."""

from uuid import UUID

USER = "user_socket:"


def user_key(user_id: UUID) -> str:
    """All sockets of a person, as in the seed."""
    return f"{USER}{user_id}"


SESSION = "session_socket:"


def session_key(session_id: UUID) -> str:
    """All sockets of one sign-in."""
    return f"{SESSION}{session_id}"

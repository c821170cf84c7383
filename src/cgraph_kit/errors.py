"""The kinds of failure that may reach a user.

Error
├── Invalid        the input is malformed or breaks a rule; `fields` says where
├── Unauthorized   who are you?
├── Forbidden      known and visible, but not allowed
├── NotFound       not there, or not for these eyes
├── Conflict       at odds with what already is
├── Gone           was here, will not come back
├── Moved          is somewhere else; `kind` and `id` say where
├── TooLarge       more than a stated limit
├── RateLimited    too often; `retry_after` says when again
└── Unavailable    not now; `retry_after` says when again

A context subclasses a kind once per wire code. The web layer maps kinds to statuses; nothing here knows HTTP.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID


class Error(Exception):
    """A failure a user is told about. Anything else that is raised is a bug."""

    code: ClassVar[str] = "error"
    default: ClassVar[str] = "something went wrong"

    def __init__(
        self,
        message: str | None = None,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        **extra: Any,
    ) -> None:
        self.message = message or self.default
        self.fields: dict[str, list[str]] = {k: list(v) for k, v in (fields or {}).items()}
        self.extra: dict[str, Any] = extra
        super().__init__(self.message)


class Invalid(Error):
    code = "invalid"
    default = "the input is not valid"

    @classmethod
    def field(cls, name: str, reason: str) -> "Invalid":
        """One field, one reason: the common case."""
        return cls(f"{name} {reason}", fields={name: [reason]})


class Unauthorized(Error):
    code = "unauthorized"
    default = "authentication is required"


class Forbidden(Error):
    code = "forbidden"
    default = "you may not do this"


class NotFound(Error):
    code = "not_found"
    default = "not found"


class Conflict(Error):
    code = "conflict"
    default = "this conflicts with the current state"


class Gone(Error):
    code = "gone"
    default = "this no longer exists"


class Moved(Error):
    """What was here is another thing now."""

    code = "moved"
    default = "this is at another address now"

    def __init__(self, kind: str, id: UUID, **extra: Any) -> None:
        super().__init__(moved_to={"kind": kind, "id": str(id)}, **extra)
        self.kind = kind
        self.id = id


class TooLarge(Error):
    code = "too_large"
    default = "this is larger than allowed"


class RateLimited(Error):
    code = "rate_limited"
    default = "too many requests"

    def __init__(self, message: str | None = None, *, retry_after: float, **extra: Any) -> None:
        super().__init__(message, **extra)
        self.retry_after = retry_after
        """Seconds until the same call would be allowed."""


class Unavailable(Error):
    code = "unavailable"
    default = "temporarily unavailable"

    def __init__(
        self, message: str | None = None, *, retry_after: float = 1.0, **extra: Any
    ) -> None:
        super().__init__(message, **extra)
        self.retry_after = retry_after
        """Seconds after which trying again makes sense."""

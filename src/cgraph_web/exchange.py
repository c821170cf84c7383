"""What is known about one request while it passes."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from cgraph_kit.limiter import address_key

from .response import Header


class Exchange:
    """One request and, once it is known, who sent it and which route it took."""

    __slots__ = (
        *(
            "about",
            "admin",
            "at_fault",
            "client",
            "headers",
            "limit_headers",
            "request_id",
            "route",
        ),
        *("started", "status", "user_id"),
    )

    def __init__(self, request_id: str, client: str, headers: Mapping[bytes, bytes]) -> None:
        self.request_id = request_id
        self.client = client
        """The caller's address; behind a trusted proxy the one it vouches for; empty on a Unix socket."""
        self.headers = headers
        """Lower-case names; of a repeated header the last value."""
        self.started = perf_counter()
        self.route = "unmatched"
        """The route's path template: what logs and metrics may show, for it holds no ids and no secrets."""
        self.status = 0
        self.user_id: str | None = None
        """Who asks, once that is known."""
        self.admin = False
        """Whether that is an administrator, who may ask for more."""
        self.at_fault = True
        """Whether a refusal speaks against who asked."""
        self.limit_headers: Sequence[Header] = ()
        """What the answer tells of rate limits."""
        self.about: dict[str, Any] = {"request_id": request_id}
        """What stands in every log line of this request."""

    @property
    def caller(self) -> str:
        """Whom rate limits count this request for: a person, else an address."""
        return address_key(self.client) if self.user_id is None else f"user:{self.user_id}"

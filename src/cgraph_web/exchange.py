"""What is known about one request while it passes."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any


class Exchange:
    """One request and, once it is known, who sent it and which route it took."""

    __slots__ = ("about", "client", "headers", "request_id", "route", "started", "status")

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
        self.about: dict[str, Any] = {"request_id": request_id}
        """What stands in every log line of this request."""

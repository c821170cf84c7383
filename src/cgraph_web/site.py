"""What belongs to the HTTP side as a whole rather than to a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from prometheus_client import CollectorRegistry

from cgraph.application import App
from cgraph_kit.channels.endpoint import Endpoint

from .action import Route
from .asyncapi import document as channels_document
from .openapi import document
from .plugs.rate_limit import RateLimits
from .socket import UserSocket


@dataclass(frozen=True)
class Site:
    """One running application, its routes, and what is read from it when metrics are scraped."""

    app: App
    routes: Sequence[Route]
    metrics: CollectorRegistry
    limits: RateLimits
    endpoint: Endpoint | None = None

    @cached_property
    def openapi(self) -> bytes:
        """The OpenAPI document, made when first asked for."""
        return document(self.routes)

    @cached_property
    def asyncapi(self) -> bytes:
        """The AsyncAPI document of the channels, made when first asked for."""
        return channels_document(UserSocket.channels)

"""What stands between this node and the world: Valkey, TLS, origins, secrets."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import redis.asyncio
from redis.exceptions import RedisError

from cgraph.settings import Settings

from .finding import Finding, fail, ok, warn

PATIENCE = 3.0
"""Seconds Valkey gets to answer."""
_LOCAL = {"", "localhost", "127.0.0.1", "::1"}


async def valkey(settings: Settings) -> Finding:
    """Reachable, where it is set."""
    if settings.valkey_url is None:
        return ok("valkey", "not set: this node is alone")
    try:
        async with asyncio.timeout(PATIENCE):
            facts = await _facts(settings.valkey_url)
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        return fail("valkey", f"does not answer: {reason}", "start it, or correct VALKEY_URL")
    return ok("valkey", f"version {facts.get('valkey_version') or facts.get('redis_version')}")


async def _facts(url: str) -> Mapping[str, Any]:
    async with redis.asyncio.Redis.from_url(url) as client:
        facts: Mapping[str, Any] = await client.info("server")
        return facts


def production(settings: Settings) -> Iterator[Finding]:
    """What is harmless on a developer's machine only."""
    if settings.env != "prod":
        return
    if not settings.base_url.startswith("https:"):
        yield warn("tls", f"links say {settings.base_url}", "set CGRAPH_PUBLIC_URL to https://…")
    else:
        yield ok("tls", f"{settings.base_url}: a proxy in front must end TLS, this node does not")
    if not settings.trusted_proxies:
        advice = "set CGRAPH_TRUSTED_PROXIES to the proxy's network"
        yield warn("proxy", "everybody seems to come from one address", advice)
    yield from _database_tls(settings.database_url or "")
    yield from _origins(settings)
    yield from _secrets(settings)


def _database_tls(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    remote = (parts.hostname or "") not in _LOCAL
    if remote and query.get("sslmode", ["prefer"])[0] in {"disable", "allow", "prefer"}:
        advice = "add ?sslmode=verify-full (or require) to DATABASE_URL"
        yield warn("database tls", f"{parts.hostname} may be spoken to in clear", advice)


def _origins(settings: Settings) -> Iterator[Finding]:
    if settings.check_origin is False:
        advice = "set CGRAPH_CHECK_ORIGIN to true, or to a list of your origins"
        yield warn("origins", "pages of any site may connect", advice)
    if "*" in settings.cors_origins:
        yield warn("origins", "pages of any site may call the API", "list CGRAPH_CORS_ORIGINS")


def _secrets(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key_base == settings.jwt_secret:
        advice = "make JWT_SECRET anew: openssl rand -base64 48"
        yield warn("secrets", "SECRET_KEY_BASE and JWT_SECRET are the same", advice)

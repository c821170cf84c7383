"""What proves who somebody is: keys, hasher, limits and the tokens verified lately, in one object per process."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph.settings import Settings
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unauthorized
from cgraph_kit.limiter import Limiter

from .access import AccessTokens, Claims, Keys
from .errors import InvalidToken, SessionEnded
from .hashing import Hasher
from .issuer import Issuer
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .pair import Standing, standing, use_pair
from .user import Actor
from .verified import RefusedPairs, VerifiedTokens

SEEN_EVERY = timedelta(minutes=10)
"""How exact a session's `last_seen_at` is."""


class Auth:
    """Built once by the application and handed to whatever signs people in or asks who they are.

    It must be told what happens, here and on other nodes (`nodes`), and be closed.
    """

    def __init__(
        self,
        *,
        keys: Keys,
        issuer: str,
        limiter: Limiter,
        hasher: Hasher | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.keys = keys
        self.limiter = limiter
        self.limits = limits
        self.hasher = hasher or Hasher()
        self.access = AccessTokens(keys, issuer=issuer, seconds=limits.access_token_seconds)
        self.issuer = Issuer(keys, self.access, limits)
        self.verified = VerifiedTokens()
        self.refused = RefusedPairs()

    @classmethod
    def from_settings(cls, settings: Settings, *, jwt_secret: str, limiter: Limiter) -> "Auth":
        """As the operator wants it; `jwt_secret` is the setting, or what this node made for itself in development."""
        old = {id: secret.get_secret_value() for id, secret in settings.jwt_old_secrets.items()}
        return cls(
            keys=Keys(settings.jwt_key_id, old | {settings.jwt_key_id: jwt_secret}),
            issuer=settings.phx_host,
            limiter=limiter,
            hasher=Hasher(
                time_cost=settings.argon2_time_cost,
                memory_kib=settings.argon2_memory_kib,
                threads=settings.argon2_threads,
            ),
            limits=limits_of(settings),
        )

    def close(self) -> None:
        self.hasher.close()

    async def authenticate(self, db: Repo, token: str) -> Actor:
        """Who an access token stands for. Raises `InvalidToken`, `TokenExpired` or `SessionEnded`.

        The database is asked once a minute per token and process (of one it refuses, every ten seconds); a revocation received since counts at once. Who
        keeps an actor for longer than a request (a socket) registers first and authenticates again after that: a
        revocation that fell between is then noticed.
        """
        now = clock.now()
        actor = self.verified.get(token, now)
        if actor is not None:
            return actor
        claims = self.access.read(token, now)
        drops = self.verified.drops
        self.refused.check(claims.pid, now, drops)
        try:
            actor = await self._check(db, claims, now)
        except Unauthorized as error:
            self.refused.put(claims.pid, error, now, drops)
            raise
        self.verified.put(token, actor, expires=claims.exp, now=now, drops=drops)
        return actor

    async def _check(self, db: Repo, claims: Claims, now: datetime) -> Actor:
        """The claims against the database. The first use of a waiting pair puts it in use."""
        found = await db.first(_Found, _FIND, claims.sid, claims.pid, claims.sub)
        if found is None:
            raise InvalidToken
        if found.ended or found.expires_at <= now:
            raise SessionEnded
        if not found.used:
            await self._use(db, claims, found, now)
        elif found.last_seen_at < now - SEEN_EVERY:
            await db.value(_SEEN, claims.sid, now)
        return Actor(
            found.id,
            found.session_id,
            found.username,
            found.display_name,
            found.avatar_url,
            found.user_id,
            found.admin,
        )

    async def _use(self, db: Repo, claims: Claims, found: "_Found", now: datetime) -> None:
        waiting = standing(claims.pid, found.parent_id, found.in_use) is Standing.WAITING
        if not waiting or found.parent_id is None:
            raise InvalidToken
        access = timedelta(seconds=self.access.seconds)
        if await use_pair(db, claims.sid, claims.pid, found.parent_id, now=now, access=access):
            return
        # Somebody was faster: with this very pair (another request of the same client), or with a rival.
        again = await db.first(_Found, _FIND, claims.sid, claims.pid, claims.sub)
        if again is not None and again.ended:
            raise SessionEnded
        if again is None or not again.used:
            raise InvalidToken


class _Found(msgspec.Struct, frozen=True):
    """A pair with its session and its person."""

    id: UUID
    session_id: UUID
    username: str
    display_name: str | None
    avatar_url: str | None
    user_id: int
    admin: bool
    ended: bool
    expires_at: datetime
    last_seen_at: datetime
    in_use: UUID
    parent_id: UUID | None
    used: bool


_FIND = """
SELECT u.id, s.id, u.username, u.display_name, u.avatar_url, u.user_id, u.admin,
       s.revoked_at IS NOT NULL OR u.state <> 'active', s.expires_at, s.last_seen_at,
       s.pair_id, p.parent_id, coalesce(p.used_at IS NOT NULL, false)
FROM sessions s
JOIN users u ON u.id = s.user_id
LEFT JOIN token_pairs p ON p.id = $2 AND p.session_id = s.id
WHERE s.id = $1 AND s.user_id = $3
"""
_SEEN = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2"

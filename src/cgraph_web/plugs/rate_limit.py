"""Rate limits: counted before anything is read, told in headers whatever the answer is."""

from time import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cgraph.settings import Settings, SettingsError, variable
from cgraph_kit.errors import RateLimited, Unavailable
from cgraph_kit.limiter import Away, Decision, Limit, Limiter, MemoryLimiter, address_key
from cgraph_web.action import Route
from cgraph_web.exchange import Exchange
from cgraph_web.limits import (
    API,
    BY_ACCOUNTS,
    EVENTS,
    PHX_JOIN,
    ROUTES,
    Scope,
    scope_of,
    scope_of_event,
)
from cgraph_web.response import Header

from .doors import Doors

if TYPE_CHECKING:
    from cgraph.application import App

PREFIX = "x-ratelimit-"


class Meter:
    """What counts one operation. Repeats are counted by `repeats`, where that is not itself."""

    __slots__ = ("_limiter", "_repeats", "_shown", "limit")

    def __init__(
        self, limiter: Limiter, limit: Limit, *, shown: bool, repeats: "Meter | None" = None
    ) -> None:
        self.limit = limit
        self._limiter = limiter
        self._repeats = repeats
        self._shown = Headers(limit) if shown else None

    async def spend(self, key: str) -> None:
        """Take one. Raises `RateLimited`, or `Unavailable` where nobody can count and nobody may go uncounted."""
        decision = await self._limiter.check(key, self.limit)
        if not decision.allowed:
            raise RateLimited(retry_after=decision.retry_after, scope=self.limit.name)

    async def repeat(self, key: str) -> None:
        """Give one back, for the same had been done before; asking again is a request like others. Raises likewise."""
        if self._repeats is not None:
            await self._limiter.check(key, self.limit, -1)
            await self._repeats.spend(key)

    async def charge(self, exchange: Exchange) -> None:
        """`spend` for a request, whose answer will tell."""
        key = exchange.caller
        decision = await self._limiter.check(key, self.limit)
        if self._shown is not None:
            exchange.limit_headers = self._shown(key, decision)
        if not decision.allowed:
            raise RateLimited(retry_after=decision.retry_after, scope=self.limit.name)

    async def charge_repeat(self, exchange: Exchange) -> None:
        """`repeat` for a request, whose answer will tell."""
        if self._repeats is not None:
            decision = await self._limiter.check(exchange.caller, self.limit, -1)
            await self._repeats.charge(exchange)
            if self._shown is not None:
                exchange.limit_headers = self._shown(exchange.caller, decision)


class Headers:
    """A decision as headers of one limit."""

    __slots__ = ("_by_address", "_by_user", "_limit")

    def __init__(self, limit: Limit) -> None:
        self._limit = _header("limit", str(limit.count))
        scope = _header("scope", limit.name)
        self._by_user = (_header("bucket", f"{limit.name}:user"), scope)
        self._by_address = (_header("bucket", f"{limit.name}:address"), scope)

    def __call__(self, key: str, decision: Decision) -> list[Header]:
        after = decision.reset_after
        return [
            self._limit,
            (b"x-ratelimit-remaining", b"%d" % decision.remaining),
            (b"x-ratelimit-reset", b"%.3f" % (time() + after)),
            (b"x-ratelimit-reset-after", b"%.3f" % after),
            *(self._by_user if key.startswith("user:") else self._by_address),
        ]


class RateLimits:
    """The meters of one application. Raises `SettingsError` for overrides of what does not exist."""

    def __init__(self, app: "App") -> None:
        settings = app.settings
        self.doors = Doors(app)
        self.local = MemoryLimiter()
        """For what this process alone keeps apart."""
        self._app = app
        self._on = settings.rate_limits != "off"
        self._shown = settings.rate_limits == "on"
        self._settings = settings
        check_overrides(settings)
        self._factor = settings.admin_limit_factor
        self._meters: dict[tuple[str, Away, bool], Meter] = {}
        self._events = {admin: self._event_meters(admin=admin) for admin in (False, True)}
        self._other_event = self._meter(API, "", Away.LOCAL)
        self.strangers = self._meter(API, "", Away.LOCAL)
        """Counts those whose token is none, by address."""
        self.connects = self._meter(Scope.CONNECT, "", Away.OPEN)

    def of_route(self, route: Route, *, admin: bool = False) -> Meter | None:
        """None where nobody is limited, or accounts do the counting. `admin`: for administrators."""
        scope = scope_of(route)
        if scope in BY_ACCOUNTS:
            return None
        away = Away.OPEN if route.method == "GET" else Away.LOCAL
        return self._meter(scope, route.action.name, away, admin=admin)

    def of_event(self, topic: str, event: str, *, admin: bool = False) -> Meter | None:
        """Of a channel's topic, and what a client says there. `admin`: for administrators."""
        return self._events[admin].get(topic, {}).get(event, self._other_event)

    async def refused(self, address: str) -> None:
        """A socket's token was none: counted as a request with such a token is. Raises `RateLimited`."""
        await self.doors.note(address)
        if self.strangers is not None:
            await self.strangers.spend(address_key(address))

    def counted_by_accounts(self, route: Route) -> Scope | None:
        """The scope of a route whose attempts accounts count, if its answers are to show it."""
        scope = scope_of(route)
        return scope if scope in BY_ACCOUNTS and self._shown else None

    async def show(self, scope: Scope, exchange: Exchange, refusal: RateLimited | None) -> None:
        """Tell how many attempts this address has left; none, if it is the account that has none."""
        limits = self._app.auth.limits
        limit = limits.reset_address if scope is Scope.RESET else getattr(limits, scope)
        try:
            left = await self._app.limiter.check(address_key(exchange.client), limit, 0)
        except Unavailable:
            return
        if refusal is not None:
            left = Decision(
                False, 0, refusal.retry_after, max(refusal.retry_after, left.reset_after)
            )
        exchange.limit_headers = Headers(limit)("address:", left)

    def _event_meters(self, *, admin: bool) -> dict[str, dict[str, Meter | None]]:
        return {
            topic: {
                event: self._meter(
                    scope_of_event(topic, event),
                    _event_name(topic, event),
                    Away.LOCAL,
                    admin=admin,
                )
                for event in events
            }
            for topic, events in EVENTS.items()
        }

    def _meter(
        self, scope: Scope | None, name: str, away: Away, *, admin: bool = False
    ) -> Meter | None:
        """The meter of an operation; `name` may be overridden."""
        if scope is None or not self._on or (admin and not self._factor):
            return None
        counted = name if name in self._settings.rate_limit_overrides else scope
        key = counted, away, admin
        if key not in self._meters:  # operations that are counted together share one
            self._meters[key] = self._new_meter(counted, away, admin=admin)
        return self._meters[key]

    def _new_meter(self, counted: str, away: Away, *, admin: bool) -> Meter:
        """`counted`: a scope, or the name of an operation that has a limit of its own."""
        settings = self._settings
        rate = settings.rate_limit_overrides.get(counted)
        if rate is None:
            rate = getattr(settings, f"rate_limit_{counted}")
        limit = Limit.parse(counted, rate, away)
        if admin:
            limit = replace(limit, count=limit.count * self._factor)
        repeats = None if limit.name == API else self._meter(API, "", away, admin=admin)
        return Meter(self._app.limiter, limit, shown=self._shown, repeats=repeats)


def _header(name: str, value: str) -> Header:
    return (PREFIX + name).encode(), value.encode()


def _event_name(topic: str, event: str) -> str:
    """What an override calls an event: "conversation.react", "user.join"."""
    return f"{topic.removesuffix(':*')}.{'join' if event == PHX_JOIN else event}"


def check_overrides(settings: Settings) -> None:
    """Raises `SettingsError` for limits of what does not exist."""
    known = {name for name, scope in ROUTES.items() if scope not in {None, *BY_ACCOUNTS}}
    known |= {_event_name(topic, event) for topic, events in EVENTS.items() for event in events}
    unknown = sorted(set(settings.rate_limit_overrides) - known)
    if unknown:
        names = ", ".join(unknown)
        raise SettingsError(
            f"{variable('rate_limit_overrides')}: nothing limited is called {names}"
        )

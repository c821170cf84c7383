"""One route, ready to answer: who asks, what they ask, the action, and its answer as bytes."""

from collections.abc import Mapping
from typing import Any

from cgraph.accounts import TokenExpired, is_admin
from cgraph_kit.db import Repo
from cgraph_kit.errors import RateLimited, Unauthorized
from cgraph_kit.idempotency import request_hash

from .action import Route
from .binding import bind, body_parser, no_query, path_parser, query_parser
from .body import FORM, read_body
from .errors import NoRoute
from .exchange import Exchange
from .incoming import Incoming
from .limits import Scope
from .plugs.authenticate import bearer_token
from .plugs.caching import cached, private
from .plugs.idempotency import REPLAYED, answer_once, idempotency_key
from .response import JSON, Response, render
from .site import Site


class Endpoint:
    """A route bound to a running application."""

    def __init__(self, site: Site, route: Route) -> None:
        self._site = site
        self._app = site.app
        self._route = route
        self._action = route.action
        binding = bind(route)
        self._named = binding.named
        self._path = path_parser(binding.path) if binding.path else None
        self._query = (binding.query[0], query_parser(binding.query[1])) if binding.query else None
        parser: Any = query_parser if binding.form else body_parser
        self._body = (binding.body[0], parser(binding.body[1])) if binding.body else None
        self._media_type = FORM if binding.form else JSON
        self._keyed = route.keyed
        self._incoming = "incoming" in binding.named
        self._cacheable = (
            route.action.optional and route.method == "GET" and not route.action.binary
        )
        self._own_key = route.action.idempotency == "own"
        self._limits = site.limits
        self._meters = {admin: site.limits.of_route(route, admin=admin) for admin in (False, True)}
        self._by_accounts = site.limits.counted_by_accounts(route)

    async def __call__(
        self, exchange: Exchange, scope: Any, receive: Any, parameters: Mapping[str, str]
    ) -> Response:
        """The answer to a request for this route. Raises whatever goes wrong, `Error` or bug."""
        exchange.route = self._route.path
        actor = await self._authenticate(exchange) if self._asks(exchange) else None
        if self._by_accounts is not None:
            return await self._attempt(self._by_accounts, exchange, scope, receive, parameters)
        meter = self._meters[exchange.admin]
        if meter is not None:
            await meter.charge(exchange)
        response = await self._answer(exchange, scope, receive, parameters, actor)
        if self._cacheable:
            return cached(response, exchange) if actor is None else private(response)
        if meter is not None and REPLAYED in response.headers:
            await meter.charge_repeat(exchange)
        return response

    async def _attempt(
        self,
        counted: Scope,
        exchange: Exchange,
        scope: Any,
        receive: Any,
        parameters: Mapping[str, str],
    ) -> Response:
        """`_answer`, and afterwards a look at what accounts have counted."""
        refusal = None
        try:
            return await self._answer(exchange, scope, receive, parameters, None)
        except RateLimited as error:
            refusal = error
            raise
        finally:
            await self._limits.show(counted, exchange, refusal)

    async def _answer(
        self,
        exchange: Exchange,
        scope: Any,
        receive: Any,
        parameters: Mapping[str, str],
        actor: Any,
    ) -> Response:
        if self._action.admin and not await is_admin(self._app.db, actor):
            raise NoRoute
        arguments = self._path(parameters) if self._path else {}
        if self._query:
            arguments[self._query[0]] = self._query[1](scope["query_string"])
        elif scope["query_string"]:
            no_query(scope["query_string"])
        body = b""
        if self._body:
            body = await self._read(receive, exchange)
            arguments[self._body[0]] = self._body[1](body)
        if self._incoming:
            seconds = self._app.settings.body_timeout
            arguments["incoming"] = Incoming(receive, exchange.headers, seconds=seconds)
        key = idempotency_key(exchange.headers) if self._keyed else None
        if key is None or self._own_key or actor is None:
            return await self._call(self._app.db, actor, exchange, key, arguments)
        return await answer_once(
            self._app.db,
            actor.id,
            key,
            request_hash(
                scope["method"].encode(), scope["path"].encode(), scope["query_string"], body
            ),
            lambda tx: self._call(tx, actor, exchange, key, arguments),
        )

    async def _call(
        self, db: Repo, actor: Any, exchange: Exchange, key: str | None, arguments: dict[str, Any]
    ) -> Response:
        for name in self._named:
            match name:
                case "db":
                    arguments["db"] = db
                case "actor":
                    arguments["actor"] = actor
                case "app":
                    arguments["app"] = self._app
                case "site":
                    arguments["site"] = self._site
                case "exchange":
                    arguments["exchange"] = exchange
                case "incoming":  # it is there: only the request has it
                    pass
                case _:
                    arguments["idempotency_key"] = key
        return render(await self._action.fn(**arguments), self._action.status)

    def _asks(self, exchange: Exchange) -> bool:
        """Whether it must be known who asks: where a token is demanded, and where one is shown."""
        action = self._action
        return not action.public or (action.optional and b"authorization" in exchange.headers)

    async def _authenticate(self, exchange: Exchange) -> Any:
        try:
            token = bearer_token(exchange.headers)
            actor = await self._app.auth.authenticate(self._app.db, token)
        except TokenExpired:  # once one of ours: its owner must learn that it is time to refresh
            raise
        except Unauthorized:
            if self._limits.strangers is not None:
                await self._limits.strangers.charge(exchange)
            raise
        exchange.user_id = exchange.about["user_id"] = str(actor.id)
        exchange.admin = actor.admin
        return actor

    async def _read(self, receive: Any, exchange: Exchange) -> bytes:
        settings = self._app.settings
        return await read_body(
            receive,
            exchange.headers,
            media_type=self._media_type,
            limit=settings.body_max,
            seconds=settings.body_timeout,
        )

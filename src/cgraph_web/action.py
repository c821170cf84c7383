"""How a handler is written: a plain async function, and beside it what the outside may know about it.

    @action(status=201, errors=(messaging.Blocked,))
    async def create(
        db: Repo, actor: Actor, conversation_id: UUID, new: Body[NewMessage]
    ) -> Data[MessageView]:
        \"\"\"Say something in a conversation.\"\"\"

Parameters are found by name (`db`, `actor`, `app`, `site`, `exchange`, `incoming`, `idempotency_key`, and those of the path) or by marker
(`Body[T]`, `Query[T]`, `Form[T]`, where T is an `Input` struct). The docstring is the operation's documentation: its first line the
summary, the rest the description.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from cgraph_kit.errors import Error

T = TypeVar("T")

Idempotency = Literal["transaction", "own", "none"]


class BodyMarker:
    """Marks the parameter that is the decoded JSON body."""


class QueryMarker:
    """Marks the parameter that is the decoded query string."""


class FormMarker:
    """Marks the parameter that is the decoded form a browser sends from a page of ours."""


Body = Annotated[T, BodyMarker()]
Form = Annotated[T, FormMarker()]
Query = Annotated[T, QueryMarker()]


@dataclass(frozen=True)
class Action:
    """A handler and its contract."""

    fn: Callable[..., Awaitable[Any]]
    status: int
    errors: Sequence[type[Error]]
    public: bool
    """Answers without a token. Everything else demands one."""
    admin: bool
    """For administrators; to everybody else there is nothing at this address."""
    idempotency: Idempotency
    """For writes with an Idempotency-Key: "transaction" runs the handler inside one that keeps its answer; "own" hands
    the key to the handler as `idempotency_key`."""
    returns: Any
    """The type of the answer, where the annotation does not say it (the handler returns ready bytes)."""
    also: Sequence[int]
    """Other statuses the answer may have, with the same body (by `Reply`)."""
    example: Any
    """A body for the OpenAPI document, where the one made up from the fields would be refused."""
    hidden: bool
    """Left out of the OpenAPI document."""
    binary: bool
    """Answers with bytes of any type, which it says itself how long to keep."""

    @cached_property
    def optional(self) -> bool:
        """Public, but whoever shows a token is answered as themselves: the handler's `actor` may be None."""
        return self.public and "actor" in inspect.signature(self.fn).parameters

    @property
    def name(self) -> str:
        """`module.function`: the operation id."""
        return f"{self.fn.__module__.rpartition('.')[2]}.{self.fn.__name__}"

    @property
    def tag(self) -> str:
        return self.fn.__module__.rpartition(".")[2]

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.fn) or "").partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        return (inspect.getdoc(self.fn) or "").partition("\n")[2].strip()


def action(
    *,
    status: int = 200,
    errors: Sequence[type[Error]] = (),
    public: bool = False,
    admin: bool = False,
    idempotency: Idempotency = "transaction",
    returns: Any = None,
    also: Sequence[int] = (),
    example: Any = None,
    hidden: bool = False,
    binary: bool = False,
) -> Callable[[Callable[..., Awaitable[Any]]], Action]:
    """Make a handler of a function. A token is demanded unless it is `public`.

    A public one that takes an `actor: Actor | None` knows whoever shows a token; its answers to the others may be kept (see
    `plugs.caching`).
    """

    def make(fn: Callable[..., Awaitable[Any]]) -> Action:
        return Action(
            fn,
            status,
            tuple(errors),
            public,
            admin,
            idempotency,
            returns,
            also,
            example,
            hidden,
            binary,
        )

    return make


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Where an action is found. A route equals itself alone."""

    method: str
    path: str
    """With `{name}` for each parameter."""
    action: Action

    @property
    def keyed(self) -> bool:
        """Whether it takes an Idempotency-Key: a write by somebody, for keys are kept per person."""
        action = self.action
        return self.method != "GET" and not action.public and action.idempotency != "none"


def get(path: str, action: Action) -> Route:
    return Route("GET", path, action)


def post(path: str, action: Action) -> Route:
    return Route("POST", path, action)


def put(path: str, action: Action) -> Route:
    return Route("PUT", path, action)


def patch(path: str, action: Action) -> Route:
    return Route("PATCH", path, action)


def delete(path: str, action: Action) -> Route:
    return Route("DELETE", path, action)


def under(prefix: str, *routes: Route) -> tuple[Route, ...]:
    """The routes with a common prefix."""
    return tuple(Route(route.method, prefix + route.path, route.action) for route in routes)

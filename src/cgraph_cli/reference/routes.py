"""docs/reference/routes.md: every REST route, every channel and its events."""

import inspect
from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec

from cgraph_kit.channels import Channel
from cgraph_web.router import table
from cgraph_web.socket import UserSocket

_INTRODUCTION = """# Routes and channel events

`cgraph routes` prints the same. Routes take a bearer token unless they are public; bodies, answers and errors are in
the OpenAPI document (`/api/openapi.json`, rendered at `/api/docs`).
"""
_CHANNELS = """
## Channels

Over the socket at `/socket` (`/socket/websocket` and `/socket/longpoll` on the wire). `in`: what a client may push.
`out`: what it is told; those with a number are durable, and replayed after an interruption.
"""


class Route(msgspec.Struct, frozen=True):
    """One REST route."""

    method: str
    path: str
    public: bool
    summary: str


class Event(msgspec.Struct, frozen=True):
    """Something that goes over a channel; `way`: `join`, `in` or `out`."""

    topic: str
    way: str
    event: str
    payload: str
    summary: str


def routes() -> list[Route]:
    """Every route, in the router's order."""
    return [Route(method, path, public, doc) for method, path, _, public, doc in table()]


def events() -> list[Event]:
    """Every event of every channel: what joins, what comes in, what goes out."""
    return [event for channel in UserSocket.channels for event in _of(channel)]


def text() -> str:
    """The page."""
    rest = [
        f"| {route.method} | `{route.path}` | {'public' if route.public else ''} | {route.summary} |"
        for route in routes()
    ]
    live = [
        f"| `{e.topic}` | {e.way} | `{e.event}` | {f'`{e.payload}`' if e.payload else ''} | {e.summary} |"
        for e in events()
    ]
    return "\n".join(
        [
            _INTRODUCTION,
            *("| method | path | | what it does |", "|---|---|---|---|", *rest),
            _CHANNELS,
            *("| topic | way | event | payload | what it is |", "|---|---|---|---|---|", *live),
            "",
        ]
    )


def _of(channel: type[Channel]) -> Iterator[Event]:
    yield Event(channel.topic, "join", "phx_join", _payload(channel.join, 2), _first_line(channel))
    for name, handler in channel.handlers.items():
        method = getattr(channel, handler.name)
        yield Event(channel.topic, "in", name, _payload(method, 1), _first_line(method))
    for push in channel.pushes:
        when = push.when.__name__
        summary = _first_line(push.function) or _first_line(push.when)
        yield Event(channel.topic, "out", push.event, when, summary)


def _payload(method: Any, position: int) -> str:
    """The name of the type a method takes at this position, self not counted."""
    names = list(inspect.signature(method).parameters)[1:]
    if len(names) < position:
        return ""
    kind = get_type_hints(method).get(names[position - 1])
    return str(getattr(kind, "__name__", "")) if kind is not Any else ""


def _first_line(documented: Any) -> str:
    """Of its own docstring, not of one it inherits."""
    own = vars(documented).get("__doc__") if isinstance(documented, type) else documented.__doc__
    return inspect.cleandoc(own or "").partition("\n\n")[0].replace("\n", " ").rstrip(".")

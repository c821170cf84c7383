"""`cgraph routes`."""

from rich.table import Table

from .output import console
from .reference import routes as reference


async def routes() -> None:
    """List every REST route and every event of every channel.

    Examples:

    `cgraph routes`

    `cgraph routes | grep conversations`
    """
    screen = console()
    rest = Table("method", "path", "", "what it does", box=None, pad_edge=False)
    for route in reference.routes():
        rest.add_row(route.method, route.path, "public" if route.public else "", route.summary)
    screen.print(rest)
    screen.print()
    live = Table("topic", "way", "event", "payload", "what it is", box=None, pad_edge=False)
    for event in reference.events():
        live.add_row(event.topic, event.way, event.event, event.payload, event.summary)
    screen.print(live)

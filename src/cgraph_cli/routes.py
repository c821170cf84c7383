"""`cgraph routes`."""

from .output import lines, say
from .reference import routes as reference


async def command() -> None:
    """List every REST route and every event of every channel.

    For example:

    - `cgraph routes`
    - `cgraph routes | grep conversations`
    """
    rest = [
        (route.method, route.path, "public" if route.public else "", route.summary)
        for route in reference.routes()
    ]
    live = [
        (event.topic, event.way, event.event, event.payload, event.summary)
        for event in reference.events()
    ]
    say(lines([("method", "path", "", "what it does"), *rest]))
    say("")
    say(lines([("topic", "way", "event", "payload", "what it is"), *live]))

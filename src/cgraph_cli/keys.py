"""`cgraph keys`: vapid."""

from cyclopts import App

from cgraph_kit.push import VapidKeys

from .output import say

command = App(
    name="keys",
    help="""
    Make keys, as settings.

    Nothing is kept; what is printed goes into the environment.

    For example:

    - `cgraph keys vapid >> .env`
    """,
    help_format="markdown",
)


@command.command
async def vapid() -> None:
    """Make the key pair with which this server is known to browsers' push services.

    All nodes have the same one, for good: a browser that subscribed with another gets nothing until it subscribes again.

    For example:

    - `cgraph keys vapid >> .env`
    """
    keys = VapidKeys.make()
    say("# Web Push; browsers are given the public half by GET /api/v1/push/vapid-key:")
    say(f"# {keys.public}")
    say(f"CGRAPH_VAPID_PRIVATE_KEY={keys.private}")

"""`cgraph work`."""

import asyncio
import socket
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cgraph import configuration
from cgraph.application import check_queues
from cgraph.settings import Settings
from cgraph_kit import logging
from cgraph_web.server import PortTaken, bound
from cgraph_web.watching import watched

from .node import application
from .output import Failure, complain, say
from .signals import stopped_by_signals


async def command(
    *,
    queues: Annotated[str | None, Parameter(alias="-q")] = None,
    data_dir: Path | None = None,
) -> None:
    """Do jobs until told to stop, and serve nobody.

    For machines that shall do what others only enqueue: give those `CGRAPH_QUEUES={}`. Any number may work at the same
    database; each job is done by one. Ctrl-C or SIGTERM stops taking jobs and lets those under way finish for
    CGRAPH_JOB_GRACE_SECONDS; the others go back. Being killed loses nothing: other nodes take up what was being done.

    With CGRAPH_WORK_METRICS_PORT it answers /metrics, /health and /ready there, at CGRAPH_HOST.

    For example:

    - `cgraph work`
    - `cgraph work --queues mail,push=50`
    - `DATABASE_URL=postgresql://… VALKEY_URL=redis://… cgraph work --queues default=20`

    Parameters
    ----------
    queues
        Which queues, and how many jobs of each at a time; without a number as in CGRAPH_QUEUES. All of those, if not
        given.
    data_dir
        Where everything is kept, instead of CGRAPH_DATA_DIR.
    """
    given: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    settings = configuration.read(**given)
    chosen = chosen_queues(queues, settings)
    logging.configure(settings.log_level, settings.log_format)
    stopping = asyncio.Event()
    with stopped_by_signals(stopping), _port(settings) as listener:
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(
                application(settings, queues=chosen, report=complain)
            )
            served = ", ".join(f"{name} ({count})" for name, count in chosen.items())
            say(f"The node {app.jobs.node} works at {served}. Ctrl-C stops it.")
            if listener is not None:
                listening = await stack.enter_async_context(watched(app, listener))
                say(f"Its metrics are at {listening.address}/metrics.")
            await stopping.wait()


def _port(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    """Where the process is watched, if anywhere. Raises `Failure` where somebody listens there."""
    if settings.work_metrics_port is None:
        return nullcontext()
    try:
        return bound(settings.host, settings.work_metrics_port)
    except PortTaken as error:
        raise Failure(f"cgraph: {error}: set another CGRAPH_WORK_METRICS_PORT") from None


def chosen_queues(asked: str | None, settings: Settings) -> dict[str, int]:
    """`mail,push=50` as a mapping. Raises `Failure` for what is none."""
    if asked is None:
        if not settings.queues:
            raise Failure("cgraph: CGRAPH_QUEUES names no queue: give --queues")
        return settings.queues
    chosen = {}
    for part in filter(None, (each.strip() for each in asked.split(","))):
        name, _, number = part.partition("=")
        chosen[name] = _number(part, number) if number else settings.queues.get(name, 10)
    if not chosen:
        raise Failure("cgraph: --queues names no queue")
    try:
        check_queues(chosen)
    except ValueError as error:
        raise Failure(f"cgraph: {error}") from None
    return chosen


def _number(part: str, text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise Failure(f"cgraph: {part}: how many at a time is a number above 0")
    return int(text)

"""`cgraph work`."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cgraph import settings as configuration
from cgraph.settings import Settings
from cgraph_kit import logging

from .node import application
from .output import Failure, complain, say
from .signals import stopped_by_signals


async def command(
    *,
    queues: Annotated[str | None, Parameter(alias="-q")] = None,
    data_dir: Path | None = None,
) -> None:
    """Do jobs until told to stop, and serve nothing.

    For machines that shall do what others only enqueue: give those `CGRAPH_QUEUES={}`. Any number may work at the same
    database; each job is done by one. Ctrl-C or SIGTERM stops taking jobs and lets those under way finish for
    CGRAPH_JOB_GRACE_SECONDS; the others go back. Being killed loses nothing: other nodes take up what was being done.

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
    with stopped_by_signals(stopping):
        async with application(settings, queues=chosen, report=complain) as app:
            served = ", ".join(f"{name} ({count})" for name, count in chosen.items())
            say(f"The node {app.jobs.node} works at {served}. Ctrl-C stops it.")
            await stopping.wait()


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
    return chosen


def _number(part: str, text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise Failure(f"cgraph: {part}: how many at a time is a number above 0")
    return int(text)

"""Ctrl-C and SIGTERM, for commands that run until they are told to stop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(stopping: asyncio.Event) -> Iterator[None]:
    """They set it, however often they come."""
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)


def finish_undisturbed() -> None:
    """From here on they do nothing: what is left takes a moment, and interrupting it would save none."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)

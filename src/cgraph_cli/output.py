"""What commands print: results on standard output, everything else on standard error."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

PIPED_WIDTH = 120
"""Columns of tables that go to a file or a pipe."""
EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal."""

Report = Callable[[int, int | None, str], None]
"""Tell how far something is: done, of how many in all (None: not known), and what to say about it."""


class Failure(Exception):
    """Why a command could not do its work: printed as it is, without a traceback."""

    def __init__(self, message: str, code: int = 1) -> None:
        self.message = message
        self.code = code
        """The command's exit status."""
        super().__init__(message)


def console(*, stderr: bool = False) -> Console:
    """Where to print. Made anew each time: what the streams are may change under tests and pagers."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=width is None)


def say(text: str) -> None:
    """Text for people, as it is."""
    print(text, flush=True)


def lines(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, each on one line however long: for `grep`."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(row.rstrip() for row in padded)


def complain(text: str) -> None:
    """Text about something that went wrong."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """A bar on a terminal; elsewhere a line every few seconds, and none for what is done sooner."""
    if sys.stderr.isatty():
        with _bar(what) as report:
            yield report
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, note="")

        def report(done: int, total: int | None, note: str) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield report


def _lines(what: str) -> Report:
    last = time.monotonic()

    def report(done: int, total: int | None, note: str) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            share = f" {done / total:.0%}" if total else ""
            complain(f"{what}{share} {note}".rstrip())

    return report

"""`cgraph bench`."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table

from .measuring.figures import Figures, Result, machine
from .measuring.people import Town, town
from .measuring.server import throw_away
from .output import Report, console, progress, say

HALF = 0.5


async def command(
    *,
    seconds: Annotated[float, Parameter(alias="-s")] = 5.0,
    pairs: int = 20,
    json: Path | None = None,
) -> None:
    """Measure what this machine can carry.

    Starts a server of its own on an empty embedded database, in a process of its own, and removes both afterwards.
    Pairs of people register, connect and talk: first as fast as they are answered, then at half that rate, then they
    read pages of history. Server, database and people share this machine, so a server that has it for itself does
    better.

    For example:

    - `cgraph bench`
    - `cgraph bench --seconds 20 --pairs 100 --json capacity.json`

    Parameters
    ----------
    seconds
        How long each of the three measurements runs.
    pairs
        How many pairs of people.
    json
        Also write the figures to this file.
    """
    with progress("measuring") as report:
        async with (
            throw_away() as server,
            town(server, pairs, lambda n: report(n, 2 * pairs, "people arrive")) as people,
        ):
            results = await _measured(people, seconds, report)
    figures = Figures(machine(), seconds, pairs, results)
    _show(figures)
    if json is not None:
        _keep(figures, json)


async def _measured(people: Town, seconds: float, report: Report) -> list[Result]:
    report(4, 8, "as fast as they can")
    fast = await people.talk(seconds)
    report(5, 8, "at half the rate")
    paced = await people.pace(seconds, fast[0].per_second * HALF)
    report(7, 8, "reading")
    return [*fast, *paced, await people.read(seconds)]


def _keep(figures: Figures, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")


def _show(figures: Figures) -> None:
    m = figures.machine
    say(f"CGraph {m.cgraph} on Python {m.python}, {m.system}")
    say(f"{m.processor}, {m.cores} cores, {m.memory_gib} GiB; the clients share them")
    say(f"{figures.pairs} pairs of people, {figures.seconds:g} s each\n")
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in ("per second", "p50 ms", "p90 ms", "p99 ms", "longest ms", "server CPU µs"):
        table.add_column(name, justify="right")
    for result in figures.results:
        times = result.times
        table.add_row(
            result.what,
            f"{result.per_second:,.0f}",
            *(f"{value:,.1f}" for value in (times.p50, times.p90, times.p99, times.longest)),
            "" if result.cpu_us is None else f"{result.cpu_us:,.0f}",
        )
    console().print(table)

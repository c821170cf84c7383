"""What was measured, on what, in numbers and words."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from cgraph_cli.output import Failure


class Machine(msgspec.Struct, frozen=True):
    """What a figure is worth nothing without."""

    system: str
    processor: str
    cores: int
    memory_gib: float
    python: str
    cgraph: str


class Times(msgspec.Struct, frozen=True):
    """How long something took: how often it was done, and milliseconds."""

    count: int
    p50: float
    p90: float
    p99: float
    longest: float


class Result(msgspec.Struct, frozen=True):
    """One figure: how many per second, how long each took, and the server's CPU for each, where it can be told."""

    what: str
    per_second: float
    times: Times
    cpu_us: float | None
    """Microseconds of the server process; PostgreSQL's are not in it."""


class Figures(msgspec.Struct, frozen=True):
    """The whole report."""

    machine: Machine
    seconds: float
    """How long each measurement ran."""
    pairs: int
    results: list[Result]


def machine() -> Machine:
    """This one."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        memory_gib=round(pages / 2**30, 1),
        python=platform.python_version(),
        cgraph=version("cgraph"),
    )


class NothingMeasured(Failure):
    """So little time, or so slow a machine, that nothing happened once."""


def times(seconds: Sequence[float]) -> Times:
    """Percentiles. Raises `NothingMeasured` for no duration at all."""
    if not seconds:
        raise NothingMeasured("nothing was measured: give it more --seconds")
    ordered = sorted(second * 1000 for second in seconds)

    def share(of: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * of))], 2)

    return Times(len(ordered), share(0.5), share(0.9), share(0.99), round(ordered[-1], 2))


def cpu_seconds(pid: int) -> float | None:
    """CPU time a process has used; None where the system does not tell (only Linux does)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"

"""What every benchmark needs: the C programs, a pinned server process, its CPU time, and where results go."""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "bench"
RESULTS = HERE / "results"
SERVER_CORE, CLIENT_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")


def native(name: str) -> Path:
    """A C program of `native/`, compiled when its source is newer."""
    source, program = HERE / "native" / f"{name}.c", BUILD / name
    newest = max(file.stat().st_mtime for file in (source, *source.parent.glob("*.h")))
    if not program.exists() or program.stat().st_mtime < newest:
        BUILD.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", "-o", program, source], check=True)
    return program


def on_core(core: int, command: Sequence[object]) -> list[str]:
    """The command pinned to a core, so that client and server do not take each other's time."""
    return ["taskset", "-c", str(core), *map(str, command)]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in seconds, with the resolution of /proc/PID/schedstat."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident_kib(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


def free_port() -> int:
    """A port nobody listens on now."""
    import socket  # noqa: PLC0415 (one use)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def process(
    command: Sequence[object], *, core: int, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A pinned child that prints a line when it is ready, and is ended by its pid."""
    child = subprocess.Popen(
        on_core(core, command),
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
        env={**os.environ, **(env or {})},
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def limit(*options: str) -> Iterator[tuple[int, int]]:
    """The C limit server: (port, pid)."""
    port = free_port()
    with process([native("limit"), port, *options], core=SERVER_CORE) as child:
        wait_for(port)
        yield port, child.pid


@contextmanager
def channel_server(**settings: str) -> Iterator[tuple[int, int]]:
    """The engine alone with a channel that broadcasts what it gets, no database: (port, pid)."""
    port = free_port()
    command = [sys.executable, "-m", "bench.channel_server", port]
    with process(command, core=SERVER_CORE, env=settings) as child:
        wait_for(port)
        yield port, child.pid


def wait_for(port: int, seconds: float = 30) -> None:
    import socket  # noqa: PLC0415 (one use)

    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody listens on port {port}")
        time.sleep(0.05)


class Load:
    """One run of the load client; the server's CPU time is read between "ready" and "done"."""

    def __init__(
        self, port: int, pid: int | Sequence[int], mode: str | None, **options: object
    ) -> None:
        """`mode` of the channel client; None: the HTTP client."""
        pids = [pid] if isinstance(pid, int) else list(pid)
        read, write = os.pipe()
        settings = [f"{key}={value}" for key, value in options.items()]
        program = [native("load"), port, mode] if mode else [native("http"), port]
        command = on_core(CLIENT_CORE, [*program, *settings, f"go={read}"])
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[read])
        assert client.stdout
        before = [cpu_seconds(one) for one in pids] if mode == "presence" else []
        for line in client.stdout:
            word = line.strip()
            if word == "ready":
                self.memory_kib = resident_kib(pids[0])
                before = [cpu_seconds(one) for one in pids]
                os.write(write, b".")
            elif word == "done":
                self.cpu = [cpu_seconds(one) - was for one, was in zip(pids, before, strict=True)]
                """CPU seconds of each process in the measured part."""
                os.write(write, b".")
            else:
                self.result: dict[str, Any] = json.loads(line)
        if client.wait() != 0:
            raise RuntimeError("the load client gave up")
        os.close(read)
        os.close(write)


def medians(run: Callable[[], dict[str, float]], runs: int) -> dict[str, float]:
    """Each figure's median over some runs."""
    results = [run() for _ in range(runs)]
    return rounded({key: median(result[key] for result in results) for key in results[0]})


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """To four digits after the point."""
    return {key: round(value, 4) for key, value in figures.items()}


def report(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """Figures with what they were measured on."""
    return {
        "bench": name,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cpu": _cpu_model(),
            "cores": os.cpu_count(),
            "kernel": platform.release(),
            "python": platform.python_version(),
        },
        "versions": {
            package: version(package)
            for package in ("picows", "uvicorn", "uvloop", "asyncpg", "msgspec")
        },
        "figures": figures,
    }


def keep(name: str, result: dict[str, Any]) -> None:
    """Write a result where it is committed."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")


def _cpu_model() -> str:
    found = re.search(r"model name\s+: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.processor()

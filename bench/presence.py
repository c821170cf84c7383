"""1,000 people join one topic at once: until each of them sees all of them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import lab

PEOPLE = 1_000


def run(runs: int, quick: bool) -> dict[str, Any]:
    """Seconds from the first connect until everybody knows everybody; frames and bytes sent meanwhile."""

    def once() -> dict[str, float]:
        with TemporaryDirectory() as directory, lab.channel_server() as (port, pid):
            topics = Path(directory) / "topics"
            topics.write_text("crowd:1\n")
            load = lab.Load(port, pid, "presence", sockets=PEOPLE, seconds=30, topics=topics)
            return {
                "converged": load.result["converged"],
                "seconds": load.result["elapsed_s"],
                "frames": load.result["frames"],
                "megabytes": load.result["bytes"] / 1e6,
                "server_cpu_s": load.cpu[0],
            }

    return {"goal": "all in ≤ 2 s, ≤ 80 MB", "people": PEOPLE, **lab.medians(once, runs)}

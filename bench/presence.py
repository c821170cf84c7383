"""1,000 people join one topic at once: until each of them sees all of them.

All speak as browsers do: each joins with a ref of its own, so that no two get the same `presence_state`, and offers
permessage-deflate; or, for comparison, offers nothing. Bytes are what came over the sockets. The client inflates and
reads every frame of every socket, but counts the time at which the frame had come.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import lab

PEOPLE = 1_000


def _storm(deflate: int) -> dict[str, float]:
    with TemporaryDirectory() as directory, lab.channel_server() as (port, pid):
        topics = Path(directory) / "topics"
        topics.write_text("crowd:1\n")
        options = {"sockets": PEOPLE, "seconds": 30, "topics": topics, "refs": 1}
        load = lab.Load(port, pid, "presence", deflate=deflate, **options)
        return {
            "converged": load.result["converged"],
            "seconds": load.result["elapsed_s"],
            "frames": load.result["frames"],
            "compressed_frames": load.result["compressed"],
            "megabytes": load.result["bytes"] / 1e6,
            "server_cpu_s": load.cpu[0],
        }


def run(runs: int, quick: bool) -> dict[str, Any]:
    """Seconds from the first connect until everybody knows everybody; frames and bytes sent meanwhile."""

    def once() -> dict[str, float]:
        plain = _storm(deflate=0)
        return _storm(deflate=1) | {f"uncompressed_{key}": plain[key] for key in plain}

    return {"goal": "all in ≤ 2 s, ≤ 80 MB", "people": PEOPLE, **lab.medians(once, runs)}

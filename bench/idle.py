"""5,000 idle joined sockets: resident memory of the server per socket, and how fast they were let in."""

from typing import Any

from . import lab

SOCKETS = 5_000


def run(runs: int, quick: bool) -> dict[str, Any]:
    """KiB resident per socket (each has joined a topic of its own), sockets accepted and joined per second."""

    def once() -> dict[str, float]:
        with lab.channel_server() as (port, pid):
            before = lab.resident_kib(pid)
            load = lab.Load(port, pid, "idle", sockets=SOCKETS, seconds=2)
            return {
                "kib_per_socket": (load.memory_kib - before) / SOCKETS,
                "joined_per_second": SOCKETS / load.result["connect_s"],
                "idle_cpu_percent": load.cpu[0] / load.result["elapsed_s"] * 100,
            }

    return {"goal": "≤ 20 KiB per socket", "sockets": SOCKETS, **lab.medians(once, runs)}

"""500 two-person topics through the whole channel logic, without a database: server CPU per message against C."""

from typing import Any

from . import lab


def _cpu_per_message(server: Any, messages: int) -> float:
    with server as (port, pid):
        load = lab.Load(port, pid, "pairs", pairs=500, inflight=16, messages=messages)
        return load.cpu[0] / load.result["sent"] * 1e6


def run(runs: int, quick: bool) -> dict[str, Any]:
    """µs of server CPU per message: decode, validate, broadcast to two, reply."""
    messages = 5_000 if quick else 20_000

    def once() -> dict[str, float]:
        c = _cpu_per_message(lab.limit(), messages)
        ours = _cpu_per_message(lab.channel_server(), messages)
        return {"c_us": c, "cgraph_us": ours, "ratio": ours / c}

    return {"goal": "ratio ≤ 2.5", **lab.medians(once, runs)}

"""One topic, 1,000 subscribers, 200-byte payloads: server CPU per delivery against a C loop of send()."""

from typing import Any

from . import lab

SUBSCRIBERS = 1_000


def _cpu_per_delivery(server: Any, **options: object) -> float:
    with server as (port, pid):
        load = lab.Load(port, pid, "fanout", subscribers=SUBSCRIBERS, **options)
        return load.cpu[0] / load.result["deliveries"] * 1e6


def _latency() -> dict[str, float]:
    with lab.channel_server() as (port, pid):
        load = lab.Load(port, pid, "fanout", subscribers=SUBSCRIBERS, rate=20, seconds=5)
        return {key: load.result[key] for key in ("p50_ms", "p99_ms")}


def run(runs: int, quick: bool) -> dict[str, Any]:
    """µs of server CPU per delivery, alone and with 16 messages in flight; latency at 20 messages/s."""
    messages = 100 if quick else 300

    def once() -> dict[str, float]:
        c = _cpu_per_delivery(lab.limit(), messages=messages)
        ours = _cpu_per_delivery(lab.channel_server(), messages=messages)
        c16 = _cpu_per_delivery(lab.limit("-c"), messages=messages * 4, inflight=16)
        ours16 = _cpu_per_delivery(lab.channel_server(), messages=messages * 4, inflight=16)
        return {
            "c_us": c,
            "cgraph_us": ours,
            "ratio": ours / c,
            "c_coalescing_in_flight_16_us": c16,
            "cgraph_in_flight_16_us": ours16,
        } | _latency()

    return {"goal": "ratio ≤ 1.4; in flight 16 ≤ 1 µs", **lab.medians(once, runs)}

"""The real thing: `new_message` through `send_message` into PostgreSQL, broadcast to two and answered."""

from typing import Any

from . import lab
from .world import World, world

INFLIGHT = (1, 16, 64, 256)


def _send(here: World, inflight: int, messages: int) -> dict[str, float]:
    before = here.postgres_cpu()
    load = lab.Load(
        here.port,
        here.server,
        "pairs",
        pairs=len(here.conversations),
        inflight=inflight,
        messages=messages,
        tokens=here.tokens,
        topics=here.topics,
    )
    result = load.result
    assert not result["errors"], "some messages were refused"
    return {
        f"messages_per_second_{inflight}": result["sent"] / result["elapsed_s"],
        f"server_us_{inflight}": load.cpu[0] / result["sent"] * 1e6,
        f"postgres_us_{inflight}": (here.postgres_cpu() - before) / result["sent"] * 1e6,
        f"p50_ms_{inflight}": result["p50_ms"],
        f"p99_ms_{inflight}": result["p99_ms"],
    }


def run(runs: int, quick: bool) -> dict[str, Any]:
    """Messages per second and CPU of server and PostgreSQL per message, with 1, 16, 64 and 256 in flight."""
    messages = 3_000 if quick else 20_000
    with world() as here:
        _send(here, 64, 2_000)  # prepared statements, warm caches

        def once() -> dict[str, float]:
            figures: dict[str, float] = {}
            for inflight in INFLIGHT:
                figures |= _send(here, inflight, messages // 10 if inflight == 1 else messages)
            return figures

        goal = "≤ 170 µs server CPU per message, ≥ 6,000 messages/s"
        return {"goal": goal, "conversations": len(here.conversations), **lab.medians(once, runs)}
